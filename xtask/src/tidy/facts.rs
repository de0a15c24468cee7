//! Facts that a document states and a file of the workspace decides.
//!
//! A document marks such a fact, `<!-- fact:vectors -->115<!-- /fact -->`, and
//! is wrong when the marked text is not what the source says. `cargo xtask tidy
//! --bless` writes the marked texts anew.

use std::collections::BTreeMap;

use serde_json::Value;
use xshell::Shell;

use super::workspace::Package;
use super::{Finding, Text, direction};
use crate::error::Error;

const OPEN: &str = "<!-- fact:";
const OPEN_END: &str = " -->";
const CLOSE: &str = "<!-- /fact -->";

const VECTORS: &str = "tests/fixtures/oauth1.json";
const EXIT_CODES: &str = "crates/pam-cli/src/exit.rs";

/// Each fact's name and the text that a document must give for it.
type Facts = BTreeMap<String, String>;

pub(super) fn check(packages: &[Package], texts: &[Text]) -> Vec<Finding> {
    let facts = facts(packages, texts);
    let mut findings = Vec::new();
    for text in documents(texts) {
        findings.extend(check_marked(&text.path, &text.content, &facts));
        findings.extend(check_versions(&text.path, &text.content, &facts));
    }
    findings
}

/// Writes every marked fact that is known into the documents.
pub(super) fn bless(sh: &Shell, packages: &[Package], texts: &[Text]) -> Result<(), Error> {
    let facts = facts(packages, texts);
    for text in documents(texts) {
        let blessed = blessed(&text.content, &facts);
        if blessed != text.content {
            sh.write_file(&text.path, blessed)?;
            println!("{}: facts written", text.path);
        }
    }
    Ok(())
}

fn documents(texts: &[Text]) -> impl Iterator<Item = &Text> {
    texts.iter().filter(|text| text.path.ends_with(".md"))
}

/// A fact whose source is missing is unknown, and so is a finding wherever a
/// document states it.
fn facts(packages: &[Package], texts: &[Text]) -> Facts {
    let mut facts = Facts::new();
    if let Some(package) = packages.first() {
        facts.insert("version".into(), package.version.clone());
        facts.extend(
            package
                .rust_version
                .clone()
                .map(|version| ("msrv".into(), version)),
        );
    }
    let crates = packages
        .iter()
        .filter(|package| package.manifest.starts_with("crates/"))
        .count();
    facts.insert("crates".into(), crates.to_string());
    facts.extend(direction::stated().map(|(name, text)| (format!("depends-{name}"), text)));
    let content = |path: &str| {
        texts
            .iter()
            .find(|text| text.path == path)
            .map(|text| text.content.as_str())
    };
    facts.extend(content(VECTORS).map(vectors).unwrap_or_default());
    facts.extend(content(EXIT_CODES).map(|source| {
        (
            "exit-codes".to_owned(),
            enum_values(source).count().to_string(),
        )
    }));
    facts
}

/// `vectors`, and `vectors-positive` and the like for every use in the file.
fn vectors(json: &str) -> Facts {
    let file: Value = serde_json::from_str(json).unwrap_or_default();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for vector in file["vectors"].as_array().into_iter().flatten() {
        *counts.entry("vectors".into()).or_default() += 1;
        if let Some(purpose) = vector["use"].as_str() {
            *counts.entry(format!("vectors-{purpose}")).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .map(|(name, count)| (name, count.to_string()))
        .collect()
}

/// The values of the variants that a source file writes as `Name = 7,`.
fn enum_values(source: &str) -> impl Iterator<Item = u16> {
    source.lines().filter_map(|line| {
        let (name, value) = line.trim().split_once(" = ")?;
        let plain = !name.is_empty() && name.chars().all(char::is_alphanumeric);
        plain.then(|| value.strip_suffix(',')?.parse().ok())?
    })
}

/// A fact as a document marks it.
struct Marked<'d> {
    name: &'d str,
    stated: &'d str,
    /// Where the stated text starts.
    start: usize,
}

/// The marked facts, and where a mark is not closed.
fn marked(document: &str) -> (Vec<Marked<'_>>, Option<usize>) {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = document[from..].find(OPEN).map(|at| from + at) {
        let name = open + OPEN.len();
        let Some(name_end) = document[name..].find(OPEN_END).map(|at| name + at) else {
            return (found, Some(open));
        };
        let start = name_end + OPEN_END.len();
        let Some(end) = document[start..].find(CLOSE).map(|at| start + at) else {
            return (found, Some(open));
        };
        found.push(Marked {
            name: &document[name..name_end],
            stated: &document[start..end],
            start,
        });
        from = end + CLOSE.len();
    }
    (found, None)
}

