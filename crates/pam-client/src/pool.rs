//! Connections that wait for their next request.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::line::Line;

/// How long a connection may wait. It is below the shortest keep-alive in common use (5 s, the
/// Apache httpd default), so that a request seldom meets a server that is just hanging up.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// How many may wait.
const SIZE_LIMIT: usize = 64;

/// The longest-waiting line is first, the one to use next is last.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Line>>);

impl Pool {
    /// Whether no line waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines().is_empty()
    }

    /// A line that the other side has not closed, as far as can be known.
    pub(crate) fn take(&self) -> Option<Line> {
        loop {
            let mut line = self.lines().pop()?;
            if line.idle_since.elapsed() < IDLE_LIMIT && line.is_usable() {
                return Some(line);
            }
        }
    }

    /// Keeps a line for the next request, if it can carry one.
    pub(crate) fn put(&self, mut line: Line) {
        if !line.is_usable() {
            return;
        }
        line.idle_since = Instant::now();
        let mut lines = self.lines();
        let too_old = lines.partition_point(|line| line.idle_since.elapsed() >= IDLE_LIMIT);
        lines.drain(..too_old);
        if lines.len() < SIZE_LIMIT {
            lines.push(line);
        }
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        // A list of connections can't be left half changed by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
