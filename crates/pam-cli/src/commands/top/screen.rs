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
