//! Points in time as HTTP headers write them (RFC 9110 section 5.6.7).

use std::fmt;
use std::time::Duration;

/// A point in time, in seconds since 1970-01-01 00:00:00 UTC.
///
/// ```
/// use pam_proto::HttpDate;
///
/// let date: HttpDate = "Sun, 06 Nov 1994 08:49:37 GMT".parse()?;
/// assert_eq!(date.unix_seconds(), 784_111_777);
/// # Ok::<(), pam_proto::InvalidHttpDate>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HttpDate(u64);

/// A text that is no HTTP date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`")]
pub struct InvalidHttpDate;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

impl HttpDate {
    /// The point this many seconds after 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub fn from_unix_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero when it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl std::str::FromStr for HttpDate {
    type Err = InvalidHttpDate;

    /// Reads the form in use and the two obsolete ones; the name of the day is not checked. A year
    /// of two digits is read as 1970 to 2069.
    fn from_str(text: &str) -> Result<Self, InvalidHttpDate> {
        read(text.trim()).ok_or(InvalidHttpDate)
    }
}

fn read(text: &str) -> Option<HttpDate> {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let (day, month, year, time) = match words.as_slice() {
        // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
        [name, day, month, year, time, "GMT"] if name.ends_with(',') && year.len() == 4 => {
            (*day, *month, number(year)?, *time)
        }
        // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
        [name, date, time, "GMT"] if name.ends_with(',') => {
            let mut parts = date.split('-');
            let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
            if parts.next().is_some() || year.len() != 2 {
                return None;
            }
            let short = number(year)?;
            let century = if short < 70 { 2000 } else { 1900 };
            (day, month, century + short, *time)
        }
        // asctime: Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] if year.len() == 4 => (*day, *month, number(year)?, *time),
        _ => return None,
    };
    let month = 1 + MONTHS.iter().position(|name| *name == month)? as u64;
    let day = number(day)?;
    let mut clock = time.split(':');
    let (hour, minute, second) = (
        number(clock.next()?)?,
        number(clock.next()?)?,
        number(clock.next()?)?,
    );
    let valid = clock.next().is_none()
        && year >= 1970
        && (1..=days_in(month, year)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    valid.then(|| {
        let days = days_before_year(year) - days_before_year(1970)
            + (1..month).map(|m| days_in(m, year)).sum::<u64>()
            + (day - 1);
        HttpDate(days * 86_400 + hour * 3_600 + minute * 60 + second)
    })
}

/// At most four digits and nothing else.
fn number(text: &str) -> Option<u64> {
    let digits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn days_in(month: u64, year: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the first of January of `year`, which is 1 or later.
fn days_before_year(year: u64) -> u64 {
    let past = year - 1;
    past * 365 + past / 4 - past / 100 + past / 400
}

impl fmt::Display for HttpDate {
    /// Writes the form in use, IMF-fixdate.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        let (days, seconds) = (self.0 / 86_400, self.0 % 86_400);
        let whole = days + days_before_year(1970);
        // 400 years have 146,097 days, so the estimate is at most one year too early or late.
        let estimate = (whole * 400) / 146_097 + 1;
        let year = (estimate.saturating_sub(1).max(1)..=estimate + 1)
            .rev()
            .find(|year| days_before_year(*year) <= whole)
            .unwrap_or(estimate);
        let mut rest = whole - days_before_year(year);
        let mut month = 1;
        while rest >= days_in(month, year) {
            rest -= days_in(month, year);
            month += 1;
        }
        write!(
            f,
            "{}, {:02} {} {year:04} {:02}:{:02}:{:02} GMT",
            NAMES.get((days % 7) as usize).unwrap_or(&""),
            rest + 1,
            MONTHS.get(month as usize - 1).unwrap_or(&""),
            seconds / 3_600,
            seconds / 60 % 60,
            seconds % 60,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 9110 section 5.6.7: one point in time in all three forms.
    #[test]
    fn the_three_forms_of_the_rfc() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(text.parse(), Ok(HttpDate(784_111_777)), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "120",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2023 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 99999 08:49:37 GMT",
        ] {
            assert_eq!(text.parse::<HttpDate>(), Err(InvalidHttpDate), "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_and_read_it_is_the_same(seconds in 0_u64..253_402_300_800) {
            let date = HttpDate(seconds);
            prop_assert_eq!(date.to_string().parse(), Ok(date));
        }
    }
}
