//! A filter on the command line.

use pam_guard::Filter;
use unicode_width::UnicodeWidthStr;

use crate::output::printable::printable;

/// Reads a filter; a mistake is shown below the place where it stands.
pub(crate) fn parse(text: &str) -> Result<Filter, String> {
    text.parse::<Filter>().map_err(|error| {
        let before: String = text.chars().take(error.column - 1).collect();
        let blanks = " ".repeat(printable(&before).width());
        format!(
            "column {}: {}\n  {}\n  {blanks}^",
            error.column,
            printable(&error.reason),
            printable(text)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_below_the_mistake() {
        let table = [
            (
                "active and usr=alice",
                "  active and usr=alice\n             ^",
            ),
            ("user=日本 x", "  user=日本 x\n            ^"),
            ("", "  \n  ^"),
            ("user=\u{1b} =", "  user=\\x1b =\n            ^"),
        ];
        for (text, expected) in table {
            let error = parse(text).unwrap_err();
            assert!(error.ends_with(expected), "{error}");
            assert!(error.starts_with("column "), "{error}");
        }
    }
}
