//! How often a caller may fail to prove who it is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::clock::Moment;

const PERIOD: Duration = Duration::from_secs(60);

/// Callers beyond this number are forgotten, all of them: each begins anew.
const CAPACITY: usize = 10_000;

/// Failures of each caller within a minute.
#[derive(Debug)]
pub(crate) struct Failures {
    callers: HashMap<IpAddr, (Moment, u32)>,
    allowed: u32,
}

impl Failures {
    pub(crate) fn new(allowed: u32) -> Self {
        Self {
            callers: HashMap::new(),
            allowed,
        }
    }

    /// For how many seconds a caller is not listened to, if it failed too often.
    pub(crate) fn shut_out(&self, caller: IpAddr, now: Moment) -> Option<u64> {
        let (since, failed) = self.callers.get(&caller)?;
        let left = PERIOD.checked_sub(now.since(*since))?;
        // Whole seconds, rounded up, and so at least one.
        (*failed >= self.allowed).then(|| left.as_secs() + 1)
    }

    pub(crate) fn count(&mut self, caller: IpAddr, now: Moment) {
        if self.callers.len() >= CAPACITY {
            self.callers.clear();
        }
        let entry = self.callers.entry(caller).or_insert((now, 0));
        if now.since(entry.0) > PERIOD {
            *entry = (now, 0);
        }
        entry.1 = entry.1.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn who_fails_too_often_waits_a_minute_alone() {
        let mut failures = Failures::new(2);
        let caller = IpAddr::from(Ipv4Addr::LOCALHOST);
        let other = IpAddr::from(Ipv4Addr::new(192, 0, 2, 1));
        let now = Moment(1_700_000_000_000);
        failures.count(caller, now);
        assert_eq!(failures.shut_out(caller, now), None);
        failures.count(caller, now.plus_seconds(59));
        assert_eq!(failures.shut_out(caller, now.plus_seconds(59)), Some(2));
        assert_eq!(failures.shut_out(other, now), None);
        assert_eq!(failures.shut_out(caller, now.plus_seconds(61)), None);
        failures.count(caller, now.plus_seconds(61));
        assert_eq!(failures.shut_out(caller, now.plus_seconds(61)), None);
    }
}
