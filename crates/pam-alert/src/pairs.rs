//! `key=value key=value`, where values have spaces and nothing is quoted.

/// One `key=value` of a text, as it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pair<'a> {
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

/// How the key stands before its `=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// `key=value`, as CEF has it.
    Tight,
    /// `key = value`, as the appliance's tables print it.
    Spaced,
}

impl Style {
    /// The style of a text is that of its first key.
    pub(crate) fn of(text: &str) -> Self {
        let before = text.split('=').next().unwrap_or_default();
        match before.len() < text.len() && before.ends_with(' ') {
            true => Self::Spaced,
            false => Self::Tight,
        }
    }
}

/// What stands before the first key, and the pairs.
///
/// A key is a word directly before `=` that begins the text or follows white space. Its value goes
/// up to the one white space before the next key (ArcSight CEF, "Extension"): further spaces there
/// are the value's. Spaces at the end are nobody's.
pub(crate) fn pairs(text: &str, style: Style) -> (&str, Vec<Pair<'_>>) {
    let text = text.trim_end_matches(' ');
    let mut pairs = Vec::with_capacity(16);
    let mut before = text;
    // the key that is open, and where its value begins
    let mut open: Option<(&str, usize)> = None;
    for equals in memchr::memchr_iter(b'=', text.as_bytes()) {
        let Some(key) = key_before(text, equals, style) else {
            continue;
        };
        let start = equals - key.taken;
        let value_end = start.saturating_sub(1);
        match open {
            Some((name, from)) => pairs.push(Pair {
                key: name,
                // an empty value shares its only space with the next key
                value: text.get(from..value_end.max(from)).unwrap_or_default(),
            }),
            None => before = text.get(..start).unwrap_or_default(),
        }
        open = Some((key.name, equals + 1));
    }
    if let Some((key, from)) = open {
        let value = text.get(from..).unwrap_or_default();
        pairs.push(Pair { key, value });
    }
    if style == Style::Spaced {
        for pair in &mut pairs {
            pair.value = pair.value.trim();
        }
    }
    (before.trim(), pairs)
}

struct Key<'a> {
    name: &'a str,
    /// How many octets before `=` it takes up.
    taken: usize,
}

fn key_before(text: &str, equals: usize, style: Style) -> Option<Key<'_>> {
    let before = text.get(..equals)?;
    let word_end = match style {
        Style::Tight => before,
        Style::Spaced => before.trim_end_matches(' '),
    };
    let bytes = word_end.as_bytes();
    let length = bytes
        .iter()
        .rev()
        .take_while(|byte| is_key_byte(**byte))
        .count();
    let start = bytes.len() - length;
    let is_separated = start == 0 || bytes.get(start - 1).is_some_and(u8::is_ascii_whitespace);
    let name = word_end.get(start..)?;
    (is_separated && is_key(name)).then_some(Key {
        name,
        taken: equals - start,
    })
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-' | b'[' | b']')
}

/// Whether a text can stand as a key.
pub(crate) fn is_key(name: &str) -> bool {
    name.bytes().all(is_key_byte)
        && name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}
