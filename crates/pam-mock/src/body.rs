//! Bodies on their way out, and what can go wrong with them there.

use std::num::NonZeroU64;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::answers::Content;

/// What happens to a body on its way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage {
    /// It stops early, though the connection does not.
    pub(crate) cut: bool,
    /// The connection breaks in the middle.
    pub(crate) reset: bool,
    /// It comes at this many bytes per second.
    pub(crate) drip: Option<NonZeroU64>,
}

/// The connection broke on purpose.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset on purpose")]
pub(crate) struct Broken;

/// A body that is being sent.
pub(crate) struct ReplyBody {
    source: Box<dyn Iterator<Item = Bytes> + Send>,
    /// What is left of the present chunk.
    chunk: Bytes,
    /// Bytes that are still to come, where that is known.
    left: Option<u64>,
    drip: Option<NonZeroU64>,
    /// Set on the connection when it has to break, and why it then does.
    breaks: Option<Arc<AtomicBool>>,
    pause: Option<Pin<Box<Sleep>>>,
}

/// How often a dripping body is fed.
const DRIPS_PER_SECOND: u64 = 10;

/// Long enough for what was sent before a reset to arrive.
const BEFORE_RESET: Duration = Duration::from_millis(50);

impl ReplyBody {
    /// The body of this content. `connection` is told when it has to break.
    pub(crate) fn new(content: Content, damage: &Damage, connection: &Arc<AtomicBool>) -> Self {
        let spoiled = damage.cut || damage.reset;
        let (source, left): (Box<dyn Iterator<Item = Bytes> + Send>, _) = match content {
            Content::Whole(bytes) => {
                // The length is announced: all of it before a reset, what there is after a cut.
                let announced = if damage.cut {
                    part_of(&bytes).len()
                } else {
                    bytes.len()
                };
                let sent = if spoiled { part_of(&bytes) } else { bytes };
                (Box::new(std::iter::once(sent)), Some(announced as u64))
            }
            Content::Stream(chunks) if spoiled => (Box::new(part_of_stream(chunks)), None),
            Content::Stream(chunks) => (chunks, None),
        };
        Self {
            source,
            chunk: Bytes::new(),
            left,
            drip: damage.drip,
            breaks: damage.reset.then(|| Arc::clone(connection)),
            pause: None,
        }
    }

    fn pause(&mut self, time: Duration) {
        self.pause = Some(Box::pin(sleep(time)));
    }
}

/// Two thirds.
fn part_of(bytes: &Bytes) -> Bytes {
    bytes.slice(..bytes.len() * 2 / 3)
}

/// The head and a part of the first rows.
fn part_of_stream(mut chunks: impl Iterator<Item = Bytes>) -> impl Iterator<Item = Bytes> {
    let head = chunks.next();
    head.into_iter()
        .chain(chunks.take(1).map(|rows| part_of(&rows)))
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
            if self.chunk.is_empty()
                && let Some(connection) = &self.breaks
            {
                connection.store(true, Ordering::Release);
                return Poll::Ready(Some(Err(Broken)));
            }
        }
        while self.chunk.is_empty() {
            match self.source.next() {
                Some(chunk) => self.chunk = chunk,
                None if self.breaks.is_some() => {
                    self.pause(BEFORE_RESET);
                    return self.poll_frame(context);
                }
                None => return Poll::Ready(None),
            }
        }
        let whole = self.chunk.len();
        let length = match self.drip {
            None => whole,
            Some(rate) => {
                let share = (rate.get() / DRIPS_PER_SECOND).max(1);
                let length = usize::try_from(share).map_or(whole, |share| share.min(whole));
                self.pause(Duration::from_secs_f64(length as f64 / rate.get() as f64));
                length
            }
        };
        let piece = self.chunk.copy_to_bytes(length);
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(piece.len() as u64);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.left
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
