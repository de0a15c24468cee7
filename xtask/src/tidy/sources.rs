//! Rules for every file by itself: length, words that do not belong in a
//! repository, reasons beside exceptions, lints inherited by every crate.

use super::Finding;
use super::Text;
use super::rust_source::{Token, tokens};
use super::workspace::Package;

/// A longer file is several files.
const LINES: usize = 700;

/// Words that tell of an unfinished piece of work: this list is where they are looked up.
const UNFINISHED: &[&str] = &["TODO", "FIXME"];

/// Starts of paths that exist on one machine only.
const MACHINE_PATHS: &[&str] = &["/work/", "/root/", "/Users/", "C:\\Users\\"];

/// Options that point a package client at one place's registry.
const REGISTRIES: &[&str] = &["index-url", "registry=", "replace-with"];

/// Files whose words are not ours to choose: written by a program, quoted from
/// elsewhere, or, like this one, naming the words that are looked for.
const QUOTING: &[&str] = &[
    "Cargo.lock",
    "LICENSE-APACHE",
    "fuzz/Cargo.lock",
    "fuzz/corpus/",
    "tests/fixtures/",
    "xtask/src/tidy/sources.rs",
];

/// The only source of dependencies that a lock file may name.
const CRATE_INDEX: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(crate) fn check(path: &str, content: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path.ends_with("Cargo.lock") {
        findings.extend(lock_sources(path, content));
    }
    if !QUOTING.iter().any(|quoting| path.starts_with(quoting)) {
        for (index, line) in content.lines().enumerate() {
            if let Some(what) = misplaced_word(line) {
                findings.push(Finding::line(path, index + 1, what));
            }
        }
        if !content.is_empty() && !content.ends_with('\n') {
            findings.push(Finding::file(path, "the last line does not end".into()));
        }
    }
    if path.ends_with(".rs") {
        let lines = content.lines().count();
        if lines > LINES {
            findings.push(Finding::file(
                path,
                format!("{lines} lines; the limit is {LINES}"),
            ));
        }
        findings.extend(bare_exceptions(path, content));
    }
    findings
}

fn misplaced_word(line: &str) -> Option<String> {
    if let Some(word) = UNFINISHED.iter().find(|word| stands_alone(line, word)) {
        return Some(format!("{word}: finish it, or write down why it stays"));
    }
    if let Some(start) = MACHINE_PATHS
        .iter()
        .find(|start| starts_a_path(line, start))
    {
        return Some(format!("a path below {start} exists on one machine only"));
    }
    REGISTRIES
        .iter()
        .find(|option| line.contains(*option))
        .map(|option| format!("{option}: which registry is used is the machine's business"))
}

fn stands_alone(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        ![before, after]
            .into_iter()
            .flatten()
            .any(char::is_alphanumeric)
    })
}

fn starts_a_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        line[..at]
            .chars()
            .next_back()
            .is_none_or(|before| !(before.is_alphanumeric() || "_-.}/".contains(before)))
    })
}

fn lock_sources(path: &str, content: &str) -> Vec<Finding> {
    content
        .lines()
        .enumerate()
        .filter_map(|(index, line)| {
            let source = line.strip_prefix("source = \"")?.trim_end_matches('"');
            (source != CRATE_INDEX)
                .then(|| Finding::line(path, index + 1, format!("{source} is not the crate index")))
        })
        .collect()
}

/// An `allow`, `expect` or `ignore` says why, in the attribute or in a comment
/// on its line or the line above.
fn bare_exceptions(path: &str, content: &str) -> Vec<Finding> {
    let lines: Vec<&str> = content.lines().collect();
    let tokens = tokens(content);
    let mut findings = Vec::new();
    for at in 0..tokens.len() {
        let Some((name, attribute)) = exception(&tokens[at..]) else {
            continue;
        };
        let line = tokens[at].line;
        let explained = attribute.iter().any(|token| token.text == "reason")
            || name == "ignore" && attribute.iter().any(|token| token.text == "=")
            || lines.get(line - 1).is_some_and(|text| text.contains("//"))
            || line >= 2
                && lines
                    .get(line - 2)
                    .is_some_and(|text| text.trim().starts_with("//"));
        if !explained {
            findings.push(Finding::line(
                path,
                line,
                format!("{name} without its reason"),
            ));
        }
    }
    findings
}

/// The attribute that the tokens start with, when it makes an exception.
fn exception(tokens: &[Token]) -> Option<(&str, &[Token])> {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    if text(0) != "#" {
        return None;
    }
    let open = if text(1) == "!" { 2 } else { 1 };
    let name = text(open + 1);
    if text(open) != "[" || !["allow", "expect", "ignore"].contains(&name) {
        return None;
    }
    let end = tokens
        .iter()
        .position(|token| token.text == "]")
        .unwrap_or(tokens.len());
    Some((name, &tokens[..end]))
}

/// Where the lints are the workspace's but for one: PyO3's macros write unsafe code.
const MAY_ALLOW_UNSAFE: &str = "crates/pam-python/Cargo.toml";

