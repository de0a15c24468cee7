//! Two clocks that disagree: learnt from a refusal, repaired without touching either.
//!
//! A signed request carries a timestamp (RFC 5849 section 3.3), and an appliance whose clock is
//! another one refuses it as it refuses a wrong key. Its `Date` header gives the difference away.

use std::fmt;

use crate::error::{Fault, ReplyError};
use crate::http_date::HttpDate;

/// By how much the appliance's clock is ahead of ours.
///
/// ```
/// use pam_proto::{ClockSkew, Envelope};
///
/// let response = http::Response::builder()
///     .status(401)
///     .header("Date", "Tue, 14 Nov 2023 22:18:32 GMT")
///     .body(br#"{"message":"Invalid signature"}"#.to_vec())
///     .unwrap();
/// let refusal = Envelope::success(&response).unwrap_err();
///
/// let skew = ClockSkew::behind(&refusal, 1_700_000_000).unwrap();
/// assert_eq!(skew.seconds(), 312);
/// assert_eq!(skew.corrected(1_700_000_001), 1_700_000_313);
/// assert_eq!(skew.to_string(), "the appliance's clock is 312 s ahead of ours");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSkew(i64);

impl ClockSkew {
    /// A difference of so many seconds is latency and rounding; signing anew would change nothing.
    pub const TOLERATED_SECONDS: u64 = 5;

    /// Whether a disagreement of the clocks can be what is behind a refusal: it is about the
    /// signature, the timestamp or who asks, and its `Date` differs by more than
    /// [`TOLERATED_SECONDS`](Self::TOLERATED_SECONDS) from `now`, which is our time as it was
    /// stamped, corrections included, in seconds since 1970.
    ///
    /// The request was not carried out and may be signed anew and sent once more.
    #[must_use]
    pub fn behind(refusal: &ReplyError, now: u64) -> Option<Self> {
        // A gateway answers a rejected Authorization with "no route" (A2A API specification,
        // "Bodies that are not the envelope"), and the wording of a refused timestamp is unknown.
        let about_stamp = matches!(
            refusal.fault,
            Fault::Signature | Fault::Timestamp | Fault::Token | Fault::NoRoute
        );
        let date = refusal.date.filter(|_| about_stamp)?;
        Self::between(date, now)
    }

    /// The difference between the appliance's clock and `now`, when it is worth a correction.
    #[must_use]
    pub fn between(date: HttpDate, now: u64) -> Option<Self> {
        let theirs = i64::try_from(date.unix_seconds()).ok()?;
        let ours = i64::try_from(now).ok()?;
        let skew = theirs.checked_sub(ours)?;
        (skew.unsigned_abs() > Self::TOLERATED_SECONDS).then_some(Self(skew))
    }

    /// Seconds by which the appliance is ahead; negative when it is behind.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.0
    }

    /// Our time as the appliance would tell it, in seconds since 1970.
    #[must_use]
    pub fn corrected(self, now: u64) -> u64 {
        now.saturating_add_signed(self.0)
    }
}

impl fmt::Display for ClockSkew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = if self.0 < 0 { "behind" } else { "ahead of" };
        let seconds = self.0.unsigned_abs();
        write!(f, "the appliance's clock is {seconds} s {side} ours")
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::envelope::Envelope;

    /// 2023-11-14 22:13:20 GMT.
    const NOW: u64 = 1_700_000_000;

    fn refusal(status: u16, body: &str, date: Option<u64>) -> ReplyError {
        let mut response = Response::builder().status(status);
        if let Some(date) = date {
            response = response.header("date", HttpDate::from_unix_seconds(date).to_string());
        }
        Envelope::success(&response.body(body.as_bytes().to_vec()).unwrap()).unwrap_err()
    }

    const SIGNATURE: &str = r#"{"message":"Invalid signature"}"#;

    #[test]
    fn the_edge_is_five_seconds() {
        let skew = |date| {
            ClockSkew::behind(&refusal(401, SIGNATURE, Some(date)), NOW).map(ClockSkew::seconds)
        };
        assert_eq!(skew(NOW), None);
        assert_eq!(skew(NOW + 5), None);
        assert_eq!(skew(NOW + 6), Some(6));
        assert_eq!(skew(NOW - 5), None);
        assert_eq!(skew(NOW - 6), Some(-6));
        assert_eq!(skew(0), Some(-1_700_000_000));
    }

    #[test]
    fn only_a_refusal_of_the_stamp_tells_of_a_skew() {
        let far = Some(NOW + 3_600);
        let behind = |status, body| ClockSkew::behind(&refusal(status, body, far), NOW);
        assert!(behind(401, r#"{"message":"Timestamp refused"}"#).is_some());
        assert!(behind(404, r#"{"message":"no Route matched with those values"}"#).is_some());
        assert!(behind(500, r#"{"message":"Unexpected error"}"#).is_none());
        assert!(behind(401, r#"{"error":"invalid_client"}"#).is_none());
        assert!(ClockSkew::behind(&refusal(401, SIGNATURE, None), NOW).is_none());
    }

    #[test]
    fn a_corrected_clock_shows_no_skew() {
        let refusal = refusal(401, SIGNATURE, Some(NOW - 40));
        let skew = ClockSkew::behind(&refusal, NOW).unwrap();
        assert_eq!(
            skew.to_string(),
            "the appliance's clock is 40 s behind ours"
        );
        assert_eq!(ClockSkew::behind(&refusal, skew.corrected(NOW)), None);
        assert_eq!(skew.corrected(10), 0);
    }
}
