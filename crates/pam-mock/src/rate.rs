//! How many calls are answered within a period.

use std::time::Duration;

use crate::clock::Moment;

/// Calls counted since the first of the period.
#[derive(Debug, Default)]
pub(crate) struct Rate {
    since: Option<Moment>,
    calls: u64,
}

impl Rate {
    /// Counts a call. When it is one too many, gives the seconds until the next period.
    pub(crate) fn exceeded(&mut self, allowed: u64, period: Duration, now: Moment) -> Option<u64> {
        let since = match self.since.filter(|since| now.since(*since) < period) {
            Some(since) => since,
            None => {
                self.calls = 0;
                *self.since.insert(now)
            }
        };
        if self.calls < allowed {
            self.calls += 1;
            return None;
        }
        let left = period.saturating_sub(now.since(since));
        // Whole seconds, rounded up: who waits them out is let in.
        u64::try_from(left.as_millis().div_ceil(1000)).ok()
    }
}
