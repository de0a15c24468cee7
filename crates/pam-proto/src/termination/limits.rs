//! How long, how often and how many at once.

use std::time::Duration;

/// Looks that may fail in a row before a session that was not dropped yet is given up.
pub(super) const FAILED_LOOKS: u32 = 3;

/// How long a listing waits for the drops that are still under way, so that it serves them too.
pub(super) const GATHER: Duration = Duration::from_secs(1);

/// Whether the end of a session is proven or merely asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Verification {
    /// The session's record is read until it shows an end or the time is over.
    #[default]
    On,
    /// One drop, no look after it: the outcome is at best [`Unconfirmed`].
    ///
    /// [`Unconfirmed`]: super::Outcome::Unconfirmed
    Off,
}

/// Waits that double: `first`, then twice as much, up to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer.
    pub most: Duration,
}

impl Backoff {
    /// The wait before the repetition number `round`, counted from 0.
    #[must_use]
    pub fn wait(self, round: u32) -> Duration {
        let factor = 1_u32.checked_shl(round).unwrap_or(u32::MAX);
        self.first.saturating_mul(factor).min(self.most)
    }
}

/// The budget of every termination. Change what differs from the default:
///
/// ```
/// use pam_proto::termination::Limits;
/// use std::time::Duration;
///
/// let mut limits = Limits::default();
/// limits.verify_timeout = Duration::from_secs(90);
/// assert_eq!(limits.attempts, 3);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Whether a drop is verified.
    pub verification: Verification,
    /// How long the end of a session may take to be proven, counted from the drop's answer or
    /// loss; for one of many, from the moment when no drop waits to be sent, at the latest from
    /// as long again after its own answer. A look that is under way when the time is over is
    /// abandoned, so an appliance whose listing takes minutes needs a longer one. 30 s.
    pub verify_timeout: Duration,
    /// How often a drop is sent for one session, those included that were proven not to be
    /// carried out; at least 1 is taken. 3.
    pub attempts: u32,
    /// Drops and single looks under way at once; at least 1 is taken. 8.
    pub jobs: usize,
    /// How much later than the answer a look must begin for its "still active" to count against
    /// an accepted drop, or to end the matter of a refused one: the listing lags. 3 s.
    pub settle: Duration,
    /// How long to look for a session that was not dropped yet. 5 min, as a listing may take "a
    /// few minutes" (A2A API specification, "List all").
    pub find_timeout: Duration,
    /// After so long without an event a drop counts as lost, and no other is sent for its session,
    /// as the driver may still be about to send it; a backstop behind the adapter's own deadline,
    /// which must be shorter. 60 s.
    pub call_timeout: Duration,
    /// The waits between looks and between drops. Between listings they double up to half of
    /// `verify_timeout`.
    pub backoff: Backoff,
    /// Added to every wait of `backoff`: a random value, drawn by the caller, keeps several
    /// programs from marching in step. 0.
    pub jitter: Duration,
    /// Up to so many sessions with known row numbers are looked at one by one; when more wait,
    /// they share a listing. 64.
    pub single_looks: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            verification: Verification::On,
            verify_timeout: Duration::from_secs(30),
            attempts: 3,
            jobs: 8,
            settle: Duration::from_secs(3),
            find_timeout: Duration::from_secs(300),
            call_timeout: Duration::from_secs(60),
            backoff: Backoff {
                first: Duration::from_millis(500),
                most: Duration::from_secs(5),
            },
            jitter: Duration::ZERO,
            single_looks: 64,
        }
    }
}

impl Limits {
    pub(super) fn wait(&self, round: u32) -> Duration {
        self.backoff.wait(round) + self.jitter
    }

    pub(super) fn listing_wait(&self, round: u32) -> Duration {
        let backoff = Backoff {
            first: self.backoff.first,
            most: self.backoff.first.max(self.verify_timeout / 2),
        };
        backoff.wait(round) + self.jitter
    }

    /// The longest that one session can take, from its first step to its report, while it does
    /// not wait for other sessions, for the first listing's answer or for a `Retry-After`.
    ///
    /// ```
    /// # use pam_proto::termination::Limits;
    /// # use std::time::Duration;
    /// assert_eq!(Limits::default().longest(), Duration::from_secs(300 + 60 + 30 + 30 + 60));
    /// ```
    #[must_use]
    pub fn longest(&self) -> Duration {
        // Found, dropped, the clock started late, verified, and a last drop under way at the end.
        self.find_timeout + self.call_timeout * 2 + self.verify_timeout * 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_most() {
        let backoff = Limits::default().backoff;
        let waits = [0, 1, 2, 3, 4, 30, u32::MAX].map(|round| backoff.wait(round).as_millis());
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000]);
    }

    #[test]
    fn jitter_is_added_to_every_wait() {
        let limits = Limits {
            jitter: Duration::from_millis(7),
            ..Limits::default()
        };
        assert_eq!(limits.wait(9).as_millis(), 5_007);
        assert_eq!(limits.listing_wait(1).as_millis(), 1_007);
    }

    #[test]
    fn the_longest_time_holds_every_wait() {
        let seconds = Duration::from_secs;
        let limits = Limits {
            find_timeout: seconds(100),
            call_timeout: seconds(10),
            verify_timeout: seconds(1),
            ..Limits::default()
        };
        assert_eq!(limits.longest(), seconds(122));
    }

    #[test]
    fn listings_are_at_most_half_of_the_time_apart() {
        let mut limits = Limits::default();
        assert_eq!(limits.listing_wait(9), Duration::from_secs(15));
        limits.verify_timeout = Duration::ZERO;
        assert_eq!(limits.listing_wait(9), limits.backoff.first);
    }
}
