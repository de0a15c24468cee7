//! A secret that is typed: without an echo, and without a trace in a buffer of the library.

use std::io::{self, IsTerminal, Write};

use pam_proto::Secret;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

use super::LIMIT;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::told;

/// Whether there is somebody to ask.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks on the terminal; the question comes with its colours.
///
/// # Errors
/// A failure when it can't be asked, nothing is typed, or Ctrl-C ends it.
pub(crate) fn secret(question: &str) -> Result<Secret, Failure> {
    let unasked = |error: io::Error| Failure::usage(format!("can't ask on the terminal: {error}"));
    let mut terminal = anstream::stderr();
    let typed = {
        // Before the question, so that nothing of a quick answer is shown.
        let _quiet = Quiet::begin().map_err(unasked)?;
        write!(terminal, "{}", told(question))
            .and_then(|()| terminal.flush())
            .map_err(unasked)?;
        line()
    };
    // The line break that was typed was not shown either.
    let _ = writeln!(terminal);
    match typed.map_err(unasked)? {
        Typed::Line(text) if text.is_empty() => Err(Failure::usage("nothing was typed")),
        Typed::Line(text) => Ok(Secret::new(text.as_str())),
        Typed::Nothing => Err(Failure::usage("nothing was typed")),
        Typed::Interrupt => Err(Failure::new(Exit::Interrupted, "interrupted")),
        Typed::Unusable => Err(Failure::usage(
            "what was typed is not text of at most 64 KiB; type it again",
        )),
    }
}

enum Typed {
    Line(Zeroizing<String>),
    Nothing,
    Interrupt,
    Unusable,
}

/// One line, key by key, so that the terminal need not hold it either.
fn line() -> io::Result<Typed> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LIMIT));
    let mut key = [0];
    loop {
        match rustix::io::read(rustix::stdio::stdin(), &mut key) {
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
            Ok(0) => return Ok(Typed::Nothing),
            Ok(_) => {}
        }
        match key[0] {
            b'\r' | b'\n' => break,
            0x03 => return Ok(Typed::Interrupt),
            0x04 if bytes.is_empty() => return Ok(Typed::Nothing),
            // Ctrl-U
            0x15 => bytes.clear(),
            0x7f | 0x08 => erase(&mut bytes),
            _ if bytes.len() == LIMIT => return Ok(Typed::Unusable),
            byte => bytes.push(byte),
        }
    }
    Ok(match std::str::from_utf8(&bytes) {
        Ok(text) if !text.chars().any(char::is_control) => {
            Typed::Line(Zeroizing::new(text.to_owned()))
        }
        _ => Typed::Unusable,
    })
}

/// Takes the last character away, however many bytes it has.
fn erase(bytes: &mut Vec<u8>) {
    while let Some(byte) = bytes.pop() {
        if byte & 0xc0 != 0x80 {
            break;
        }
    }
}

/// A terminal that shows nothing and hands over each key, for as long as this lives.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(rustix::stdio::stdin())?;
        let mut quiet = before.clone();
        quiet
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // There is nothing else to be done with a terminal that has gone.
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Drain, &self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::erase;

    #[test]
    fn a_character_is_erased_whole() {
        let mut typed = "aé日".as_bytes().to_vec();
        for left in ["aé", "a", "", ""] {
            erase(&mut typed);
            assert_eq!(typed, left.as_bytes());
        }
    }
}
