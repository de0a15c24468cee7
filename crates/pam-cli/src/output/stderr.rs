//! Standard error: everything but what was asked for.

use std::fmt::Display;
use std::io::Write;

use anstyle::{AnsiColor, Style};

use super::printable::printable;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();
const FAINT: Style = Style::new().dimmed();

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
    let line = line.to_string();
    // There is nobody to tell that standard error is gone.
    let _ = writeln!(anstream::stderr(), "{}", printable(&line));
}

/// A detail that was asked for with `-v`.
pub(crate) fn detail(line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(anstream::stderr(), "{FAINT}{}{FAINT:#}", printable(&line));
}

fn labelled(style: Style, label: &str, line: impl Display) {
    let line = line.to_string();
    let _ = writeln!(
        anstream::stderr(),
        "{style}{label}:{style:#} {}",
        printable(&line)
    );
}