/// The lints that a manifest of a workspace, or of a member, sets.
fn lints<'m>(manifest: &'m str, table: &str) -> Vec<&'m str> {
    let after = |name: &str| {
        let (_, after) = manifest.split_once(&format!("[{table}.{name}]\n"))?;
        Some(after.lines().take_while(|line| line.contains('=')))
    };
    ["rust", "clippy"]
        .into_iter()
        .filter_map(after)
        .flatten()
        .collect()
}

/// Whether the lints of one crate are those of the workspace, with `deny` for `forbid`.
fn has_all_lints(texts: &[Text], content: &str) -> bool {
    let workspace = texts.iter().find(|text| text.path == "Cargo.toml");
    let workspace = workspace.map_or("", |text| text.content.as_str());
    let softened = workspace.replace("unsafe_code = \"forbid\"", "unsafe_code = \"deny\"");
    lints(content, "lints") == lints(&softened, "workspace.lints")
}

/// Every member inherits the workspace's lints, and shares its one version and
/// its one minimum Rust version.
pub(crate) fn check_manifests(packages: &[Package], texts: &[Text]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let manifest = texts.iter().find(|text| text.path == package.manifest);
        let content = manifest.map_or("", |text| text.content.as_str());
        let inherited = [
            ("[lints]\nworkspace = true", "its lints"),
            ("version.workspace = true", "its version"),
            ("rust-version.workspace = true", "its minimum Rust version"),
            ("license.workspace = true", "its licence"),
        ];
        for (line, what) in inherited {
            let own = line.starts_with("[lints]") && package.manifest == MAY_ALLOW_UNSAFE;
            if !(content.contains(line) || own && has_all_lints(texts, content)) {
                findings.push(Finding::file(
                    &package.manifest,
                    format!(
                        "{} does not inherit {what} from the workspace",
                        package.name
                    ),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn what(path: &str, content: &str) -> Vec<String> {
        check(path, content)
            .into_iter()
            .map(|finding| finding.to_string())
            .collect()
    }

    // The marks in the texts of these tests are what the rules must find; nothing is unfinished here.

    #[test]
    fn planted_words_are_found() {
        for line in [
            "// TODO: later",
            "# FIXME",
            "see /work/notes",
            "\"/root/.cargo\"",
            "pip install --index-url https://192.0.2.1/simple x",
        ] {
            assert_eq!(what("a.md", &format!("one\n{line}\n")).len(), 1, "{line}");
        }
    }

    #[test]
    fn the_same_letters_in_other_words_are_no_findings() {
        for line in [
            "target/work/x",
            "TODOS",
            "https://example.com/root/x",
            "{base}/work/",
        ] {
            assert!(what("a.md", &format!("{line}\n")).is_empty(), "{line}");
        }
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(what("a.rs", &"\n".repeat(700)).is_empty());
        assert_eq!(
            what("a.rs", &"\n".repeat(701)),
            ["a.rs: 701 lines; the limit is 700"]
        );
    }

    #[test]
    fn an_exception_needs_its_reason() {
        assert_eq!(
            what("a.rs", "\n#[allow(dead_code)]\nfn f() {}\n"),
            ["a.rs:2: allow without its reason"]
        );
        assert_eq!(what("a.rs", "#![expect(unused)]\n").len(), 1);
        assert_eq!(what("a.rs", "#[ignore]\n").len(), 1);
        for explained in [
            "#[allow(dead_code, reason = \"read by tests only\")]\n",
            "#[allow(\n    dead_code,\n    reason = \"read by tests only\",\n)]\n",
            "// The trait asks for it.\n#[allow(dead_code)]\n",
            "#[allow(dead_code)] // read by tests only\n",
            "#[ignore = \"needs root\"]\n",
            "const TEXT: &str = \"#[allow(dead_code)]\";\n",
        ] {
            assert!(what("a.rs", explained).is_empty(), "{explained}");
        }
    }

    #[test]
    fn a_foreign_source_in_the_lock_file_is_found() {
        let own = format!("source = \"{CRATE_INDEX}\"\n");
        assert!(what("Cargo.lock", &own).is_empty());
        assert_eq!(
            what("Cargo.lock", "source = \"git+https://example.com/x\"\n").len(),
            1
        );
    }

    #[test]
    fn a_manifest_must_inherit() {
        let package = Package {
            name: "a".into(),
            version: "0.1.0".into(),
            rust_version: None,
            manifest: "a/Cargo.toml".into(),
            publish: false,
            library: true,
            dependencies: Vec::new(),
        };
        let good = "version.workspace = true\nrust-version.workspace = true\n\
                    license.workspace = true\n[lints]\nworkspace = true\n";
        let text = |content: &str| {
            [Text {
                path: "a/Cargo.toml".into(),
                content: content.into(),
            }]
        };
        assert_eq!(
            check_manifests(std::slice::from_ref(&package), &text(good)),
            []
        );
        let bad = good.replace("[lints]\nworkspace = true\n", "");
        assert_eq!(check_manifests(&[package], &text(&bad)).len(), 1);
    }
}
