//! The question before sessions are ended.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use pam_proto::{Session, SessionRef};

use crate::failure::Failure;
use crate::language::told;
use crate::output::sessions;

/// How many sessions a question shows.
const SHOWN: usize = 100;

/// Refuses what would have to be asked where nobody can be.
pub(crate) fn can_ask() -> Result<(), Failure> {
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        return Ok(());
    }
    Err(Failure::usage(
        "there is no terminal to ask on; nothing was terminated; add --yes to terminate without \
         being asked",
    ))
}

/// Shows on standard error what will be ended; `appliance` is the profile's name, when one is used.
pub(super) fn show(
    appliance: Option<String>,
    seen: &[Session],
    unseen: &[SessionRef],
) -> io::Result<()> {
    let mut screen = anstream::stderr();
    let at = appliance
        .map(|name| format!(" at {name}"))
        .unwrap_or_default();
    match seen.len() + unseen.len() {
        1 => say(
            &mut screen,
            &format!("This session{at} will be terminated:"),
        )?,
        count => say(
            &mut screen,
            &format!("These {count} sessions{at} will be terminated:"),
        )?,
    }
    if !seen.is_empty() {
        sessions::table(&mut screen, seen.iter().take(SHOWN))?;
    }
    let left = SHOWN.saturating_sub(seen.len());
    for session in unseen.iter().take(left) {
        writeln!(screen, "  {session}")?;
    }
    let more = (seen.len() + unseen.len()).saturating_sub(SHOWN);
    if more > 0 {
        say(&mut screen, &format!("  and {more} more"))?;
    }
    screen.flush()
}

fn say(screen: &mut impl Write, line: &str) -> io::Result<()> {
    writeln!(screen, "{}", told(line))
}

/// Asks on the terminal: for a yes, or for the number of sessions when there are more than
/// `confirm_above`.
pub(super) fn confirmed(count: usize, confirm_above: usize) -> Result<bool, Failure> {
    if count <= confirm_above {
        return yes("Terminate? [y/N] ");
    }
    let question = format!("Type {count} to terminate them, anything else to leave them: ");
    Ok(answer(&question)? == count.to_string())
}

/// Asks on the terminal for a yes.
pub(crate) fn yes(question: &str) -> Result<bool, Failure> {
    Ok(matches!(answer(question)?.as_str(), "y" | "yes"))
}

fn answer(question: &str) -> Result<String, Failure> {
    let unasked = |error: io::Error| {
        Failure::usage(format!(
            "can't ask: {error}; nothing was terminated; add --yes"
        ))
    };
    let mut terminal = anstream::stderr();
    terminal
        .write_all(told(question).as_bytes())
        .and_then(|()| terminal.flush())
        .map_err(unasked)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .take(1024)
        .read_line(&mut answer)
        .map_err(unasked)?;
    Ok(answer.trim().to_lowercase())
}
