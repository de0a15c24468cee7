//! Durations and sizes as a person writes them.

use std::time::Duration;

/// Reads `30`, `30s`, `500ms`, `2m` or `1h`; a bare number is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let refuse = || format!("`{text}` is no duration; write 500ms, 30s, 2m or 1h");
    let number: u64 = number.parse().map_err(|_| refuse())?;
    let millis = match unit {
        "ms" => Some(number),
        "" | "s" => number.checked_mul(1_000),
        "m" => number.checked_mul(60_000),
        "h" => number.checked_mul(3_600_000),
        _ => None,
    };
    // A year is more than anybody waits, and far from where adding to a clock overflows.
    let longest = 366 * 24 * 3_600_000;
    millis
        .filter(|millis| *millis <= longest)
        .map(Duration::from_millis)
        .ok_or_else(refuse)
}

/// Reads a duration that is not zero, for a deadline.
pub(crate) fn deadline(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("a deadline of zero lets nothing happen; write 500ms or more".into()),
        deadline => Ok(deadline),
    }
}

/// Reads `4096`, `512KiB`, `64MiB` or `1GiB`; a bare number is bytes.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let refuse = || format!("`{text}` is no size; write 4096, 512KiB, 64MiB or 1GiB");
    let number: usize = number.parse().map_err(|_| refuse())?;
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(refuse()),
    };
    number
        .checked_mul(factor)
        .filter(|size| *size > 0)
        .ok_or_else(refuse)
}

fn split(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(digits)
}

/// A duration as [`duration`] reads it.
pub(crate) fn written(duration: Duration) -> String {
    let millis = duration.as_millis();
    let unit = [(3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = unit
        .into_iter()
        .find(|(unit, _)| millis.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or((1, "ms"));
    format!("{}{name}", millis / unit)
}

/// A duration in the unit that suits it: `850 ms`, `4.2 s`, `3 m 20 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    match duration.as_secs() {
        0 => format!("{} ms", duration.as_millis()),
        seconds @ 1..=99 => format!("{seconds}.{} s", duration.subsec_millis() / 100),
        seconds => format!("{} m {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        let table = [
            ("30", 30_000),
            ("30s", 30_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h", 3_600_000),
        ];
        for (text, millis) in table {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "s",
            "-1s",
            "1d",
            "1.5s",
            "30 s",
            "99999999999999999999",
            "18446744073709551615h",
            "9000h",
        ] {
            assert!(
                duration(text).unwrap_err().contains("no duration"),
                "{text}"
            );
        }
        assert!(deadline("0s").is_err());
        for text in ["500ms", "30s", "90s", "2m", "1h"] {
            assert_eq!(written(duration(text).unwrap()), text);
        }
    }

    #[test]
    fn sizes_have_a_binary_unit_or_are_bytes() {
        assert_eq!(size("64MiB"), Ok(64 << 20));
        assert_eq!(size("100"), Ok(100));
        for text in ["0", "64MB", "", "x", "99999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn spoken_durations_keep_two_figures() {
        assert_eq!(spoken(Duration::from_millis(850)), "850 ms");
        assert_eq!(spoken(Duration::from_millis(4_250)), "4.2 s");
        assert_eq!(spoken(Duration::from_secs(200)), "3 m 20 s");
    }
}
