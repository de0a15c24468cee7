//! The appliance's own time, which has no zone (A2A API specification, "Quirks checklist",
//! item 12).

use std::fmt;
use std::str::FromStr;

/// A time as the listing writes it: `YYYY-MM-DD HH:MM:SS` by the appliance's wall clock.
///
/// Read from that form, with `T` in place of the blank, without the seconds, or as a date alone,
/// which is its midnight. A fraction of the second is dropped.
///
/// ```
/// use pam_proto::listing::CivilTime;
///
/// let time: CivilTime = "2024-05-06".parse()?;
/// assert_eq!(time.to_string(), "2024-05-06 00:00:00");
/// assert!(time < "2024-05-06T16:05:07".parse()?);
/// # Ok::<(), pam_proto::listing::InvalidTime>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CivilTime {
    year: u16,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    second: u8,
}

/// A text that is no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time; write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS by the appliance's clock")]
pub struct InvalidTime;

impl CivilTime {
    /// The first second of the year 0, before which no time is.
    pub const EARLIEST: Self = Self {
        year: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        second: 0,
    };

    fn read(text: &[u8]) -> Option<Self> {
        let (date, time) = text.split_at_checked(10)?;
        let year = u16::from(pair(date, 0)?) * 100 + u16::from(pair(date, 2)?);
        let (month, day) = (pair(date, 5)?, pair(date, 8)?);
        if date.get(4) != Some(&b'-') || date.get(7) != Some(&b'-') {
            return None;
        }
        if day == 0 || day > days_of(month, year) {
            return None;
        }
        let [hour, minute, second] = time_of_day(time)?;
        Some(Self {
            year,
            month,
            day,
            hour,
            minute,
            second,
        })
    }
}

fn time_of_day(text: &[u8]) -> Option<[u8; 3]> {
    let [b' ' | b'T' | b't', clock @ ..] = text else {
        return text.is_empty().then_some([0; 3]);
    };
    let (hour, minute) = (pair(clock, 0)?, pair(clock, 3)?);
    let second = match clock.get(5..)? {
        [] => 0,
        [b':', rest @ ..] => {
            let fraction = match rest.get(2..)? {
                [] => &[][..],
                [b'.' | b',', digits @ ..] if !digits.is_empty() => digits,
                _ => return None,
            };
            if !fraction.iter().all(u8::is_ascii_digit) {
                return None;
            }
            pair(rest, 0)?
        }
        _ => return None,
    };
    let right = clock.get(2) == Some(&b':') && hour < 24 && minute < 60 && second < 60;
    right.then_some([hour, minute, second])
}

/// Two digits.
fn pair(text: &[u8], at: usize) -> Option<u8> {
    let digit = |at: usize| {
        let byte = *text.get(at)?;
        byte.is_ascii_digit().then(|| byte - b'0')
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

/// How many days a month has; none when there is no such month.
fn days_of(month: u8, year: u16) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

impl FromStr for CivilTime {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        Self::read(text.as_bytes()).ok_or(InvalidTime)
    }
}

impl fmt::Display for CivilTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            year, month, day, ..
        } = self;
        let Self {
            hour,
            minute,
            second,
            ..
        } = self;
        write!(
            f,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_a_time() {
        let table = [
            ("2024-05-06 16:05:07", "2024-05-06 16:05:07"),
            ("2024-05-06T16:05:07", "2024-05-06 16:05:07"),
            ("2024-05-06 16:05:07.250", "2024-05-06 16:05:07"),
            ("2024-05-06 16:05", "2024-05-06 16:05:00"),
            ("2024-02-29", "2024-02-29 00:00:00"),
        ];
        for (text, expected) in table {
            let time: CivilTime = text.parse().unwrap();
            assert_eq!(time.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2024",
            "2024-5-06",
            "2024-05-06 ",
            "2024-05-06 16",
            "2024-05-06 16:05:",
            "2024-05-06 16:05:7",
            "2024-05-06 16:05:07.",
            "2024-05-06 16:05:07Z",
            "2024-05-06 24:00:00",
            "2024-05-06 16-05-07",
            "2023-02-29",
            "2024-13-01",
            "2024-00-10",
            "0000-00-00 00:00:00",
            "06/05/2024 16:05:07",
        ] {
            assert_eq!(text.parse::<CivilTime>(), Err(InvalidTime), "{text}");
        }
    }

    #[test]
    fn times_are_in_order() {
        let times = [
            "1999-12-31 23:59:59",
            "2024-02-01",
            "2024-02-01 00:00:01",
            "2024-11-01",
        ];
        let times = times.map(|text| text.parse::<CivilTime>().unwrap());
        assert!(times.is_sorted_by(|a, b| a < b));
    }
}
