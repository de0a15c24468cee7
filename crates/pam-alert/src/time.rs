//! When an event was, as exactly as its sender said it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::{Pieces, PiecesOffset};
use jiff::tz::{Offset, TimeZone};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words::word;

/// When an event was, as exactly as its sender said it: what it left out stays out.
///
/// Its text, which is also how it is serialized, shows which of the three it is:
/// `2018-06-18T17:49:41-03:00`, `2018-06-18T17:49:41`, `--06-18T17:49:41`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertTime {
    /// A point in time, with the offset in which it was written.
    Instant {
        /// The point in time.
        at: Timestamp,
        /// The offset from UTC that the sender wrote.
        offset: Offset,
    },
    /// A date and a time without a zone.
    Civil(DateTime),
    /// A month, a day and a time with neither year nor zone, as RFC 3164 writes them.
    Yearless {
        /// 1 to 12.
        month: i8,
        /// 1 to 31.
        day: i8,
        /// The time of the day.
        time: Time,
    },
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A text that is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a time: {0:?}; write it like 2018-06-18T17:49:41-03:00")]
pub struct TimeError(String);

impl AlertTime {
    /// The point in time that is meant: `zone` stands in where the sender wrote none, and the year
    /// nearest to `near`, usually the arrival, where it wrote no year.
    ///
    /// None where no such time exists (30 February) or it is out of range (years −9999 to 9999).
    pub fn resolve(&self, near: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let in_zone = |civil: DateTime| zone.to_timestamp(civil).ok();
        match *self {
            Self::Instant { at, .. } => Some(at),
            Self::Civil(civil) => in_zone(civil),
            Self::Yearless { month, day, time } => {
                let year = zone.to_datetime(near).year();
                (year.saturating_sub(1)..=year.saturating_add(1))
                    .filter_map(|year| {
                        let date = Date::new(year, month, day).ok()?;
                        in_zone(date.to_datetime(time))
                    })
                    .min_by_key(|at| near.duration_until(*at).abs())
            }
        }
    }

    /// Any of the forms that senders use: ISO 8601, seconds or milliseconds since 1970, and CEF's
    /// `MMM dd [yyyy] HH:mm:ss[.SSS] [zzz]` (ArcSight CEF, "Date formats").
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::from_epoch(text)
            .or_else(|| Self::from_iso(text))
            .or_else(|| {
                let (time, rest) = Self::month_day(text)?;
                match (time, rest.trim()) {
                    (time, "") => Some(time),
                    (Self::Civil(civil), zone) => Self::from_parts(civil, offset(zone)),
                    (time, _) => Some(time),
                }
            })
    }

    /// A count since 1970 in UTC: 9 or 10 digits of seconds, perhaps with a fraction, or 12 or 13
    /// digits of milliseconds.
    fn from_epoch(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let number: i64 = whole.parse().ok()?;
        let at = match whole.len() {
            9 | 10 => {
                let digits: String = fraction
                    .chars()
                    .chain("000000000".chars())
                    .take(9)
                    .collect();
                Timestamp::new(number, digits.parse().ok()?)
            }
            12 | 13 => Timestamp::from_millisecond(number),
            _ => return None,
        };
        let offset = Offset::UTC;
        Some(Self::Instant {
            at: at.ok()?,
            offset,
        })
    }

    /// `Nov 23 21:22:58`, the day padded with a space (RFC 3164 section 4.1.2), and what follows
    /// it. Some senders add a year, a fraction or a colon.
    pub(crate) fn month_day(text: &str) -> Option<(Self, &str)> {
        let (month, rest) = word(text);
        let month = MONTHS
            .iter()
            .position(|name| name.eq_ignore_ascii_case(month))?;
        let month = i8::try_from(month + 1).ok()?;
        let (day, rest) = word(rest.trim_start_matches(' '));
        let day: i8 = day.parse().ok()?;
        // a leap year, so that 29 February is a day
        Date::new(2000, month, day).ok()?;
        let (next, behind) = word(rest);
        let year = (next.len() == 4)
            .then(|| next.parse::<i16>().ok())
            .flatten();
        let (time, rest) = match year {
            Some(_) => word(behind),
            None => (next, behind),
        };
        let time = time_of_day(time.trim_end_matches(':'))?;
        let at = match year {
            Some(year) => Self::Civil(Date::new(year, month, day).ok()?.to_datetime(time)),
            None => Self::Yearless { month, day, time },
        };
        Some((at, rest))
    }

    pub(crate) fn from_parts(civil: DateTime, offset: Option<Offset>) -> Option<Self> {
        match offset {
            None => Some(Self::Civil(civil)),
            Some(offset) => {
                let at = offset.to_timestamp(civil).ok()?;
                Some(Self::Instant { at, offset })
            }
        }
    }

    /// ISO 8601 as RFC 3339 profiles it, with a zone or without.
    pub(crate) fn from_iso(text: &str) -> Option<Self> {
        let pieces = Pieces::parse(text).ok()?;
        let civil = pieces.date().to_datetime(pieces.time()?);
        let offset = match pieces.offset() {
            None => None,
            Some(PiecesOffset::Zulu) => Some(Offset::UTC),
            Some(PiecesOffset::Numeric(numeric)) => Some(numeric.offset()),
            Some(_) => return None,
        };
        Self::from_parts(civil, offset)
    }
}

