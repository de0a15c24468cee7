//! A spinner with elapsed time and bytes, or a bar, on a terminal only.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A sign of life on standard error while something takes long. Elsewhere than on a terminal it
/// is nothing.
#[derive(Debug, Clone)]
pub(crate) struct Progress(Option<ProgressBar>);

impl Progress {
    /// No spinner.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// A spinner that says what is going on.
    pub(crate) fn start(what: &'static str) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if dumb || !io::stderr().is_terminal() {
            return Self::none();
        }
        let bar = ProgressBar::new_spinner().with_message(what);
        let template = "{spinner} {msg}  {elapsed}  {bytes}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self(Some(bar))
    }

    /// So many more bytes have come.
    pub(crate) fn received(&self, bytes: u64) {
        if let Some(bar) = self.0.as_ref().filter(|bar| bar.length().is_none()) {
            bar.inc(bytes);
        }
    }

    /// So many things are to be done: with more than one of them it becomes a bar.
    pub(crate) fn expect(&self, things: usize) {
        let Some(bar) = self.0.as_ref().filter(|_| things > 1) else {
            return;
        };
        let template = "{spinner} {msg}  {elapsed}  [{bar:30}] {pos}/{len}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_position(0);
        bar.set_length(things as u64);
    }

    /// One of them is done.
    pub(crate) fn one_done(&self) {
        if let Some(bar) = self.0.as_ref().filter(|bar| bar.length().is_some()) {
            bar.inc(1);
        }
    }

    /// Does something with the spinner out of the way.
    pub(crate) fn aside<T>(&self, act: impl FnOnce() -> T) -> T {
        match &self.0 {
            Some(bar) => bar.suspend(act),
            None => act(),
        }
    }

    /// Takes the spinner away.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
