//! How long a call waits when the appliance says that there are too many of them.

use std::time::Duration;

use pam_proto::{Fault, ReplyError};

/// The first wait where the answer names none; each further one is twice as long, named or not.
const FIRST: Duration = Duration::from_millis(250);

/// The waits of one call, which together are no longer than its deadline.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    waits: u32,
    waited: Duration,
}

impl Patience {
    /// How long to wait before the same is asked again: as long as `Retry-After` says, and longer
    /// than the time before. `None` when the refusal has another reason than the rate limit, or
    /// when the wait would outlast the deadline.
    pub(crate) fn wait(&mut self, refusal: &ReplyError, deadline: Duration) -> Option<Duration> {
        if refusal.fault != Fault::RateLimited {
            return None;
        }
        let least = FIRST.saturating_mul(1_u32.checked_shl(self.waits).unwrap_or(u32::MAX));
        let wait = refusal.retry_after.unwrap_or_default().max(least);
        let waited = self.waited.saturating_add(wait);
        if waited > deadline {
            return None;
        }
        self.waits += 1;
        self.waited = waited;
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use http::Response;
    use pam_proto::Envelope;

    use super::*;

    fn refusal(status: u16, retry_after: Option<&str>) -> ReplyError {
        let mut response = Response::builder().status(status);
        if let Some(seconds) = retry_after {
            response = response.header("retry-after", seconds);
        }
        let response = response.body(br#"{"message":"no"}"#.to_vec()).unwrap();
        Envelope::success(&response).unwrap_err()
    }

    fn waits(refusal: &ReplyError, deadline: Duration) -> Vec<u128> {
        let mut patience = Patience::default();
        let waits = std::iter::from_fn(|| patience.wait(refusal, deadline));
        waits.map(|wait| wait.as_millis()).collect()
    }

    #[test]
    fn it_waits_as_long_as_it_is_told_until_the_deadline() {
        let deadline = Duration::from_secs(10);
        assert_eq!(waits(&refusal(429, Some("5")), deadline), [5000, 5000]);
        assert_eq!(waits(&refusal(429, Some("11")), deadline), [0; 0]);
        let doubled = [250, 500, 1000, 2000, 4000];
        assert_eq!(waits(&refusal(429, None), deadline), doubled);
        assert_eq!(waits(&refusal(429, Some("0")), deadline), doubled);
        assert_eq!(waits(&refusal(503, Some("1")), deadline), [0; 0]);
    }
}
