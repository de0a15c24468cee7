//! Where one message ends and the next begins on a stream: RFC 6587 over TCP, RFC 5425 over TLS.

use memchr::{memchr_iter, memchr2};

/// How messages are told apart on a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// RFC 6587: each message either begins with its length in octets, or ends with LF, CR LF or
    /// NUL. Which of the two is told apart for each message, since one connection may carry both.
    ///
    /// A message that begins with up to seven digits and a space and counts no octets is misread;
    /// that lies in the format.
    Either,
    /// RFC 5425: each message begins with its length in octets.
    Counted,
}

/// One message, without what framed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The message, without a trailing LF, CR LF or NUL.
    pub bytes: &'a [u8],
    /// Whether its end is missing: it was longer than the limit, or the stream ended within it.
    pub truncated: bool,
}

/// A frame that had to be skipped. What follows it is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// A length of more than seven digits.
    #[error("a frame's length has more than 7 digits; the sender's octet counting is wrong")]
    CountTooLong,
    /// No length where there must be one.
    #[error("a frame begins without its length; RFC 5425 demands octet counting over TLS")]
    NotCounted,
}

/// The most octets of a message that are kept unless another limit is set: 64 KiB.
pub const DEFAULT_LIMIT: usize = 64 * 1024;

/// How many digits a length may have.
const DIGITS: usize = 7;

/// How many digits, followed by ` <`, are still meant as a length.
const DIGITS_OF_ANY_LENGTH: usize = 32;

/// What the mark of a counted frame is made of at most: digits, a space, `<` and a digit.
const MARK: usize = DIGITS + 3;

/// Takes a stream apart into messages, in whatever chunks it comes.
///
/// ```
/// use pam_alert::{Framer, Framing};
///
/// let mut framer = Framer::new(Framing::Either);
/// framer.feed(b"5 <13>a<13>b\r\n<1");
/// let mut messages = Vec::new();
/// while let Some(frame) = framer.next_frame() {
///     messages.push(frame?.bytes.to_vec());
/// }
/// assert_eq!(messages, [&b"<13>a"[..], b"<13>b"]);
/// # Ok::<(), pam_alert::FrameError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Framer {
    framing: Framing,
    limit: usize,
    buffer: Vec<u8>,
    /// Where the part of the buffer begins that is not yet told.
    start: usize,
    /// How far beyond `start` it was looked at in vain for the end of a line.
    seen: usize,
    state: State,
    /// Whether this stream counts octets: the frame before was counted, or badly so.
    counts: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// At the beginning of a frame.
    Boundary,
    /// Within a message of this many octets.
    Counted(usize),
    /// Within a message that ends with a terminator.
    Line,
    /// In the rest of a counted message that was too long.
    SkipCounted(usize),
    /// In the rest of a line that was too long or is no frame.
    SkipLine,
}

impl Framer {
    /// A framer that keeps up to [`DEFAULT_LIMIT`] octets of a message.
    pub fn new(framing: Framing) -> Self {
        Self::with_limit(framing, DEFAULT_LIMIT)
    }

    /// A framer that keeps up to `limit` octets of a message, at least 1. Of a longer one the
    /// beginning is told, marked as truncated, and the rest skipped.
    pub fn with_limit(framing: Framing, limit: usize) -> Self {
        Self {
            framing,
            limit: limit.max(1),
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            state: State::Boundary,
            counts: framing == Framing::Counted,
            ended: false,
        }
    }

