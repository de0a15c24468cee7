//! The change log (Keep a Changelog 1.1.0).

const UNRELEASED: &str = "## [Unreleased]";

/// The change log with what was unreleased under the heading of this version.
///
/// # Errors
/// What is missing from it.
pub(super) fn released(changelog: &str, version: &str, date: &str) -> Result<String, String> {
    let heading = format!("## [{version}]");
    if changelog.lines().any(|line| line.starts_with(&heading)) {
        return Err(format!("CHANGELOG.md has a section {heading} already"));
    }
    let (before, after) = changelog
        .split_once(UNRELEASED)
        .ok_or_else(|| format!("CHANGELOG.md has no section {UNRELEASED}"))?;
    let (changes, earlier) = match after.find("\n## ") {
        Some(at) => after.split_at(at + 1),
        None => (after, ""),
    };
    let changes = changes.trim();
    if !changes.lines().any(|line| line.starts_with("- ")) {
        return Err(format!(
            "CHANGELOG.md says nothing under {UNRELEASED}; write what changed for a user"
        ));
    }
    let gap = if earlier.is_empty() { "" } else { "\n" };
    Ok(format!(
        "{before}{UNRELEASED}\n\n{heading} - {date}\n\n{changes}\n{gap}{earlier}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_unreleased_gets_its_heading() {
        let before = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- a thing\n\n## [0.1.0] - 2026-01-01\n\n- first\n";
        let after = released(before, "0.2.0", "2026-02-03").unwrap();
        assert_eq!(
            after,
            "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-02-03\n\n### Added\n\n- a thing\n\n## [0.1.0] - 2026-01-01\n\n- first\n"
        );
        let again = released(&after, "0.2.0", "2026-02-03").unwrap_err();
        assert!(again.contains("already"), "{again}");
    }

    #[test]
    fn the_first_release_has_nothing_behind_it() {
        let after = released("# C\n\n## [Unreleased]\n- x\n", "1.0.0", "2026-02-03").unwrap();
        assert_eq!(
            after,
            "# C\n\n## [Unreleased]\n\n## [1.0.0] - 2026-02-03\n\n- x\n"
        );
    }

    #[test]
    fn a_release_without_changes_is_refused() {
        for (text, part) in [
            ("# C\n", "no section"),
            ("# C\n\n## [Unreleased]\n\n### Added\n", "says nothing"),
            (
                "## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n- first\n",
                "says nothing",
            ),
        ] {
            let error = released(text, "0.2.0", "2026-02-03").unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
