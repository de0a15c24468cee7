//! One HTTP/1.1 connection, as ureq drives it.
//!
//! ureq's own deadlines are counted from step to step. Here one deadline holds from the sending of
//! a request to the last byte of its answer, and every failure says whether the request may have
//! been carried out.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::Arc;
use std::time::Instant;

use pam_adapter::{CallError, Destination, how_lost, tls};
use rustls::{ClientConnection, StreamOwned};
use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout, Transport};

use crate::socket::{Socket, after, is_late};

/// The most bytes that a status line and its headers may have.
pub(crate) const HEAD_LIMIT: usize = 64 * 1024;
/// The most bytes read at once. There must be room for a head that is over its limit.
const READ_LIMIT: usize = HEAD_LIMIT + 1024;
/// The most bytes written at once.
const WRITE_LIMIT: usize = 16 * 1024;

/// What a connection tells through ureq.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Not one byte of the request was written.
    #[error("{0}")]
    Unsent(CallError),
    /// The connection is gone.
    #[error("{cause}")]
    Lost {
        cause: String,
        /// Nothing at all came back, on a connection that had been used before.
        stale: bool,
    },
    /// The deadline has passed.
    #[error("the deadline has passed")]
    Late,
}

impl From<Trouble> for ureq::Error {
    fn from(trouble: Trouble) -> Self {
        Self::Other(Box::new(trouble))
    }
}

pub(crate) enum Stream {
    Plain(Socket),
    Tls(Box<StreamOwned<ClientConnection, Socket>>),
}

/// Where the exchange under way has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Sending { written: usize },
    Answering,
}

pub(crate) struct Line {
    stream: Stream,
    buffers: LazyBuffers,
    destination: Arc<Destination>,
    phase: Phase,
    /// When the answer must be complete.
    deadline: Instant,
    requests: u64,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("phase", &self.phase).finish()
    }
}

impl Line {
    pub(crate) fn new(stream: Stream, destination: Arc<Destination>) -> Self {
        Self {
            stream,
            buffers: LazyBuffers::new(READ_LIMIT, WRITE_LIMIT),
            destination,
            phase: Phase::Idle,
            deadline: Instant::now(),
            requests: 0,
        }
    }

    fn socket(&mut self) -> &mut Socket {
        match &mut self.stream {
            Stream::Plain(socket) => socket,
            Stream::Tls(stream) => &mut stream.sock,
        }
    }

    /// Sets the deadline for the next read or write: that of the exchange, or ureq's, whichever
    /// comes first.
    fn arm(&mut self, timeout: NextTimeout) {
        let next = after(*timeout.after);
        let deadline = next.min(self.deadline);
        self.socket().until(deadline);
    }

    fn write(&mut self, amount: usize) -> io::Result<()> {
        let mut written = 0;
        while written < amount {
            let bytes = &self.buffers.output()[written..amount];
            let outcome = match &mut self.stream {
                Stream::Plain(socket) => socket.write(bytes),
                Stream::Tls(stream) => stream.write(bytes),
            };
            let more = match outcome {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(more) => more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            written += more;
            if let Phase::Sending { written } = &mut self.phase {
                *written += more;
            }
        }
        match &mut self.stream {
            Stream::Plain(_) => Ok(()),
            Stream::Tls(stream) => stream.flush(),
        }
    }

    fn read(&mut self) -> io::Result<usize> {
        let free = self.buffers.input_append_buf();
        loop {
            let outcome = match &mut self.stream {
                Stream::Plain(socket) => socket.read(free),
                Stream::Tls(stream) => stream.read(free),
            };
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => return outcome,
            }
        }
    }

    /// Why the other side hung up, if it said so in TLS.
    fn last_word(&mut self) -> Option<io::Error> {
        let Stream::Tls(stream) = &mut self.stream else {
            return None;
        };
        let StreamOwned { conn, sock } = &mut **stream;
        while conn.read_tls(sock).is_ok_and(|amount| amount > 0) {
            if let Err(error) = conn.process_new_packets() {
                return Some(io::Error::new(io::ErrorKind::InvalidData, error));
            }
        }
        None
    }

    fn trouble(&self, error: &io::Error) -> Trouble {
        if is_late(error) {
            return Trouble::Late;
        }
        if let Some(fault) = tls::refused_identity(error) {
            return Trouble::Unsent(self.destination.untrusted(fault).into());
        }
        // What TLS has taken may have left in part.
        if self.phase == (Phase::Sending { written: 0 }) && matches!(self.stream, Stream::Plain(_))
        {
            return Trouble::Unsent(self.destination.unsent().into());
        }
        self.lost(Some(error))
    }

    fn lost(&self, error: Option<&io::Error>) -> Trouble {
        Trouble::Lost {
            cause: how_lost(error),
            stale: self.requests > 1 && self.phase != Phase::Answering,
        }
    }
}

impl Transport for Line {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !matches!(self.phase, Phase::Sending { .. }) {
            self.phase = Phase::Sending { written: 0 };
            self.deadline = after(*timeout.after);
            self.requests += 1;
        }
        self.arm(timeout);
        let outcome = self.write(amount);
        // A server that answers before it has read everything may close its side of the line; its
        // answer, or its alert, is then still to be had.
        let begun = self.phase != (Phase::Sending { written: 0 });
        match outcome {
            Err(error) if begun && !is_late(&error) => Ok(()),
            Err(error) => {
                let error = self.last_word().unwrap_or(error);
                Err(self.trouble(&error).into())
            }
            Ok(()) => Ok(()),
        }
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.arm(timeout);
        match self.read() {
            // Before an answer has begun, nothing can be said for its end.
            Ok(0) if self.phase != Phase::Answering => Err(self.lost(None).into()),
            Ok(amount) => {
                self.buffers.input_appended(amount);
                self.phase = Phase::Answering;
                Ok(amount > 0)
            }
            Err(error) => Err(self.trouble(&error).into()),
        }
    }

    /// Whether the other side has neither hung up nor said anything that nobody asked for.
    fn is_open(&mut self) -> bool {
        let open = match &mut self.stream {
            Stream::Plain(socket) => {
                socket.until(after(std::time::Duration::from_secs(1)));
                let read = socket.without_waiting(|socket| socket.read(&mut [0]));
                matches!(read, Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Stream::Tls(stream) => {
                let StreamOwned { conn, sock } = &mut **stream;
                sock.until(after(std::time::Duration::from_secs(1)));
                sock.without_waiting(|sock| is_quiet(conn, sock))
                    .unwrap_or(false)
            }
        };
        self.phase = Phase::Idle;
        open
    }

    fn is_tls(&self) -> bool {
        matches!(self.stream, Stream::Tls(_))
    }
}

/// Takes what TLS itself has to say, such as the tickets of TLS 1.3.
fn is_quiet(connection: &mut ClientConnection, socket: &mut Socket) -> bool {
    loop {
        match connection.read_tls(socket) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
        match connection.process_new_packets() {
            Ok(state) if state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed() => {}
            _ => return false,
        }
    }
}
