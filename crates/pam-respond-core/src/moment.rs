//! Points in time, as values.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970 in UTC. It is shown as RFC 3339 writes it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    /// The moment of so many milliseconds since 1970.
    #[must_use]
    pub fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(millis(span)))
    }

    /// So much earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(millis(span)))
    }

    /// How long it is since an earlier moment; zero when that one is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// What a clock on the wall of this zone shows.
    #[must_use]
    pub fn civil(self, zone: &TimeZone) -> DateTime {
        zone.to_datetime(self.timestamp())
    }

    /// The same for other code; a moment beyond the year 9999 is its end.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        let nearest = if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        Timestamp::from_millisecond(self.0).unwrap_or(nearest)
    }

    /// The moment at which the appliance's clock showed this; where a clock that was set back
    /// showed it twice, the first.
    pub(crate) fn of_civil(text: &str, zone: &TimeZone) -> Option<Self> {
        // The listing's own form has a blank where ISO 8601 has a `T`; both are read.
        let civil: pam_proto::listing::CivilTime = text.parse().ok()?;
        let civil: DateTime = civil.to_string().replace(' ', "T").parse().ok()?;
        zone.to_timestamp(civil).ok().map(Self::from)
    }
}

impl From<Timestamp> for Moment {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_millisecond())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.timestamp().fmt(f)
    }
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_appliances_time_is_read_in_its_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(-3));
        let moment = Moment::of_civil("2024-05-06 16:05:07", &zone).unwrap();
        assert_eq!(moment.to_string(), "2024-05-06T19:05:07Z");
        assert_eq!(moment.civil(&zone).to_string(), "2024-05-06T16:05:07");
        assert_eq!(Moment::of_civil("soon", &zone), None);
    }

    #[test]
    fn no_arithmetic_leaves_the_range() {
        let last = Moment::from_millis(i64::MAX);
        assert_eq!(last.plus(Duration::MAX), last);
        assert_eq!(Moment::default().since(last), Duration::ZERO);
        assert!(last.to_string().starts_with("9999"));
    }
}
