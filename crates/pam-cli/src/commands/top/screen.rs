//! The terminal while it is ours; it is given back however this ends, a panic included.

use std::io;
use std::thread;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::{DefaultTerminal, Frame};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// How soon the reader of the keyboard notices that nobody wants its keys any more.
const PATIENCE: Duration = Duration::from_millis(100);

/// The other screen of the terminal, in raw mode.
pub(super) struct Screen(DefaultTerminal);

impl Screen {
    pub(super) fn open() -> io::Result<Self> {
        // Also makes a panic give the terminal back before it is told.
        ratatui::try_init().map(Self)
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.0.draw(draw).map(drop)
    }

    /// The keys that are pressed; it ends when the terminal is gone. A change of the size comes as
    /// no key, but wakes whoever waits for one.
    pub(super) fn keys(&self) -> UnboundedReceiver<Option<KeyEvent>> {
        let (pressed, keys) = unbounded_channel();
        thread::spawn(move || {
            while !pressed.is_closed() {
                let key = match event::poll(PATIENCE) {
                    Ok(false) => continue,
                    Ok(true) => match event::read() {
                        Ok(Event::Key(key)) if key.kind != KeyEventKind::Release => Some(key),
                        Ok(Event::Resize(..)) => None,
                        Ok(_) => continue,
                        Err(_) => return,
                    },
                    Err(_) => return,
                };
                if pressed.send(key).is_err() {
                    return;
                }
            }
        });
        keys
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Whether colours are wanted: by --color, NO_COLOR and what the terminal says of itself.
pub(super) fn has_colours() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::os::fd::OwnedFd;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{Winsize, tcgetattr, tcsetwinsize};

    use super::*;

    /// Tells this test that it is the one that panics, in a terminal of its own.
    const PANICS: &str = "PAMCTL_TEST_PANICS";

    #[test]
    fn a_panic_gives_the_terminal_back_before_it_is_told() {
        if std::env::var_os(PANICS).is_some() {
            let mut screen = Screen::open().unwrap();
            screen.draw(|_| {}).unwrap();
            panic!("while the screen is ours");
        }
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: 80,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keyboard, size).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let name = name.to_str().unwrap().to_owned();
        let modes = |keyboard: &File| format!("{:?}", tcgetattr(keyboard).unwrap().local_modes);
        let mut keyboard = File::from(keyboard);
        let before = modes(&keyboard);
        let end = || {
            let terminal = File::options().read(true).write(true).open(&name);
            Stdio::from(OwnedFd::from(terminal.unwrap()))
        };
        let this = concat!(
            "commands::top::screen::tests::",
            "a_panic_gives_the_terminal_back_before_it_is_told"
        );
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([this, "--exact", "--nocapture"])
            .env(PANICS, "1")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        let mut seen = Vec::new();
        // Linux answers EIO when the last program has left the terminal.
        let _ = keyboard.read_to_end(&mut seen);
        assert!(!child.wait().unwrap().success());
        let seen = String::from_utf8_lossy(&seen);
        assert!(seen.contains("\u{1b}[?1049h"), "it was ours: {seen:?}");
        let at = |text| {
            seen.rfind(text)
                .unwrap_or_else(|| panic!("{text:?}: {seen:?}"))
        };
        let left = seen.find("\u{1b}[?1049l").unwrap();
        assert!(left < at("while the screen is ours"), "{seen:?}");
        assert!(at("\u{1b}[?25l") < at("\u{1b}[?25h"));
        assert_eq!(modes(&keyboard), before, "raw mode is off");
    }
}
