//! Points in time by the appliance's clock, whose own times carry no zone.

use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use pam_proto::listing::CivilTime;

/// A point in time as a person writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// By the appliance's own clock: `2024-05-06 16:00`.
    Civil(CivilTime),
    /// The same for everybody: `2024-05-06T16:00:00Z`, `2024-05-06T16:00:00-03:00`.
    Instant(Timestamp),
    /// So long ago: `2h`.
    Ago(SignedDuration),
}

/// A text that is no point in time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a time; write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS by the appliance's clock, \
     YYYY-MM-DDTHH:MM:SSZ in UTC, or how long ago: 90s, 30m, 2h, 1d or 1w"
)]
pub(crate) struct NoTime;

impl FromStr for When {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        if let Ok(civil) = text.parse() {
            return Ok(Self::Civil(civil));
        }
        if let Some(ago) = ago(text) {
            return Ok(Self::Ago(ago));
        }
        text.parse().map(Self::Instant).map_err(|_| NoTime)
    }
}

/// A number and a unit; without a unit it could be anything.
fn ago(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let number: i64 = text.strip_suffix(unit)?.parse().ok()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    (number >= 0).then_some(SignedDuration::from_secs(number.checked_mul(seconds)?))
}

/// The appliance's wall clock, if this machine's is right.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    zone: Option<TimeZone>,
}

impl Clock {
    /// A clock in this zone, or in that of the machine: finding that one reads every folder of its
    /// time zones, so it is put off until a time is asked for.
    pub(crate) fn new(zone: Option<TimeZone>) -> Self {
        Self { zone }
    }

    /// Its zone.
    pub(crate) fn zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or_else(TimeZone::system)
    }

    /// What it shows now.
    pub(crate) fn now(&self) -> DateTime {
        self.zone().to_datetime(Timestamp::now())
    }

    /// What it shows at a point in time.
    pub(crate) fn shows(&self, when: When) -> CivilTime {
        when.by(&self.zone(), Timestamp::now())
    }
}

impl When {
    /// The same for everybody; what is written without a zone is by the clock of this one.
    pub(crate) fn instant(self, zone: &TimeZone, now: Timestamp) -> Timestamp {
        match self {
            Self::Instant(instant) => instant,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
            Self::Civil(civil) => {
                let civil = civil.to_string().parse::<DateTime>();
                let instant = civil.and_then(|civil| zone.to_timestamp(civil));
                instant.unwrap_or(Timestamp::MIN)
            }
        }
    }

    fn by(self, zone: &TimeZone, now: Timestamp) -> CivilTime {
        let instant = match self {
            Self::Civil(civil) => return civil,
            Self::Instant(instant) => instant,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        };
        civil(zone.to_datetime(instant))
    }
}

/// The time as the listing writes it; before the year 0 no time is.
fn civil(time: DateTime) -> CivilTime {
    time.strftime("%Y-%m-%d %H:%M:%S")
        .to_string()
        .parse()
        .unwrap_or(CivilTime::EARLIEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read_by_the_clock_of_the_appliance() {
        let zone = TimeZone::get("America/Sao_Paulo").unwrap();
        // 2024-05-06 16:05:07 UTC.
        let now = Timestamp::from_second(1_715_011_507).unwrap();
        let table = [
            ("2024-05-06 12:00", "2024-05-06 12:00:00"),
            ("2024-05-06", "2024-05-06 00:00:00"),
            ("2024-05-06T12:00:00Z", "2024-05-06 09:00:00"),
            ("2024-05-06T12:00:00+02:00", "2024-05-06 07:00:00"),
            ("2h", "2024-05-06 11:05:07"),
            ("90s", "2024-05-06 13:03:37"),
            ("1w", "2024-04-29 13:05:07"),
            ("9000000000d", "0000-01-01 00:00:00"),
        ];
        for (text, expected) in table {
            let when: When = text.parse().unwrap();
            assert_eq!(when.by(&zone, now).to_string(), expected, "{text}");
        }
        // Its clock stood at another offset in the summer of 2018.
        let summer: When = "2018-12-31T12:00:00Z".parse().unwrap();
        assert_eq!(summer.by(&zone, now).to_string(), "2018-12-31 10:00:00");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2",
            "h",
            "-2h",
            "2y",
            "soon",
            "2024-13-01",
            "99999999999999999999d",
        ] {
            assert_eq!(text.parse::<When>(), Err(NoTime), "{text}");
        }
    }
}
