//! A weekly window of time: days, and a time of day that may run over midnight.

use jiff::civil::{DateTime, Time, Weekday};

/// From a time of day to another, on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Window {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
}

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

impl Window {
    /// Days are `mon` … `sun` or ranges such as `fri-mon`, none meaning all; times are `HH:MM`,
    /// the same one twice meaning the whole day.
    pub(super) fn new(days: &[String], from: &str, to: &str) -> Result<Self, String> {
        let mut window = Self {
            days: Vec::new(),
            from: time(from)?,
            to: time(to)?,
        };
        for text in days {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let (first, last) = (day(first)?, day(last)?);
            let mut at = first;
            window.days.push(at);
            while at != last {
                at = at.next();
                window.days.push(at);
            }
        }
        if window.days.is_empty() {
            window.days = DAYS.map(|(_, day)| day).to_vec();
        }
        Ok(window)
    }

    /// Whether it is open. A window over midnight belongs to the day on which it opens.
    pub(super) fn holds(&self, now: DateTime) -> bool {
        let (today, time) = (now.weekday(), now.time());
        let opened = |day: Weekday| self.days.contains(&day);
        if self.from < self.to {
            opened(today) && self.from <= time && time < self.to
        } else {
            (opened(today) && self.from <= time) || (opened(today.previous()) && time < self.to)
        }
    }
}

fn day(text: &str) -> Result<Weekday, String> {
    let folded = text.trim().to_lowercase();
    let found = DAYS
        .iter()
        .find(|(name, _)| *name == folded)
        .map(|(_, day)| *day);
    found.ok_or_else(|| format!("`{text}` is no day; use mon, tue, wed, thu, fri, sat or sun"))
}

fn time(text: &str) -> Result<Time, String> {
    let form = text.len() == 5 && text.as_bytes().get(2) == Some(&b':');
    let time = form.then(|| text.parse().ok()).flatten();
    time.ok_or_else(|| format!("`{text}` is no time of day; write HH:MM"))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn window(days: &[&str], from: &str, to: &str) -> Window {
        let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
        Window::new(&days, from, to).unwrap()
    }

    #[test]
    fn a_window_opens_and_closes() {
        // 2024-05-06 is a Monday.
        let office = window(&["mon-fri"], "08:00", "18:00");
        assert!(office.holds(date(2024, 5, 6).at(8, 0, 0, 0)));
        assert!(office.holds(date(2024, 5, 10).at(17, 59, 59, 0)));
        assert!(!office.holds(date(2024, 5, 6).at(18, 0, 0, 0)));
        assert!(!office.holds(date(2024, 5, 11).at(12, 0, 0, 0)));
    }

    #[test]
    fn over_midnight_it_belongs_to_the_day_on_which_it_opens() {
        let night = window(&["fri"], "22:00", "06:00");
        assert!(night.holds(date(2024, 5, 10).at(23, 0, 0, 0)));
        assert!(night.holds(date(2024, 5, 11).at(5, 59, 0, 0)));
        assert!(!night.holds(date(2024, 5, 11).at(23, 0, 0, 0)));
        assert!(!night.holds(date(2024, 5, 10).at(5, 0, 0, 0)));
    }

    #[test]
    fn the_same_time_twice_is_the_whole_day() {
        let weekend = window(&["sat-sun"], "00:00", "00:00");
        assert!(weekend.holds(date(2024, 5, 11).at(0, 0, 0, 0)));
        assert!(weekend.holds(date(2024, 5, 12).at(23, 59, 59, 0)));
        assert!(!weekend.holds(date(2024, 5, 13).at(0, 0, 0, 0)));
        let turn = window(&["sun-mon"], "12:00", "12:00");
        assert!(turn.holds(date(2024, 5, 13).at(13, 0, 0, 0)));
    }

    #[test]
    fn mistakes_are_named() {
        for (days, from, part) in [
            ("mun", "08:00", "no day"),
            ("mon", "8:00", "HH:MM"),
            ("mon", "25:00", "HH:MM"),
        ] {
            let error = Window::new(&[days.to_owned()], from, "18:00").unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