    /// Takes the next octets of the stream. Then call [`next_frame`](Self::next_frame) until it
    /// returns none: what is held between two chunks is then no more than one message.
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer.drain(..self.start);
        self.start = 0;
        self.buffer.extend_from_slice(chunk);
    }

    /// Says that the stream has ended in order. What is left of it is the last message: a line
    /// whole, a counted one truncated.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next message, if it is complete.
    ///
    /// # Errors
    ///
    /// [`FrameError`] for a frame that is skipped; the next call goes on behind it.
    pub fn next_frame(&mut self) -> Option<Result<Frame<'_>, FrameError>> {
        loop {
            match self.state {
                State::Boundary => {
                    if let Some(error) = self.boundary()? {
                        return Some(Err(error));
                    }
                }
                State::Counted(length) => {
                    let kept = length.min(self.limit);
                    let there = self.rest().len();
                    if there < kept && !self.ended {
                        return None;
                    }
                    let end = kept.min(there);
                    let truncated = end < length;
                    self.counts = true;
                    self.state = match length - end {
                        0 => State::Boundary,
                        more => State::SkipCounted(more),
                    };
                    return Some(Ok(self.take(end, truncated)));
                }
                State::Line => {
                    let mut end = self.end_of_line();
                    if end.is_none() && self.ended {
                        end = Some(self.rest().len());
                    }
                    let too_long = match end {
                        Some(end) => end > self.limit,
                        None => self.rest().len() > self.limit + MARK,
                    };
                    if too_long {
                        self.state = State::SkipLine;
                        self.seen = 0;
                        return Some(Ok(self.take(self.limit, true)));
                    }
                    let end = end?;
                    self.state = State::Boundary;
                    self.seen = 0;
                    return Some(Ok(self.take(end, false)));
                }
                State::SkipCounted(more) => {
                    let skipped = more.min(self.rest().len());
                    self.start += skipped;
                    if skipped < more && !self.ended {
                        self.state = State::SkipCounted(more - skipped);
                        return None;
                    }
                    self.state = State::Boundary;
                }
                State::SkipLine => match self.end_of_line() {
                    Some(end) => {
                        self.start += end;
                        self.state = State::Boundary;
                        self.seen = 0;
                    }
                    None => {
                        // what may be the beginning of a mark stays
                        let skipped = self.rest().len().saturating_sub(MARK);
                        self.start += skipped;
                        self.seen = self.seen.saturating_sub(skipped);
                        if self.ended {
                            self.start = self.buffer.len();
                            self.state = State::Boundary;
                        }
                        return None;
                    }
                },
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    fn take(&mut self, length: usize, truncated: bool) -> Frame<'_> {
        let from = self.start;
        self.start += length;
        let bytes = self.buffer.get(from..from + length).unwrap_or_default();
        Frame {
            bytes: without_terminator(bytes),
            truncated,
        }
    }

    /// Decides what begins here. None: there is too little to tell.
    fn boundary(&mut self) -> Option<Option<FrameError>> {
        let is_filler = |byte: &&u8| matches!(byte, b'\n' | b'\r' | 0);
        self.start += self.rest().iter().take_while(is_filler).count();
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let first = *rest.first()?;
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let after = rest.get(digits..).unwrap_or_default();
        let is_count = (1..=DIGITS).contains(&digits) && first != b'0';
        let is_open = (1..=DIGITS_OF_ANY_LENGTH).contains(&digits) && after.is_empty();
        if is_open && !self.ended {
            return None;
        }
        if is_count && after.starts_with(b" ") {
            self.state = State::Counted(rest.get(..digits).map(number).unwrap_or_default());
            self.start += digits + 1;
            return Some(None);
        }
        let error = if self.framing == Framing::Counted {
            Some(if digits > DIGITS {
                FrameError::CountTooLong
            } else {
                FrameError::NotCounted
            })
        } else if (DIGITS + 1..=DIGITS_OF_ANY_LENGTH).contains(&digits) {
            if after.len() < 2 && !self.ended {
                return None;
            }
            after.starts_with(b" <").then_some(FrameError::CountTooLong)
        } else {
            None
        };
        self.seen = 0;
        self.state = if error.is_some() {
            self.counts = true;
            State::SkipLine
        } else {
            self.counts &= first != b'<';
            State::Line
        };
        Some(error)
    }

    /// How long the line here is: up to its terminator or, where counted frames are expected, up to
    /// what is plainly the beginning of the next one.
    fn end_of_line(&mut self) -> Option<usize> {
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let seen = self.seen.min(rest.len());
        let new = rest.get(seen..).unwrap_or_default();
        let terminator = memchr2(b'\n', 0, new).map(|at| at + seen);
        if self.counts {
            let line = rest.get(..terminator.unwrap_or(rest.len()))?;
            // a `<` that was the last octet has got its neighbour only now
            let from = seen.saturating_sub(1);
            let tail = line.get(from..).unwrap_or_default();
            let mark = memchr_iter(b'<', tail).find_map(|at| start_of_mark(line, at + from));
            if mark.is_some() {
                return mark;
            }
        }
        if terminator.is_none() {
            self.seen = rest.len();
        }
        terminator
    }
}

/// Where `123 <4` begins, given where its `<` is.
fn start_of_mark(line: &[u8], bracket: usize) -> Option<usize> {
    line.get(bracket + 1).filter(|byte| byte.is_ascii_digit())?;
    let before = line.get(..bracket)?.strip_suffix(b" ")?;
    let digits = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let start = before.len() - digits;
    let is_count = (1..=DIGITS).contains(&digits) && before.get(start) != Some(&b'0');
    is_count.then_some(start)
}

/// At most seven digits fit.
fn number(digits: &[u8]) -> usize {
    digits.iter().take(DIGITS).fold(0, |number, digit| {
        number * 10 + usize::from(digit.wrapping_sub(b'0'))
    })
}

/// A datagram or a counted frame may hold one terminator that is none of the message.
pub(crate) fn without_terminator(bytes: &[u8]) -> &[u8] {
    let line = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}
