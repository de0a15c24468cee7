//! How dependencies are stated: our crates require each other in exactly one version, and an ignored
//! advisory has a reason and a date.

use super::Finding;

pub(super) fn check(path: &str, content: &str) -> Vec<Finding> {
    match path {
        "Cargo.toml" => own_crates(path, content),
        "deny.toml" => ignored_advisories(path, content),
        _ => Vec::new(),
    }
}

/// A release has one version for all crates. Another's crate of the same name can then never take
/// the place of ours.
fn own_crates(path: &str, content: &str) -> Vec<Finding> {
    let lines = content.lines().zip(1..);
    let ours = lines.filter(|(line, _)| line.contains("{ path = \"crates/"));
    ours.filter(|(line, _)| !line.contains("version = \"="))
        .map(|(_, line)| {
            let what = "a crate of ours is required as `version = \"=…\"`";
            Finding::line(path, line, what.to_owned())
        })
        .collect()
}

fn ignored_advisories(path: &str, content: &str) -> Vec<Finding> {
    let lines = content.lines().zip(1..);
    let ignored = lines.filter(|(line, _)| !line.starts_with('#') && line.contains("\"RUSTSEC-"));
    ignored
        .filter(|(line, _)| !line.contains("reason = \"") || !line.split_whitespace().any(is_date))
        .map(|(_, line)| {
            let what = "an ignored advisory needs `reason = \"…, until YYYY-MM-DD\"`";
            Finding::line(path, line, what.to_owned())
        })
        .collect()
}

fn is_date(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_ascii_digit());
    let shape: String = word
        .chars()
        .map(|c| if c.is_ascii_digit() { '0' } else { c })
        .collect();
    shape == "0000-00-00"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_crates_are_required_in_one_version() {
        let line =
            |version: &str| format!("a = {{ path = \"crates/a\", version = \"{version}\" }}\n");
        assert!(check("Cargo.toml", &line("=0.1.0")).is_empty());
        assert_eq!(check("Cargo.toml", &line("0.1.0")).len(), 1);
        assert!(check("Cargo.toml", "serde = { version = \"1\" }\n").is_empty());
    }

    #[test]
    fn an_ignored_advisory_has_a_reason_and_a_date() {
        let entry = |reason: &str| format!("    {{ id = \"RUSTSEC-2026-0001\"{reason} }},\n");
        let good = entry(", reason = \"not reached, until 2027-01-31\"");
        assert!(check("deny.toml", &good).is_empty());
        for bad in [entry(""), entry(", reason = \"not reached\"")] {
            assert_eq!(check("deny.toml", &bad).len(), 1, "{bad}");
        }
        assert!(check("deny.toml", "# { id = \"RUSTSEC-…\" }\n").is_empty());
    }
}
