//! Standard error: everything but what was asked for.

use std::fmt::Display;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use anstyle::{AnsiColor, Style};
use clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;

use super::printable::printable;
use crate::language::told;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();

/// The lines that wait while something else has the terminal.
static HELD: Mutex<Option<Vec<String>>> = Mutex::new(None);

/// Keeps every line back until [`release`], for as long as the whole screen is drawn on.
pub(crate) fn hold() {
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    held.get_or_insert_default();
}

/// Says what was kept back, and keeps nothing back any more.
pub(crate) fn release() {
    let held = HELD.lock().unwrap_or_else(PoisonError::into_inner).take();
    held.into_iter().flatten().for_each(write);
}

/// Says why the command failed.
pub(crate) fn error(line: impl Display) {
    labelled(ERROR, "error", line);
}

/// Says what the user should know although nothing failed.
pub(crate) fn warning(line: impl Display) {
    labelled(WARNING, "warning", line);
}

/// Says something in passing.
pub(crate) fn note(line: impl Display) {
    say(printable(&told(&line.to_string())).into_owned());
}

/// A detail that was asked for with `-v`.
pub(crate) fn detail(line: impl Display) {
    let line = line.to_string();
    say(format!("{FAINT}{}{FAINT:#}", printable(&line)));
}

/// Says what is wrong with the command line.
pub(crate) fn misunderstood(error: &clap::Error) {
    let text = error.render().to_string();
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let own = line.trim_start();
            format!("{}{}", &line[..line.len() - own.len()], told(own))
        })
        .collect();
    let lines = lines.join("\n");
    // There is nobody to tell that standard error is gone.
    let _ = if lines == text.trim_end() || error.kind() == DisplayHelpOnMissingArgumentOrSubcommand
    {
        error.print()
    } else {
        writeln!(anstream::stderr(), "{lines}")
    };
}

fn labelled(style: Style, label: &str, line: impl Display) {
    let line = line.to_string();
    say(format!(
        "{style}{}:{style:#} {}",
        told(label),
        printable(&told(&line))
    ));
}

fn say(line: String) {
    match &mut *HELD.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(held) => held.push(line),
        None => write(line),
    }
}

fn write(line: String) {
    // There is nobody to tell that standard error is gone.
    let _ = writeln!(anstream::stderr(), "{line}");
}
