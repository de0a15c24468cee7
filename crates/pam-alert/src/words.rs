//! Texts in words.

/// The next word and what follows its space.
///
/// Words of a header are short: to step through their bytes is faster than the search behind
/// `str::split_once`, which is made for long texts.
pub(crate) fn word(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| byte == b' ');
    let split = end.and_then(|end| text.split_at_checked(end));
    let (word, rest) = split.unwrap_or((text, ""));
    (word, rest.get(1..).unwrap_or_default())
}
