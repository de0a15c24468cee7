//! IBM's Log Event Extended Format, versions 1.0 and 2.0.

use std::borrow::Cow;

/// An event in LEEF.
///
/// ```
/// use pam_alert::Leef;
///
/// let event = Leef::decode("LEEF:2.0|MT4|senhasegura|3.27|153|^|usrName=stlee^dst=192.0.2.7")?;
/// assert_eq!(event.delimiter, '^');
/// assert_eq!(event.get("dst"), Some("192.0.2.7"));
/// assert_eq!(Leef::decode(&event.encode()?)?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leef<'a> {
    /// 1 or 2.
    pub version: u8,
    /// Who makes the device.
    pub vendor: Cow<'a, str>,
    /// What the device is.
    pub product: Cow<'a, str>,
    /// Its version.
    pub product_version: Cow<'a, str>,
    /// The kind of event.
    pub event_id: Cow<'a, str>,
    /// What stands between two attributes: a tab in version 1.
    pub delimiter: char,
    /// The attributes in their order.
    pub attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether the end is plainly missing: within the header.
    pub truncated: bool,
}

/// A text that is no LEEF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no LEEF: there is no `LEEF:1.0|` or `LEEF:2.0|` in it")]
pub struct NoLeef;

/// An event that LEEF, which has no escapes, cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeefEncodeError {
    /// There are versions 1 and 2.
    #[error("LEEF has no version {0}; use 1 or 2")]
    Version(u8),
    /// Version 1 separates attributes with a tab; in version 2 a delimiter is one character, no
    /// letter or digit, and none of `|`, `=`, space and line breaks.
    #[error("not a delimiter of this version of LEEF: {0:?}")]
    Delimiter(char),
    /// A field of the header has a pipe or a line break in it.
    #[error("the {0} of a LEEF header cannot have a pipe or a line break")]
    Header(&'static str),
    /// A key is empty, or has a space, `=`, a pipe, the delimiter or a line break in it.
    #[error("not a key of LEEF: {0:?}")]
    Key(String),
    /// A value has the delimiter or a line break in it, or spaces at its end that would be lost.
    #[error(
        "LEEF cannot carry the value of {0:?}: it has the delimiter, a line break or a space at the end in it"
    )]
    Value(String),
}

impl Default for Leef<'_> {
    fn default() -> Self {
        Self {
            version: 1,
            vendor: Cow::default(),
            product: Cow::default(),
            product_version: Cow::default(),
            event_id: Cow::default(),
            delimiter: '\t',
            attributes: Vec::new(),
            truncated: false,
        }
    }
}

impl<'a> Leef<'a> {
    /// Reads the event in a text, whatever stands before it.
    ///
    /// # Errors
    ///
    /// [`NoLeef`] where the mark is missing.
    pub fn decode(text: &'a str) -> Result<Self, NoLeef> {
        let (version, rest) = mark(text).ok_or(NoLeef)?;
        let mut leef = Self {
            version,
            ..Self::default()
        };
        let mut rest = Some(rest.trim_end_matches(['\r', '\n', ' ']));
        let fields = [
            &mut leef.vendor,
            &mut leef.product,
            &mut leef.product_version,
            &mut leef.event_id,
        ];
        for field in fields {
            let Some(text) = rest else {
                leef.truncated = true;
                break;
            };
            let (value, behind) = match text.split_once('|') {
                Some((value, behind)) => (value, Some(behind)),
                None => (text, None),
            };
            *field = Cow::Borrowed(value);
            rest = behind;
        }
        let mut attributes = rest.unwrap_or_default();
        if version == 2
            && let Some((field, behind)) = attributes.split_once('|')
            && let Some(delimiter) = delimiter(field)
        {
            leef.delimiter = delimiter;
            attributes = behind;
        }
        leef.attributes = attributes
            .split(leef.delimiter)
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (Cow::Borrowed(key.trim()), Cow::Borrowed(value)))
            .collect();
        Ok(leef)
    }

    /// The value of an attribute, the first where it is there more than once.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_ref())
    }

    /// Writes the event as one line, without a line break at its end.
    ///
    /// What was written is read again as the same event, [`truncated`](Leef::truncated) aside.
    ///
    /// # Errors
    ///
    /// [`LeefEncodeError`] where the format, which has no escapes, cannot carry it.
    pub fn encode(&self) -> Result<String, LeefEncodeError> {
        let delimiter = self.delimiter;
        let is_delimiter = match self.version {
            1 => delimiter == '\t',
            2 => {
                !delimiter.is_alphanumeric()
                    && !matches!(delimiter, '|' | '=' | ' ' | '\n' | '\r' | '\0')
            }
            version => return Err(LeefEncodeError::Version(version)),
        };
        if !is_delimiter {
            return Err(LeefEncodeError::Delimiter(delimiter));
        }
        let mut line = format!("LEEF:{}.0|", self.version);
        let header = [
            ("vendor", &self.vendor),
            ("product", &self.product),
            ("product version", &self.product_version),
            ("event id", &self.event_id),
        ];
        for (name, field) in header {
            if field.contains(['|', '\n', '\r']) {
                return Err(LeefEncodeError::Header(name));
            }
            line.push_str(field);
            line.push('|');
        }
        if self.version == 2 {
            line.push(delimiter);
            line.push('|');
        }
        for (at, (key, value)) in self.attributes.iter().enumerate() {
            let is_unusable = |c: char| c == delimiter || matches!(c, '\n' | '\r');
            let in_key = |c: char| is_unusable(c) || c.is_whitespace() || matches!(c, '=' | '|');
            if key.is_empty() || key.contains(in_key) {
                return Err(LeefEncodeError::Key(key.clone().into_owned()));
            }
            let is_last = at + 1 == self.attributes.len();
            if value.contains(is_unusable) || is_last && value.ends_with(' ') {
                return Err(LeefEncodeError::Value(key.clone().into_owned()));
            }
            if at > 0 {
                line.push(delimiter);
            }
            line.push_str(key);
            line.push('=');
            line.push_str(value);
        }
        Ok(line)
    }
}

/// `LEEF:1.0|`, wherever it is.
fn mark(text: &str) -> Option<(u8, &str)> {
    text.match_indices("LEEF:").find_map(|(at, mark)| {
        let (version, rest) = text.get(at + mark.len()..)?.split_once('|')?;
        match version.trim() {
            "1.0" | "1" => Some((1, rest)),
            "2.0" | "2" => Some((2, rest)),
            _ => None,
        }
    })
}

/// The delimiter that a field of a version 2 header names: one character, its code as one to four
/// hex digits after `x` or `0x`, or nothing for a tab. A longer field is the first attribute of a
/// sender that left the delimiter out.
fn delimiter(field: &str) -> Option<char> {
    let mut chars = field.chars();
    match (chars.next(), chars.next()) {
        (None, _) => return Some('\t'),
        (Some(one), None) => return Some(one),
        _ => {}
    }
    let digits = field
        .strip_prefix("0x")
        .or_else(|| field.strip_prefix("0X"))
        .or_else(|| field.strip_prefix(['x', 'X']))?;
    let is_code = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_code)?;
    char::from_u32(code)
}
