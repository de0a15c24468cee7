//! The whole help surface is a set of files: any change of a flag shows in review.

use std::path::Path;

use crate::fixture::{Run, golden, pamctl};

pub(crate) const COMMANDS: [&[&str]; 51] = [
    &[],
    &["session"],
    &["session", "list"],
    &["session", "watch"],
    &["session", "get"],
    &["session", "open"],
    &["session", "terminate"],
    &["session", "keep-out"],
    &["top"],
    &["plan"],
    &["apply"],
    &["policy"],
    &["policy", "check"],
    &["policy", "test"],
    &["audit"],
    &["audit", "list"],
    &["audit", "verify"],
    &["auth"],
    &["auth", "explain"],
    &["auth", "header"],
    &["profile"],
    &["profile", "add"],
    &["profile", "list"],
    &["profile", "use"],
    &["profile", "show"],
    &["profile", "remove"],
    &["login"],
    &["alert"],
    &["alert", "decode"],
    &["hook"],
    &["hook", "wazuh"],
    &["hook", "splunk"],
    &["doctor"],
    &["api"],
    &["explain"],
    &["mock"],
    &["mock", "faults"],
    &["mock", "switches"],
    &["demo"],
    &["demo", "respond"],
    &["respond"],
    &["respond", "run"],
    &["respond", "check"],
    &["respond", "status"],
    &["respond", "pending"],
    &["respond", "approve"],
    &["respond", "deny"],
    &["respond", "halt"],
    &["respond", "resume"],
    &["respond", "test"],
    &["respond", "backtest"],
];

fn page_name(command: &[&str]) -> String {
    format!("{}.txt", [&["pamctl"], command].concat().join("-"))
}

/// The commands that do something by themselves, rather than only lead to others.
pub(crate) fn commands_that_do_something() -> impl Iterator<Item = &'static [&'static str]> {
    COMMANDS.into_iter().filter(|command| {
        let page = std::fs::read_to_string(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/it/help")
                .join(page_name(command)),
        )
        .unwrap();
        let usage = page.lines().find(|line| line.starts_with("Usage: "));
        !usage.unwrap().ends_with("<COMMAND>")
    })
}

#[test]
fn every_help_page_is_as_reviewed() {
    for command in COMMANDS {
        let run = Run::of(pamctl().args(command).arg("--help")).ended(0);
        assert_eq!(run.stderr, "");
        golden(&format!("help/{}", page_name(command)), &run.stdout);
    }
}

#[test]
fn every_command_has_a_page_and_an_example() {
    let mut open = vec![Vec::new()];
    while let Some(command) = open.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        assert!(
            COMMANDS.contains(&&words[..]),
            "no golden page for {words:?}"
        );
        let page = Run::of(pamctl().args(&words).arg("--help")).ended(0).stdout;
        let below: Vec<&str> = page
            .split_once("Commands:\n")
            .map(|(_, list)| list.lines().map_while(|line| line.strip_prefix("  ")))
            .into_iter()
            .flatten()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let is_catalogue = words.len() == 2 && words[0] == "mock";
        if below.is_empty() && !is_catalogue {
            assert!(page.contains("Example"), "{words:?} has no example");
        }
        for name in below
            .into_iter()
            .filter(|name| *name != "help" && name.chars().all(|c| c.is_ascii_lowercase()))
        {
            open.push([command.clone(), vec![name.to_owned()]].concat());
        }
    }
}

#[test]
fn help_names_the_exit_codes_and_version_is_one_line() {
    let help = Run::of(pamctl().arg("--help")).ended(0).stdout;
    for line in ["  0  done", "  5  outcome unconfirmed", "130  interrupted"] {
        assert!(help.contains(line), "{line}");
    }
    let version = Run::of(pamctl().arg("--version")).ended(0).stdout;
    assert_eq!(version, format!("pamctl {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_command_it_shows_help_and_is_wrong_usage() {
    let run = Run::of(&mut pamctl()).ended(2);
    assert!(run.stdout.is_empty() && run.stderr.contains("Usage: pamctl"));
}
