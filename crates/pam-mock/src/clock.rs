//! The mock's time: the system's, or one that a test moves.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// The clock that a mock lives by. It never goes backwards by itself.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let noon = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
/// let clock = pam_mock::Clock::manual(noon);
/// clock.advance(Duration::from_secs(30));
/// assert_eq!(clock.now(), noon + Duration::from_secs(30));
/// ```
#[derive(Debug)]
pub struct Clock {
    /// Where a manual clock began, in milliseconds; a system clock has none.
    start: Option<i64>,
    /// How far it was moved, in milliseconds.
    moved: AtomicI64,
}

impl Clock {
    /// The system's clock; it can be moved forward, not stopped.
    #[must_use]
    pub fn system() -> Self {
        Self {
            start: None,
            moved: AtomicI64::new(0),
        }
    }

    /// A clock that stands until it is moved.
    #[must_use]
    pub fn manual(start: SystemTime) -> Self {
        Self {
            start: Some(Moment::from(start).0),
            moved: AtomicI64::new(0),
        }
    }

    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let further = |moved: i64| Some(moved.saturating_add(by).min(FAR));
        // The closure always gives a value, so this can't fail.
        let _ = self
            .moved
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, further);
    }

    /// What the clock shows.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.moment().into()
    }

    /// Whether it moves by itself.
    pub(crate) fn runs(&self) -> bool {
        self.start.is_none()
    }

    pub(crate) fn moment(&self) -> Moment {
        let start = self
            .start
            .unwrap_or_else(|| Moment::from(SystemTime::now()).0);
        Moment(start.saturating_add(self.moved.load(Ordering::Acquire)))
    }
}

/// As far as a clock can be moved: beyond it, dates have five digits of year.
const FAR: i64 = 200_000_000_000_000;

/// A point of time in milliseconds since 1970-01-01 00:00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    pub(crate) fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    pub(crate) fn plus(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(FAR);
        Self(self.0.saturating_add(by.min(FAR)))
    }

    pub(crate) fn minus(self, by: Duration) -> Self {
        let by = i64::try_from(by.as_millis()).unwrap_or(FAR);
        Self(self.0.saturating_sub(by.min(FAR)))
    }

    pub(crate) fn plus_seconds(self, by: i64) -> Self {
        Self(self.0.saturating_add(by.saturating_mul(1000)))
    }

    /// How long ago `earlier` was; nothing when it lies ahead.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The start of the hour that this lies in.
    pub(crate) fn hour(self) -> Self {
        Self(self.0 - self.0.rem_euclid(3_600_000))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0.clamp(-FAR, FAR)).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The date and time on a wall in that zone.
    pub(crate) fn on_the_wall(self, zone: Offset) -> DateTime {
        zone.to_datetime(self.timestamp())
    }

    /// Reads `YYYY-MM-DD HH:MM:SS` in that zone, or an RFC 3339 time, which has its own.
    pub(crate) fn parse(text: &str, zone: Offset) -> Option<Self> {
        if let Ok(timestamp) = text.parse::<Timestamp>() {
            return Some(Self(timestamp.as_millisecond()));
        }
        let wall: DateTime = text.parse().ok()?;
        let timestamp = zone.to_timestamp(wall).ok()?;
        Some(Self(timestamp.as_millisecond()))
    }

    /// `2024-05-06T16:05:07-03:00` (RFC 3339).
    pub(crate) fn rfc3339(self, zone: Offset) -> String {
        let timestamp = self.timestamp();
        // Whole seconds: the alerts carry no fraction.
        let whole = Timestamp::from_second(timestamp.as_second()).unwrap_or(timestamp);
        whole.display_with_offset(zone).to_string()
    }

    /// The value of a `Date` header (RFC 9110 section 5.6.7).
    pub(crate) fn http_date(self) -> String {
        let wall = self.on_the_wall(Offset::UTC);
        wall.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

impl From<SystemTime> for Moment {
    fn from(time: SystemTime) -> Self {
        let milliseconds = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(FAR),
            Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(FAR),
        };
        Self(milliseconds.clamp(-FAR, FAR))
    }
}

impl From<Moment> for SystemTime {
    fn from(moment: Moment) -> Self {
        let distance = Duration::from_millis(moment.0.unsigned_abs());
        let time = if moment.0 < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        };
        time.unwrap_or(UNIX_EPOCH)
    }
}

/// The zone that lies this far east of Greenwich.
pub(crate) fn zone(minutes: i16) -> Option<Offset> {
    let distance = SignedDuration::from_mins(i64::from(minutes));
    Offset::try_from(distance).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_the_appliance_writes_it() {
        let moment = Moment(1_700_000_000_000);
        let brasilia = zone(-180).unwrap();
        assert_eq!(moment.rfc3339(brasilia), "2023-11-14T19:13:20-03:00");
        assert_eq!(moment.http_date(), "Tue, 14 Nov 2023 22:13:20 GMT");
    }

    #[test]
    fn a_date_is_read_in_the_servers_zone() {
        let brasilia = zone(-180).unwrap();
        let moment = Some(Moment(1_700_000_000_000));
        for text in [
            "2023-11-14 19:13:20",
            "2023-11-14T19:13:20",
            "2023-11-14T22:13:20Z",
        ] {
            assert_eq!(Moment::parse(text, brasilia), moment, "{text}");
        }
        assert_eq!(Moment::parse("14/11/2023 19:13:20", brasilia), None);
    }

    #[test]
    fn a_system_clock_can_be_moved_ahead() {
        let clock = Clock::system();
        clock.advance(Duration::from_secs(3600));
        let ahead = clock.now().duration_since(SystemTime::now()).unwrap();
        assert!(ahead > Duration::from_secs(3590), "{ahead:?}");
    }
}
