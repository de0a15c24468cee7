//! The one version of all crates.

use semver::Version;

/// The version to release, when it may follow what is there.
///
/// # Errors
/// Why it may not.
pub(super) fn checked(wanted: &str, current: &str, tags: &str) -> Result<Version, String> {
    let version = Version::parse(wanted).map_err(|error| {
        format!("`{wanted}` is no version: {error}; write MAJOR.MINOR.PATCH, such as 0.2.0")
    })?;
    if !version.build.is_empty() {
        return Err(format!("`{wanted}` has build metadata; leave out the `+`"));
    }
    let current = Version::parse(current)
        .map_err(|error| format!("the workspace's version `{current}` is none: {error}"))?;
    let released = tags.lines().filter_map(tagged).max();
    match released {
        Some(released) if version <= released => Err(format!(
            "{version} does not follow {released}, which is released"
        )),
        _ if version < current => Err(format!(
            "{version} is below {current}, the workspace's version"
        )),
        _ => Ok(version),
    }
}

/// The version that a tag names.
pub(super) fn tagged(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v')?).ok()
}

/// A manifest with another version, for the workspace and for its own crates, which require each
/// other in exactly one version.
///
/// # Errors
/// When it does not state the version where it is looked for.
pub(super) fn manifest(text: &str, from: &str, to: &str) -> Result<String, String> {
    let stated = format!("version = \"{from}\"");
    let required = format!("version = \"={from}\"");
    let mut section = "";
    let mut found = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with('[') {
            section = line;
        }
        lines.push(match section {
            "[workspace.package]" if line == stated => {
                found = true;
                format!("version = \"{to}\"")
            }
            "[workspace.dependencies]" => line.replace(&required, &format!("version = \"={to}\"")),
            _ => line.to_owned(),
        });
    }
    if !found {
        return Err(format!(
            "Cargo.toml does not state {stated} under [workspace.package]"
        ));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_follows_what_is_released() {
        assert!(checked("0.1.0", "0.1.0", "").is_ok());
        assert!(checked("0.2.0", "0.1.0", "v0.1.0\nnot-a-version\n").is_ok());
        assert!(checked("0.2.0-rc.1", "0.1.0", "v0.1.0").is_ok());
        for (wanted, current, tags, part) in [
            ("0.1.0", "0.1.0", "v0.1.0", "does not follow"),
            ("0.1.0", "0.2.0", "", "below"),
            ("0.2", "0.1.0", "", "MAJOR.MINOR.PATCH"),
            ("0.2.0+linux", "0.1.0", "", "build metadata"),
            ("0.2.0-rc.1", "0.2.0", "v0.1.0", "below"),
        ] {
            let error = checked(wanted, current, tags).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn only_our_own_versions_are_replaced() {
        let before = "[workspace.package]\nversion = \"0.1.0\"\n\n[workspace.dependencies]\na = { path = \"crates/a\", version = \"=0.1.0\" }\nother = { version = \"0.1.0\" }\n";
        let after = manifest(before, "0.1.0", "0.2.0").unwrap();
        assert_eq!(
            after,
            "[workspace.package]\nversion = \"0.2.0\"\n\n[workspace.dependencies]\na = { path = \"crates/a\", version = \"=0.2.0\" }\nother = { version = \"0.1.0\" }\n"
        );
        assert!(manifest("[package]\n", "0.1.0", "0.2.0").is_err());
    }
}
