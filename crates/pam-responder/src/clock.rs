//! The responder's time: it follows the machine's clock forwards, and never runs backwards.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pam_respond_core::Moment;

/// A clock that goes on by itself when the machine's is set back.
#[derive(Debug)]
pub(crate) struct Clock(Mutex<(Moment, Instant)>);

impl Clock {
    /// A clock that begins now, or later where the journal knows of a later time.
    pub(crate) fn new(not_before: Moment) -> Self {
        Self(Mutex::new((wall().max(not_before), Instant::now())))
    }

    pub(crate) fn now(&self) -> Moment {
        let mut base = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (moment, then) = *base;
        let gone_on = moment.plus(then.elapsed());
        let wall = wall();
        if wall > gone_on {
            *base = (wall, Instant::now());
        }
        wall.max(gone_on)
    }

    /// How long it is until then.
    pub(crate) fn until(&self, moment: Moment) -> Duration {
        moment.since(self.now())
    }
}

fn wall() -> Moment {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since.map_or(0, |since| since.as_millis());
    Moment::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}