fn check_marked(path: &str, document: &str, facts: &Facts) -> Vec<Finding> {
    let (marks, unclosed) = marked(document);
    let at = |offset: usize| document[..offset].matches('\n').count() + 1;
    let mut findings: Vec<Finding> = marks
        .iter()
        .filter_map(|mark| {
            let what = match facts.get(mark.name) {
                None => format!("no fact is called {:?}", mark.name),
                Some(fact) if fact != mark.stated => {
                    format!("{} is {fact}, not {}", mark.name, mark.stated)
                }
                Some(_) => return None,
            };
            Some(Finding::line(path, at(mark.start), what))
        })
        .collect();
    findings.extend(unclosed.map(|offset| {
        Finding::line(
            path,
            at(offset),
            format!("a fact without its closing {CLOSE}"),
        )
    }));
    findings
}

fn blessed(document: &str, facts: &Facts) -> String {
    let mut blessed = String::with_capacity(document.len());
    let mut from = 0;
    for mark in marked(document).0 {
        blessed.push_str(&document[from..mark.start]);
        blessed.push_str(facts.get(mark.name).map_or(mark.stated, String::as_str));
        from = mark.start + mark.stated.len();
    }
    blessed.push_str(&document[from..]);
    blessed
}

/// Unmarked mentions: `Rust 1.2` as the minimum, `pam-proto = "0.1"` in an
/// example manifest.
fn check_versions(path: &str, document: &str, facts: &Facts) -> Vec<Finding> {
    // The changelog tells of versions that were.
    if path == "CHANGELOG.md" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let unknown = String::new();
    let msrv = facts.get("msrv").unwrap_or(&unknown);
    let version = facts.get("version").unwrap_or(&unknown);
    for (index, line) in document.lines().enumerate() {
        for (at, word) in line.match_indices("Rust 1.") {
            let stated = number(&line[at + word.len() - 2..]);
            if stated != msrv {
                findings.push(Finding::line(
                    path,
                    index + 1,
                    format!("the minimum Rust version is {msrv}, not {stated}"),
                ));
            }
        }
        let Some(stated) = example_dependency(line) else {
            continue;
        };
        let agrees = version
            .strip_prefix(stated)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        if !agrees {
            findings.push(Finding::line(
                path,
                index + 1,
                format!("the version is {version}, not {stated}"),
            ));
        }
    }
    findings
}

fn number(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

/// The version in a line such as `pam-proto = "0.1"` or
/// `pam-proto = { version = "0.1", … }`.
fn example_dependency(line: &str) -> Option<&str> {
    let requirement = line.strip_prefix("pam-")?.split_once(" = ")?.1;
    let version = match requirement.split_once("version = ") {
        Some((_, version)) => version,
        None => requirement,
    };
    version.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Facts {
        [("vectors", "115"), ("msrv", "1.89"), ("version", "0.1.0")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn what(document: &str) -> Vec<String> {
        check_marked("a.md", document, &known())
            .iter()
            .map(Finding::to_string)
            .collect()
    }

    #[test]
    fn a_stale_fact_is_found_and_blessed() {
        let document = "one\n<!-- fact:vectors -->114<!-- /fact --> vectors\n";
        assert_eq!(what(document), ["a.md:2: vectors is 115, not 114"]);
        let blessed = blessed(document, &known());
        assert_eq!(
            blessed,
            "one\n<!-- fact:vectors -->115<!-- /fact --> vectors\n"
        );
        assert!(what(&blessed).is_empty());
    }

    #[test]
    fn an_unknown_or_unclosed_fact_is_found() {
        assert_eq!(
            what("<!-- fact:moons -->1<!-- /fact -->"),
            ["a.md:1: no fact is called \"moons\""]
        );
        assert_eq!(what("<!-- fact:vectors -->115").len(), 1);
        assert_eq!(what("<!-- fact:vectors").len(), 1);
    }

    #[test]
    fn unmarked_versions_are_compared() {
        let count = |document: &str| check_versions("a.md", document, &known()).len();
        assert_eq!(count("needs Rust 1.89.\n"), 0);
        assert_eq!(count("needs Rust 1.80 or newer\n"), 1);
        assert_eq!(
            count("pam-proto = \"0.1\"\npam-mock = { version = \"0.1.0\" }\n"),
            0
        );
        assert_eq!(count("pam-proto = \"0.10\"\n"), 1);
        assert_eq!(
            count("pam-proto = { version = \"0.2\", features = [] }\n"),
            1
        );
    }

    #[test]
    fn vectors_are_counted_by_use() {
        let counts =
            vectors(r#"{"vectors":[{"use":"positive"},{"use":"must-reject"},{"use":"positive"}]}"#);
        assert_eq!(counts["vectors"], "3");
        assert_eq!(counts["vectors-positive"], "2");
        assert_eq!(counts["vectors-must-reject"], "1");
    }

    #[test]
    fn exit_codes_are_counted() {
        let source = "enum Exit {\n    /// Done.\n    Done = 0,\n    Failed = 1,\n}\nlet a = 3;\n";
        assert_eq!(enum_values(source).collect::<Vec<_>>(), [0, 1]);
    }
}
