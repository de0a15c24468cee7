//! Documents agree with what they speak of: links lead somewhere, and the
//! README's two commands are the ones that continuous integration runs.

use super::workspace::Package;
use super::{Finding, Text};

const README: &str = "README.md";
const ARCHITECTURE: &str = "docs/architecture.md";
const CI: &str = ".ci/run";

pub(super) fn check(
    packages: &[Package],
    texts: &[Text],
    exists: impl Fn(&str) -> bool,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for text in texts.iter().filter(|text| text.path.ends_with(".md")) {
        findings.extend(dead_links(text, texts, &exists));
    }
    let content = |path: &str| {
        texts
            .iter()
            .find(|text| text.path == path)
            .map(|text| &text.content)
    };
    let architecture = content(ARCHITECTURE).map_or("", String::as_str);
    findings.extend(unmapped(packages, architecture));
    match (content(README), content(CI)) {
        (Some(readme), Some(ci)) => findings.extend(set_up(readme, ci)),
        (None, _) => findings.push(Finding::file(README, "is missing".into())),
        (_, None) => findings.push(Finding::file(CI, "is missing".into())),
    }
    findings
}

/// A relative link whose file is not there, or has no heading of that name.
fn dead_links(text: &Text, texts: &[Text], exists: &impl Fn(&str) -> bool) -> Vec<Finding> {
    let folder = text.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (index, line) in text.content.lines().enumerate() {
        for (at, open) in line.match_indices("](") {
            let target = &line[at + open.len()..];
            let target = target.split([')', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match file {
                "" => text.path.clone(),
                file => resolved(folder, file),
            };
            let document = texts.iter().find(|text| text.path == path);
            let leads_somewhere = match (anchor, document) {
                ("", _) => exists(&path),
                (anchor, Some(document)) => anchors(&document.content).any(|known| known == anchor),
                (_, None) => false,
            };
            if !leads_somewhere {
                findings.push(Finding::line(
                    &text.path,
                    index + 1,
                    format!("the link to {target} leads nowhere"),
                ));
            }
        }
    }
    findings
}

/// The names by which the headings of a document are linked to.
fn anchors(document: &str) -> impl Iterator<Item = String> {
    let mut fenced = false;
    let headings = document.lines().filter(move |line| {
        fenced ^= line.starts_with("```");
        !fenced && line.starts_with('#')
    });
    headings.map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

fn resolved(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}

/// A crate without its row in the architecture document's table.
fn unmapped(packages: &[Package], architecture: &str) -> Vec<Finding> {
    packages
        .iter()
        .filter(|package| !architecture.contains(&format!("\n| `{}` |", package.name)))
        .map(|package| {
            Finding::file(
                ARCHITECTURE,
                format!("has no row for the crate {}", package.name),
            )
        })
        .collect()
}

/// The first shell block of the README holds exactly two commands; the second
/// one is what continuous integration calls.
fn set_up(readme: &str, ci: &str) -> Vec<Finding> {
    let commands: Vec<&str> = readme
        .lines()
        .skip_while(|line| *line != "```sh")
        .skip(1)
        .take_while(|line| *line != "```")
        .filter_map(|line| line.split('#').next().map(str::trim))
        .filter(|line| !line.is_empty())
        .collect();
    let [_demo, test] = commands.as_slice() else {
        return vec![Finding::file(
            README,
            format!(
                "{} set-up commands in its first shell block instead of two",
                commands.len()
            ),
        )];
    };
    if ci
        .lines()
        .any(|line| line.trim() == *test || line.trim() == format!("exec {test}"))
    {
        return Vec::new();
    }
    vec![Finding::file(
        CI,
        format!("does not call the README's test command, {test}"),
    )]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_link_is_found() {
        let text = |path: &str, content: &str| Text {
            path: path.into(),
            content: content.into(),
        };
        let a = text(
            "docs/a.md",
            "# Here\n[b](b.md#a-part-of-it) [top](../README.md) [web](https://example.com) [in](#here)\n\
             [gone](gone.md) [unnamed](b.md#other) [in code](b.md#no-heading)\n",
        );
        let b = text(
            "docs/b.md",
            "## A part, of `it`\n```sh\n# No heading\n```\n",
        );
        let there = ["docs/a.md", "docs/b.md", "README.md"];
        let texts = [a, b];
        let findings = dead_links(&texts[0], &texts, &|path: &str| there.contains(&path));
        let findings: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(
            findings,
            ["gone.md", "b.md#other", "b.md#no-heading"]
                .map(|target| format!("docs/a.md:3: the link to {target} leads nowhere"))
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        let package = Package {
            name: "pam-new".into(),
            version: "0.1.0".into(),
            rust_version: None,
            manifest: "crates/pam-new/Cargo.toml".into(),
            publish: false,
            library: true,
            dependencies: Vec::new(),
        };
        let packages = [package];
        assert_eq!(unmapped(&packages, "\n| `pam-new` | new | nothing |\n"), []);
        assert_eq!(unmapped(&packages, "`pam-new` in passing\n").len(), 1);
    }

    #[test]
    fn the_readme_holds_two_commands_and_ci_calls_the_second() {
        let readme = "# x\n\n```sh\ncargo xtask demo   # see it\ncargo xtask test\n```\n";
        assert_eq!(set_up(readme, "set -e\ncargo xtask test\n"), []);
        assert_eq!(set_up(readme, "cargo test\n").len(), 1);
        assert_eq!(
            set_up("```sh\ncargo xtask demo\n```\n", "cargo xtask demo\n").len(),
            1
        );
    }
}
