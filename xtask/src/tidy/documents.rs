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
        findings.extend(dead_links(text, &exists));
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

/// A relative link whose file is not there.
fn dead_links(text: &Text, exists: &impl Fn(&str) -> bool) -> Vec<Finding> {
    let folder = text.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut findings = Vec::new();
    for (index, line) in text.content.lines().enumerate() {
        for (at, open) in line.match_indices("](") {
            let target = &line[at + open.len()..];
            let target = target.split([')', '#', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains(':') {
                continue;
            }
            if !exists(&resolved(folder, target)) {
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
        let text = Text {
            path: "docs/a.md".into(),
            content: "[b](b.md#part) [top](../README.md) [web](https://example.com) [in](#here)\n\
                      [gone](gone.md)\n"
                .into(),
        };
        let there = ["docs/b.md", "README.md"];
        let findings = dead_links(&text, &|path: &str| there.contains(&path));
        assert_eq!(findings.len(), 1);
        assert_eq!(
            findings[0].to_string(),
            "docs/a.md:2: the link to gone.md leads nowhere"
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
