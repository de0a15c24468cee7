//! What the documents show is what the programs take and say.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use pam_mock::State;
use pam_proto::knowledge::{self, Entry, Module};

/// The fenced blocks of a document in this language.
fn blocks<'a>(document: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let parts = document.split(fence.as_str()).skip(1);
    parts.filter_map(|part| part.split("```").next()).collect()
}

/// Compares with a document that is written from its source; `PAMCTL_BLESS=1` writes it anew.
fn generated(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../docs")
        .join(name);
    if std::env::var_os("PAMCTL_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == actual,
        "docs/{name} differs from its source; run the test with PAMCTL_BLESS=1"
    );
}

#[test]
fn the_state_file_in_the_guide_to_the_mock_is_a_state_file() {
    let guide = include_str!("../../docs/mock.md");
    let [state] = blocks(guide, "json")[..] else {
        panic!("one state file is shown");
    };
    let state = State::from_json(state).unwrap();
    assert_eq!(state.sessions.len(), 2);
    assert_eq!(state.applications[0].authorizations.len(), 2);
}

#[test]
fn the_guide_to_troubleshooting_has_every_known_message() {
    let mut modules: BTreeMap<Module, Vec<&Entry>> = BTreeMap::new();
    for entry in knowledge::entries() {
        modules.entry(entry.module).or_default().push(entry);
    }
    let mut page = String::from(
        "# Troubleshooting by message\n\n\
         What the appliance is documented to answer, why, and what to do. `pamctl explain CODE` and \
         `pamctl explain \"MESSAGE\"` look it up offline. A number means different things in \
         different parts of the API; `*` stands for what varies.\n\n\
         This page is written from the table in `pam-proto` that `pamctl` itself uses.\n",
    );
    for (module, entries) in modules {
        write!(page, "\n## {module}\n").unwrap();
        for entry in entries {
            let code = entry.code.map(|code| code.to_string());
            let status = entry.http_status.map(|status| format!("HTTP {status}"));
            let name: Vec<String> = code.into_iter().chain(status).collect();
            let texts: Vec<String> = entry
                .messages
                .iter()
                .map(|text| format!("`{text}`"))
                .collect();
            let heading = match (name.join(", "), texts.join(" or ")) {
                (name, texts) if name.is_empty() => texts,
                (name, texts) if texts.is_empty() => name,
                (name, texts) => format!("{name}: {texts}"),
            };
            write!(
                page,
                "\n**{}**\n\n- Cause: {}.\n- Remedy: {}.\n- Source: {}.\n",
                if heading.is_empty() {
                    format!("any other answer of this kind: {:?}", entry.fault)
                } else {
                    heading
                },
                entry.cause,
                entry.remedy,
                entry.topic,
            )
            .unwrap();
        }
    }
    generated("troubleshooting.md", &page);
}

/// The pages that `pamctl` prints, each held against the binary by the tests of `pam-cli`.
#[test]
fn the_command_reference_has_every_help_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/pam-cli/tests/it/help");
    let mut pages: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    let mut reference = String::from(
        "# Command reference\n\n\
         What `pamctl COMMAND --help` prints, on one page. What the commands share is in \
         [cli.md](cli.md).\n",
    );
    for page in pages {
        let name = page.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&page).unwrap();
        // The connection options are the same everywhere and stand on the first page.
        let text = if name == "pamctl" {
            text
        } else {
            without_section(&text, "Connection options:")
        };
        write!(
            reference,
            "\n## {}\n\n```text\n{}\n```\n",
            name.replace('-', " "),
            text.trim_end(),
        )
        .unwrap();
    }
    generated("reference.md", &reference);
}

/// A page without the section of this heading, which ends where the next one begins.
fn without_section(page: &str, heading: &str) -> String {
    let mut within = false;
    let mut kept = Vec::new();
    for line in page.lines() {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        if is_heading {
            within = line == heading;
        }
        if !within {
            kept.push(line);
        }
    }
    kept.join("\n")
}

#[test]
fn the_example_configuration_is_one() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/config.toml");
    let list = std::process::Command::new(tests::pamctl().unwrap())
        .args(["profile", "list", "--config"])
        .arg(file)
        .output()
        .unwrap();
    assert!(list.status.success(), "{list:?}");
    let printed = String::from_utf8(list.stdout).unwrap();
    assert!(
        printed.contains("prod") && printed.contains("siem"),
        "{printed}"
    );
}
