//! A TCP socket on which every read and write ends by one and the same deadline.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Socket {
    tcp: TcpStream,
    deadline: Instant,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream, deadline: Instant) -> Self {
        // A small request must not wait for the acknowledgement of the one before. A socket that
        // can't be told is only slower.
        let _ = tcp.set_nodelay(true);
        Self { tcp, deadline }
    }

    /// From now on, this is the deadline.
    pub(crate) fn until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    /// Runs what must not wait for the other side.
    pub(crate) fn without_waiting<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> io::Result<T> {
        self.tcp.set_nonblocking(true)?;
        let outcome = act(self);
        self.tcp.set_nonblocking(false)?;
        Ok(outcome)
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        match self.deadline.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(Some(left)),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.tcp.set_read_timeout(self.left()?)?;
        self.tcp.read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.tcp.set_write_timeout(self.left()?)?;
        self.tcp.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether an error of a read or write is that its time was over. A blocking socket says the one
/// on Unix and the other on Windows.
pub(crate) fn is_late(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// A deadline beyond the clock's range is as good as one in a year.
pub(crate) fn after(limit: Duration) -> Instant {
    Instant::now() + limit.min(YEAR)
}

/// The longest that anything is waited for.
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
