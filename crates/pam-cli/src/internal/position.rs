//! What stands at the cursor of a command line that is not finished.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Where the cursor stands when a session can be named there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Position {
    /// What is typed of it.
    pub(super) prefix: String,
    /// The sessions that are named before it.
    pub(super) named: Vec<String>,
}

/// Whether an argument is one or more sessions: a positional whose values are called so.
pub(super) fn names_a_session(arg: &Arg) -> bool {
    arg.is_positional() && matches!(arg.get_id().as_str(), "session" | "sessions")
}

/// Reads the words up to the cursor, the program first; nothing when no session belongs there.
pub(super) fn position(command: &Command, words: &[OsString]) -> Option<Position> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    let (prefix, before) = words.as_ref()?.split_last()?;
    let mut at = command;
    let mut named = Vec::new();
    let mut options = true;
    let mut value_follows = false;
    for word in before.iter().skip(1) {
        if std::mem::take(&mut value_follows) {
            continue;
        }
        if options && *word == "--" {
            options = false;
        } else if options && word.len() > 1 && word.starts_with('-') {
            value_follows = takes_the_next(at, word);
        } else if let Some(below) = at.find_subcommand(word).filter(|_| named.is_empty()) {
            at = below;
        } else {
            named.push((*word).to_owned());
        }
    }
    let option = options && prefix.starts_with('-');
    let arg = at.get_positionals().find(|arg| names_a_session(arg))?;
    let many = arg
        .get_num_args()
        .is_some_and(|range| range.max_values() > 1);
    let full = !many && !named.is_empty();
    (!value_follows && !option && !full).then(|| Position {
        prefix: (*prefix).to_owned(),
        named,
    })
}

/// Whether an option takes the next word as its value.
fn takes_the_next(command: &Command, word: &str) -> bool {
    let takes = |arg: &Arg| arg.get_action().takes_values();
    let mut args = command.get_arguments();
    match word.strip_prefix("--") {
        Some(long) => args.any(|arg| arg.get_long() == Some(long) && takes(arg)),
        // Of a cluster such as -yo, the last one decides.
        None => word
            .chars()
            .last()
            .is_some_and(|last| args.any(|arg| arg.get_short() == Some(last) && takes(arg))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: &str) -> Option<(String, usize)> {
        let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let position = position(&crate::cli::command(), &words)?;
        Some((position.prefix, position.named.len()))
    }

    #[test]
    fn a_session_belongs_where_the_command_line_says() {
        let here = |prefix: &str, named| Some((prefix.to_owned(), named));
        assert_eq!(at("pamctl session terminate "), here("", 0));
        assert_eq!(at("pamctl session drop 3f"), here("3f", 0));
        assert_eq!(at("pamctl session get 3f"), here("3f", 0));
        assert_eq!(at("pamctl session terminate ab --yes cd "), here("", 2));
        assert_eq!(
            at("pamctl --url https://v session terminate -yo json "),
            here("", 0)
        );
        assert_eq!(at("pamctl session terminate -- -"), here("-", 0));
    }

    #[test]
    fn elsewhere_it_does_not() {
        for line in [
            "pamctl",
            "pamctl ",
            "pamctl session ",
            "pamctl session list ",
            "pamctl session get ab ",
            "pamctl session terminate --reason ",
            "pamctl session terminate -o ",
            "pamctl session terminate -",
            "pamctl --url ",
        ] {
            assert_eq!(at(line), None, "{line}");
        }
    }
}
