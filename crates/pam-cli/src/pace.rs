//! When to ask again: at an interval, less often after failures, never in step with others.

use std::time::Duration;

/// The longest wait after failures, unless the interval or the appliance asks for a longer one.
const LONGEST: Duration = Duration::from_secs(300);

/// How often something is asked.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    interval: Duration,
    failures: u32,
}

impl Pace {
    /// Asks at this interval, counted from an answer to the next question.
    pub(crate) fn new(interval: Duration) -> Self {
        Self {
            interval,
            failures: 0,
        }
    }

    /// How many times in a row it failed.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// The wait after an answer: the interval and up to a tenth more. `random` is 0 to 1.
    pub(crate) fn succeeded(&mut self, random: f64) -> Duration {
        self.failures = 0;
        self.interval.mul_f64(1.0 + 0.1 * random)
    }

    /// The wait after a failure: the interval doubled each time, of which up to half is left off,
    /// and never less than what the appliance asked for.
    pub(crate) fn failed(&mut self, asked: Option<Duration>, random: f64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let factor = 2u32.saturating_pow(self.failures.min(31));
        let doubled = self.interval.saturating_mul(factor);
        let wait = doubled.min(LONGEST.max(self.interval));
        let wait = wait.mul_f64(1.0 - 0.5 * random);
        asked.map_or(wait, |asked| wait.max(asked))
    }
}

/// A number from 0 to 1, for [`Pace`]. Without randomness it is one half: programs that march in
/// step are no reason to stop.
pub(crate) fn random() -> f64 {
    let mut bytes = [0x80, 0];
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_be_bytes(bytes)) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn failures_double_the_wait_up_to_five_minutes_and_an_answer_ends_that() {
        let mut pace = Pace::new(10 * SECOND);
        let waits = [20, 40, 80, 160, 300, 300].map(|seconds| seconds * SECOND);
        assert_eq!(waits.map(|_| pace.failed(None, 0.0)), waits);
        assert_eq!(pace.failures(), 6);
        assert_eq!(pace.succeeded(0.0), 10 * SECOND);
        assert_eq!(pace.failed(None, 0.0), 20 * SECOND);
    }

    #[test]
    fn a_long_interval_is_not_shortened_by_a_failure() {
        assert_eq!(Pace::new(3600 * SECOND).failed(None, 0.0), 3600 * SECOND);
        let mut pace = Pace::new(u32::MAX * SECOND);
        assert!((0..100).all(|_| pace.failed(None, 1.0) >= u32::MAX * SECOND / 2));
    }

    #[test]
    fn jitter_keeps_its_bounds_and_the_appliances_wish_wins() {
        let mut pace = Pace::new(10 * SECOND);
        assert_eq!(pace.succeeded(1.0), 11 * SECOND);
        assert_eq!(pace.failed(None, 1.0), 10 * SECOND);
        assert_eq!(pace.failed(Some(600 * SECOND), 0.5), 600 * SECOND);
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&random()));
        }
    }
}
