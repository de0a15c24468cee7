//! Standard output: what was asked for, and nothing else.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::printable::{PrintableJson, printable};
use crate::progress::Progress;

/// How much is gathered before it is written.
const FULL: usize = 64 * 1024;
/// How long a finished line waits for more.
const PATIENCE: Duration = Duration::from_millis(100);

/// Buffered standard output that lets a slow stream of lines through as they come, and does not
/// write into a spinner on the same terminal.
pub(crate) struct Stdout {
    buffer: Vec<u8>,
    flushed: Instant,
    progress: Option<Progress>,
}

impl Stdout {
    /// Standard output.
    pub(crate) fn open() -> Self {
        Self {
            buffer: Vec::new(),
            flushed: Instant::now(),
            progress: None,
        }
    }

    /// Standard output beside a spinner, which is hidden while something is written.
    pub(crate) fn beside(progress: &Progress) -> Self {
        let progress = io::stdout().is_terminal().then(|| progress.clone());
        Self {
            progress,
            ..Self::open()
        }
    }

    /// The width of the terminal, when it is one.
    pub(crate) fn room() -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// Writes lines of text.
    pub(crate) fn lines(lines: &[String]) -> io::Result<()> {
        let mut out = Self::open();
        for line in lines {
            writeln!(out, "{}", printable(line))?;
        }
        out.flush()
    }

    /// Writes one value as one line of JSON.
    pub(crate) fn json(value: &impl Serialize) -> io::Result<()> {
        let mut out = Self::open();
        json_line(&mut out, value)?;
        out.flush()
    }
}

/// Writes a value and a line break.
pub(crate) fn json_line(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    json(out, value)?;
    out.write_all(b"\n")
}

/// Writes a value.
pub(crate) fn json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(
        out,
        PrintableJson,
    ))?;
    Ok(())
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        let waited = bytes.ends_with(b"\n") && self.flushed.elapsed() > PATIENCE;
        if waited || self.buffer.len() >= FULL {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.buffer);
        self.flushed = Instant::now();
        if buffer.is_empty() {
            return Ok(());
        }
        let write = || {
            let mut stdout = io::stdout().lock();
            stdout.write_all(&buffer)?;
            stdout.flush()
        };
        let written = match &self.progress {
            Some(progress) => progress.aside(write),
            None => write(),
        };
        self.buffer = buffer;
        self.buffer.clear();
        written
    }
}
