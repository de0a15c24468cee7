//! Somebody who sits at a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use assert_cmd::Command;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::fixture::child;

/// The end of a terminal at which a person sits.
pub(crate) struct Person {
    terminal: File,
    child: Child,
    seen: String,
    /// The modes of the terminal before anything ran.
    modes: String,
}

/// Raw or not, with an echo or without.
fn modes(terminal: &File) -> String {
    let Termios {
        input_modes,
        output_modes,
        local_modes,
        ..
    } = tcgetattr(terminal).unwrap();
    format!("{input_modes:?} {output_modes:?} {local_modes:?}")
}

impl Person {
    pub(crate) fn runs(command: &Command, columns: u16) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keyboard, size).unwrap();
        let screen = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let terminal = File::from(keyboard);
        let modes = modes(&terminal);
        let end = || Stdio::from(OwnedFd::from(screen.try_clone().unwrap()));
        let spawned = child(command)
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self {
            modes,
            terminal,
            child: spawned,
            seen: String::new(),
        }
    }

    /// Reads until this is on the screen.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        let mut buffer = [0; 4096];
        while !self.seen.contains(text) {
            let count = self.terminal.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "`{text}` was never seen in: {}", self.seen);
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        self
    }

    /// Reads until this is on the screen of a program that draws on all of it.
    #[track_caller]
    pub(crate) fn shows(&mut self, text: &str) -> &mut Self {
        let mut buffer = [0; 4096];
        while !drawn(&self.seen).contains(text) {
            let count = self.terminal.read(&mut buffer).unwrap_or(0);
            let screen = drawn(&self.seen);
            assert!(count > 0, "`{text}` was never shown in:\n{screen}");
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        self
    }

    /// Sends a signal to the program.
    pub(crate) fn gets(&mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        self.terminal.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Everything that was on the screen, and the exit code. The terminal is as it was before.
    #[track_caller]
    pub(crate) fn ends(mut self) -> (String, Option<i32>) {
        let mut buffer = [0; 4096];
        // Linux answers EIO when the last program has left the terminal.
        while let Ok(count) = self.terminal.read(&mut buffer) {
            if count == 0 {
                break;
            }
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        let code = self.child.wait().unwrap().code();
        assert_eq!(modes(&self.terminal), self.modes, "{}", self.seen);
        (self.seen, code)
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupts(&mut self) -> &mut Self {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self
    }
}

/// The screen after this was written to a terminal: cursor movements and clearing are followed,
/// colours are not.
fn drawn(written: &str) -> String {
    let mut lines = vec![vec![' '; 200]; 60];
    let (mut row, mut column) = (0, 0);
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if chars.next() != Some('[') {
                    continue;
                }
                let rest = chars.as_str();
                let end = rest.find(|c: char| c.is_ascii_alphabetic());
                let Some(end) = end else { break };
                let (numbers, command) = (&rest[..end], rest.as_bytes()[end]);
                chars = rest[end + 1..].chars();
                match command {
                    b'H' => {
                        let mut numbers =
                            numbers.split(';').map(|number| number.parse().unwrap_or(1));
                        row = numbers.next().unwrap_or(1) - 1;
                        column = numbers.next().unwrap_or(1usize) - 1;
                    }
                    b'J' => lines.iter_mut().for_each(|line| line.fill(' ')),
                    _ => {}
                }
            }
            '\r' => column = 0,
            '\n' => row += 1,
            c => {
                if let Some(cell) = lines.get_mut(row).and_then(|line| line.get_mut(column)) {
                    *cell = c;
                }
                column += 1;
            }
        }
    }
    let lines = lines.iter().map(String::from_iter);
    lines.collect::<Vec<_>>().join("\n")
}
