//! ArcSight Common Event Format, versions 0 and 1 (specification revision 27).

mod encode;

use std::borrow::Cow;

pub use encode::CefEncodeError;

use crate::pairs::{Style, pairs};

/// An event in CEF.
///
/// ```
/// use pam_alert::Cef;
///
/// let event = Cef::decode(r"CEF:0|MT4|senhasegura|3.27.0-4|153|A \| B|5|suser=stlee msg=a\=b c")?;
/// assert_eq!(event.name, "A | B");
/// assert_eq!(event.get("msg"), Some("a=b c"));
/// assert_eq!(Cef::decode(&event.encode()?)?, event);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cef<'a> {
    /// 0, which stands for 0.1, or 1.
    pub version: u8,
    /// Who makes the device.
    pub vendor: Cow<'a, str>,
    /// What the device is.
    pub product: Cow<'a, str>,
    /// Its version.
    pub product_version: Cow<'a, str>,
    /// The kind of event.
    pub signature_id: Cow<'a, str>,
    /// What happened, for humans.
    pub name: Cow<'a, str>,
    /// `0` to `10`, or a word: kept as it was written.
    pub severity: Cow<'a, str>,
    /// The extension in its order, keys as they were written.
    pub extension: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// Whether the end is plainly missing: within the header, within an escape, or before the pipe
    /// that closes what a pipe opened.
    pub truncated: bool,
}

/// A text that is no CEF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no CEF: there is no `CEF:0|` or `CEF:1|` in it")]
pub struct NoCef;

/// The key under which a text before the first key of the extension is kept.
pub(crate) const UNKEYED: &str = "text";

impl<'a> Cef<'a> {
    /// Reads the event in a text, whatever stands before it.
    ///
    /// A header that stops short, a backslash at the end, pipes or quotes around the whole and
    /// spaces around the `=` are all read; only a text without the mark is none.
    ///
    /// # Errors
    ///
    /// [`NoCef`] where the mark is missing.
    pub fn decode(text: &'a str) -> Result<Self, NoCef> {
        let Mark {
            before,
            version,
            rest,
        } = mark(text).ok_or(NoCef)?;
        let mut rest = rest.trim_end_matches(['\r', '\n']);
        let mut truncated = false;
        for wrapper in ['|', '"'] {
            if before.ends_with(wrapper) {
                match rest.trim_end_matches(' ').strip_suffix(wrapper) {
                    Some(inner) => rest = inner,
                    None => truncated = true,
                }
            }
        }
        let mut cef = Self {
            version,
            ..Self::default()
        };
        let fields = [
            &mut cef.vendor,
            &mut cef.product,
            &mut cef.product_version,
            &mut cef.signature_id,
            &mut cef.name,
            &mut cef.severity,
        ];
        let mut extension = Some(rest);
        for field in fields {
            match extension {
                Some(text) => (*field, extension) = header_field(text),
                None => truncated = true,
            }
        }
        let extension = extension.unwrap_or_default();
        cef.truncated = truncated || ends_within_escape(rest);
        cef.extension = read_extension(extension);
        Ok(cef)
    }

    /// The value of a key of the extension, the first where it is there more than once.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.extension.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_ref())
    }
}

struct Mark<'a> {
    before: &'a str,
    version: u8,
    rest: &'a str,
}

/// `CEF:0|`, wherever it is; some write the minor version too.
fn mark(text: &str) -> Option<Mark<'_>> {
    text.match_indices("CEF:").find_map(|(at, mark)| {
        let (version, rest) = text.get(at + mark.len()..)?.split_once('|')?;
        let (major, minor) = version
            .trim()
            .split_once('.')
            .unwrap_or((version.trim(), "0"));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let version = match major {
            "0" => 0,
            "1" => 1,
            _ => return None,
        };
        is_number(minor).then_some(Mark {
            before: text.get(..at)?,
            version,
            rest,
        })
    })
}

/// A field of the header, and what follows its pipe.
fn header_field(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = byte == b'\\';
        byte == b'|'
    });
    let (raw, rest) = match end {
        Some(end) => (text.get(..end).unwrap_or_default(), text.get(end + 1..)),
        None => (text, None),
    };
    let special = |c| matches!(c, '\\' | '|').then_some(c);
    (unescaped(raw, special), rest)
}

fn read_extension(text: &str) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let special = |c| match c {
        '\\' | '=' => Some(c),
        'n' => Some('\n'),
        'r' => Some('\r'),
        _ => None,
    };
    let (unkeyed, found) = pairs(text, Style::of(text));
    let unkeyed = (!unkeyed.is_empty()).then_some((UNKEYED, unkeyed));
    let found = found.into_iter().map(|pair| (pair.key, pair.value));
    unkeyed
        .into_iter()
        .chain(found)
        .map(|(key, value)| (Cow::Borrowed(key), unescaped(value, special)))
        .collect()
}

/// Resolves the escapes that there are; an unknown one stays two characters, since producers
/// forget to escape their backslashes.
fn unescaped(raw: &str, special: impl Fn(char) -> Option<char>) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', raw.as_bytes()) else {
        return Cow::Borrowed(raw);
    };
    let (plain, rest) = raw.split_at_checked(first).unwrap_or((raw, ""));
    let mut value = String::with_capacity(raw.len());
    value.push_str(plain);
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some(next) => match special(next) {
                Some(meant) => value.push(meant),
                None => value.extend(['\\', next]),
            },
            None => value.push('\\'),
        }
    }
    Cow::Owned(value)
}

/// Whether a text ends with the first half of an escape.
fn ends_within_escape(text: &str) -> bool {
    let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    backslashes % 2 == 1
}
