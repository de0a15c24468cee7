//! Time and nonces: what the sans-IO core must be given.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base16ct::lower;
use pam_proto::oauth1::Stamp;
use pam_proto::{ClockSkew, ReplyError};

use crate::error::SetupError;

/// Bytes of randomness in a nonce; it is written as twice as many hexadecimal digits.
const NONCE: usize = 16;
/// Random bytes fetched at once: the system call costs more than the signature.
const RESERVE: usize = 64 * NONCE;

/// The system's clock, corrected by what the appliance's answers taught, and a source of nonces.
pub struct Clock {
    /// The appliance's clock minus ours, in seconds.
    offset: AtomicI64,
    reserve: Mutex<Reserve>,
}

struct Reserve {
    bytes: [u8; RESERVE],
    left: usize,
}

impl Clock {
    /// The system's time, uncorrected.
    #[must_use]
    pub fn new() -> Self {
        Self {
            offset: AtomicI64::new(0),
            reserve: Mutex::new(Reserve {
                bytes: [0; RESERVE],
                left: 0,
            }),
        }
    }

    /// A stamp for one request, and the offset that went into it.
    pub(crate) fn stamp(&self) -> Result<(Stamp, i64), SetupError> {
        let offset = self.offset.load(Ordering::Relaxed);
        let timestamp = unix_now().saturating_add_signed(offset);
        Ok((Stamp::new(timestamp, self.nonce()?), offset))
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> u64 {
        unix_now().saturating_add_signed(self.offset.load(Ordering::Relaxed))
    }

    /// Learns from a refusal whether the stamp of the refused request was wrong. `used` is the
    /// offset that went into it.
    pub(crate) fn learn(&self, refusal: &ReplyError, used: i64) -> Lesson {
        let Some(skew) = ClockSkew::behind(refusal, unix_now().saturating_add_signed(used)) else {
            return Lesson::ClockWasRight;
        };
        let offset = used.saturating_add(skew.seconds());
        let known = self.offset.swap(offset, Ordering::Relaxed);
        if offset.abs_diff(known) <= ClockSkew::TOLERATED_SECONDS {
            return Lesson::KnownByNow;
        }
        Lesson::Corrected { offset }
    }

    /// 32 random hexadecimal digits.
    ///
    /// # Errors
    /// [`SetupError::Randomness`] when the system gives no random bytes.
    pub fn nonce(&self) -> Result<String, SetupError> {
        let mut drawn = [0; NONCE];
        {
            let mut reserve = self.reserve.lock().unwrap_or_else(PoisonError::into_inner);
            if reserve.left < NONCE {
                getrandom::fill(&mut reserve.bytes).map_err(SetupError::Randomness)?;
                reserve.left = RESERVE;
            }
            reserve.left -= NONCE;
            let start = reserve.left;
            drawn.copy_from_slice(&reserve.bytes[start..start + NONCE]);
        }
        Ok(lower::encode_string(&drawn))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Clock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let offset = self.offset.load(Ordering::Relaxed);
        f.debug_struct("Clock")
            .field("offset", &offset)
            .finish_non_exhaustive()
    }
}

/// What the date of a refusal says about the refused request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lesson {
    /// The refusal had another reason.
    ClockWasRight,
    /// The stamp was wrong, and the offset was corrected since it was made.
    KnownByNow,
    /// The stamp was wrong, and the offset is corrected now.
    Corrected {
        /// The appliance's clock minus ours, in seconds.
        offset: i64,
    },
}

/// A clock that stands before 1970 reads as 1970; the appliance's answer corrects that.
fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0, |now| now.as_secs())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http::Response;
    use pam_proto::{Envelope, HttpDate};

    use super::*;

    fn refusal(date: u64) -> ReplyError {
        let response = Response::builder()
            .status(401)
            .header("date", HttpDate::from_unix_seconds(date).to_string())
            .body(br#"{"message":"Invalid signature"}"#.to_vec());
        Envelope::success(&response.unwrap()).unwrap_err()
    }

    #[test]
    fn nonces_differ_beyond_one_reserve() {
        let clock = Clock::new();
        let nonces: HashSet<String> = (0..1000).map(|_| clock.nonce().unwrap()).collect();
        assert_eq!(nonces.len(), 1000);
        assert!(nonces.iter().all(|nonce| nonce.len() == 2 * NONCE));
    }

    #[test]
    fn a_wrong_clock_is_corrected_once_and_goes_into_the_next_stamp() {
        for skew in [600, -600] {
            let clock = Clock::new();
            let date = unix_now().saturating_add_signed(skew);
            let Lesson::Corrected { offset } = clock.learn(&refusal(date), 0) else {
                panic!("the skew was not seen");
            };
            assert!((offset - skew).abs() <= 1, "{offset}");
            // Another call that had been stamped before learns nothing new.
            assert_eq!(clock.learn(&refusal(date), 0), Lesson::KnownByNow);
            let (stamp, used) = clock.stamp().unwrap();
            assert!(stamp.timestamp().unwrap().abs_diff(date) <= 1);
            assert_eq!(clock.learn(&refusal(date), used), Lesson::ClockWasRight);
        }
    }

    #[test]
    fn a_few_seconds_are_no_skew() {
        let clock = Clock::new();
        let near = refusal(unix_now() - 4);
        assert_eq!(clock.learn(&near, 0), Lesson::ClockWasRight);
        assert_eq!(clock.stamp().unwrap().1, 0);
    }

    #[test]
    fn a_hostile_date_overflows_nothing() {
        let clock = Clock::new();
        for date in [253_402_300_799, 0] {
            let used = clock.stamp().unwrap().1;
            let lesson = clock.learn(&refusal(date), used);
            assert!(matches!(lesson, Lesson::Corrected { .. }));
        }
        assert!(clock.stamp().unwrap().0.timestamp().unwrap() <= 1);
    }
}