/// The offset of a zone that says it: `UTC`, `GMT-03:00`, `-0300`. Other names stand for several
/// zones, and are none here.
fn offset(zone: &str) -> Option<Offset> {
    let numeric = zone
        .strip_prefix("GMT")
        .or_else(|| zone.strip_prefix("UTC"));
    match numeric.unwrap_or(zone) {
        "" | "Z" => Some(Offset::UTC),
        numeric => {
            let text = format!("2000-01-01T00:00{numeric}");
            let pieces = Pieces::parse(&text).ok()?;
            pieces.to_numeric_offset()
        }
    }
}

/// `21:22:58` (RFC 3164 section 4.1.2), or whatever else of ISO 8601 a sender writes.
fn time_of_day(text: &str) -> Option<Time> {
    let number = |tens: u8, ones: u8| {
        let is_number = tens.is_ascii_digit() && ones.is_ascii_digit();
        is_number.then(|| 10 * (tens & 0xf) as i8 + (ones & 0xf) as i8)
    };
    let fixed = || {
        let &[h, hour, b':', m, minute, b':', s, second] = text.as_bytes() else {
            return None;
        };
        Time::new(number(h, hour)?, number(m, minute)?, number(s, second)?, 0).ok()
    };
    fixed().or_else(|| text.parse().ok())
}

impl fmt::Display for AlertTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instant { at, offset } if *offset == Offset::UTC => at.fmt(f),
            Self::Instant { at, offset } => at.display_with_offset(*offset).fmt(f),
            Self::Civil(civil) => civil.fmt(f),
            Self::Yearless { month, day, time } => write!(f, "--{month:02}-{day:02}T{time}"),
        }
    }
}

impl FromStr for AlertTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let yearless = || {
            let (date, time) = text.strip_prefix("--")?.split_once('T')?;
            let (month, day) = date.split_once('-')?;
            let (month, day) = (month.parse().ok()?, day.parse().ok()?);
            // a leap year, so that 29 February is a day
            Date::new(2000, month, day).ok()?;
            let time = time.parse().ok()?;
            Some(Self::Yearless { month, day, time })
        };
        yearless()
            .or_else(|| Self::from_iso(text))
            .ok_or_else(|| TimeError(text.to_owned()))
    }
}

impl Serialize for AlertTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AlertTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> AlertTime {
        text.parse().unwrap()
    }

    #[test]
    fn the_text_of_a_time_is_read_as_the_same_time() {
        for text in [
            "2018-06-18T17:49:41-03:00",
            "2026-11-23T21:25:16.277972253Z",
            "2018-06-18T17:49:41",
            "--06-18T17:49:41",
            "--02-29T00:00:00",
        ] {
            assert_eq!(time(text).to_string(), text);
        }
        for text in ["", "218-06-18T17:49:41", "--02-30T00:00:00", "17:49:41"] {
            assert!(text.parse::<AlertTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_time_of_rfc3164_may_be_written_more_exactly() {
        for (text, expected) in [
            ("Nov 23 21:22:58 vault", "--11-23T21:22:58"),
            ("Nov  3 21:22:58.391: vault", "--11-03T21:22:58.391"),
            ("Nov 23 2026 21:22:58 vault", "2026-11-23T21:22:58"),
            ("Jun 30 23:59:60 vault", "--06-30T23:59:59"),
        ] {
            let (time, rest) = AlertTime::month_day(text).unwrap();
            assert_eq!((time.to_string().as_str(), rest), (expected, "vault"));
        }
        for text in [
            "Nov 23 24:00:00 vault",
            "Nov 23 21:2a:58 vault",
            "Nov 31 21:22:58 vault",
        ] {
            assert_eq!(AlertTime::month_day(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_sender_left_out_comes_from_the_zone_and_the_arrival() {
        let near: Timestamp = "2027-01-01T00:00:10Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(-3));
        let resolved = |text: &str| time(text).resolve(near, &zone).unwrap().to_string();
        assert_eq!(
            resolved("2018-06-18T17:49:41+02:00"),
            "2018-06-18T15:49:41Z"
        );
        assert_eq!(resolved("2018-06-18T17:49:41"), "2018-06-18T20:49:41Z");
        assert_eq!(resolved("--12-31T20:59:59"), "2026-12-31T23:59:59Z");
        assert_eq!(resolved("--01-01T00:00:00"), "2027-01-01T03:00:00Z");
        assert_eq!(time("--02-29T00:00:00").resolve(near, &zone), None);
    }
}
