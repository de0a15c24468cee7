//! Comparing what an appliance says with what it is documented to say.

/// The text as it is compared: lower case, without a leading number, quotation marks, trailing
/// stops and doubled blanks, all of which differ between the documents (A2A API specification,
/// "Bodies that are not the envelope" and "All numeric exception codes found").
pub(super) fn normal(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| !matches!(c, '\'' | '"' | '`' | '’' | '‘' | '“' | '”'))
        .collect();
    let words: Vec<&str> = without_number(text.trim()).split_whitespace().collect();
    words
        .join(" ")
        .trim_end_matches(['.', '!', ' '])
        .to_lowercase()
}

/// The text behind `1039: `, `1017:` or `1006 `.
fn without_number(text: &str) -> &str {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    match text.len() - rest.len() {
        digits @ 1..=4 if rest.starts_with(':') || digits > 2 && rest.starts_with(' ') => {
            rest.trim_start_matches(|c: char| c == ':' || c.is_whitespace())
        }
        _ => text,
    }
}

/// The number that a text begins with, when one stands apart there.
pub(super) fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim();
    let behind = without_number(text);
    let number = text.strip_suffix(behind)?;
    number
        .trim_end_matches(|c: char| c == ':' || c.is_whitespace())
        .parse()
        .ok()
}

/// Whether the whole text is the pattern with something for each `*`. An empty text matches
/// nothing.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    if text.is_empty() || pattern.is_empty() {
        return false;
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.split_once(part) {
            Some((_, behind)) => rest = behind,
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// How alike a documented text is to a wanted one, from 0 to 100: the share of neighbouring pairs
/// of characters that they have in common (the Dice coefficient), or, for a wanted text that is
/// shorter, three quarters of the share of its own pairs.
pub(super) fn likeness(documented: &str, wanted: &str) -> usize {
    let pairs = |text: &str| -> Vec<(char, char)> {
        let characters = text.chars().filter(|c| *c != '*');
        characters.clone().zip(characters.skip(1)).collect()
    };
    let (mut documented, wanted) = (pairs(documented), pairs(wanted));
    let total = documented.len() + wanted.len();
    let common = wanted
        .iter()
        .filter(|pair| {
            let found = documented.iter().position(|candidate| candidate == *pair);
            found.map(|at| documented.swap_remove(at)).is_some()
        })
        .count();
    let whole = (200 * common).checked_div(total).unwrap_or(0);
    let part = match wanted.len() {
        // Too short to be alike by more than chance.
        0..6 => 0,
        length => 75 * common / length,
    };
    whole.max(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_documents_write_differently_compares_the_same() {
        for text in [
            "1017:Key inactive",
            "1017: Key inactive.",
            "1017 key  Inactive",
            "KEY INACTIVE !",
            "'Key' inactive",
        ] {
            assert_eq!(normal(text), "key inactive", "{text}");
        }
        assert_eq!(normal("12345 credentials found"), "12345 credentials found");
        assert_eq!(leading_number("1017:Key inactive"), Some(1017));
        assert_eq!(leading_number("1039"), None);
        assert_eq!(leading_number("12 of 20"), None);
    }

    #[test]
    fn a_star_stands_for_anything_and_nothing_else_does() {
        assert!(matches(
            "*is under lockdown until *",
            "senhasegura is under lockdown until 09/08"
        ));
        assert!(matches(
            "parameter * was not informed",
            "parameter id was not informed"
        ));
        assert!(matches("*no route*", "no route"));
        assert!(matches("a*a", "aa"));
        assert!(!matches("a*a", "a"));
        assert!(!matches("key inactive", "key inactive now"));
        assert!(!matches("*", ""));
    }

    #[test]
    fn likeness_grows_with_what_is_common() {
        assert_eq!(likeness("signature", "signature"), 100);
        assert!(likeness("invalid signature", "inavlid signatur") > 60);
        assert!(likeness("invalid signature", "credential inactive") < 50);
        assert_eq!(likeness("", ""), 0);
    }
}
