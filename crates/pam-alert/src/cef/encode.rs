//! Writing CEF.

use std::fmt::Write as _;

use super::Cef;
use crate::pairs::is_key;

/// An event that CEF cannot carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CefEncodeError {
    /// There are versions 0 and 1.
    #[error("CEF has no version {0}; use 0 or 1")]
    Version(u8),
    /// A field of the header is one line.
    #[error("the {0} of a CEF header cannot have a line break")]
    LineBreak(&'static str),
    /// A key is letters, digits, `_`, `.`, `-`, `[` and `]`, and begins with a letter, a digit or
    /// `_`.
    #[error("not a key of CEF: {0:?}")]
    Key(String),
    /// Spaces at the end of the last value are not preserved.
    #[error("the last value of a CEF extension cannot end with a space; put {0:?} before another")]
    TrailingSpace(String),
}

impl Cef<'_> {
    /// Writes the event as one line, without a line break at its end.
    ///
    /// What was written is read again as the same event, [`truncated`](Cef::truncated) aside.
    ///
    /// # Errors
    ///
    /// [`CefEncodeError`] where the format cannot carry it.
    pub fn encode(&self) -> Result<String, CefEncodeError> {
        if self.version > 1 {
            return Err(CefEncodeError::Version(self.version));
        }
        let mut line = format!("CEF:{}", self.version);
        let header = [
            ("vendor", &self.vendor),
            ("product", &self.product),
            ("product version", &self.product_version),
            ("signature id", &self.signature_id),
            ("name", &self.name),
            ("severity", &self.severity),
        ];
        for (name, field) in header {
            if field.contains(['\n', '\r']) {
                return Err(CefEncodeError::LineBreak(name));
            }
            line.push('|');
            for c in field.chars() {
                if matches!(c, '\\' | '|') {
                    line.push('\\');
                }
                line.push(c);
            }
        }
        line.push('|');
        for (at, (key, value)) in self.extension.iter().enumerate() {
            if !is_key(key) {
                return Err(CefEncodeError::Key(key.clone().into_owned()));
            }
            let is_last = at + 1 == self.extension.len();
            if is_last && value.ends_with(' ') {
                return Err(CefEncodeError::TrailingSpace(key.clone().into_owned()));
            }
            let separator = if at == 0 { "" } else { " " };
            // writing into a string cannot fail
            let _ = write!(line, "{separator}{key}=");
            for c in value.chars() {
                match c {
                    '\\' => line.push_str("\\\\"),
                    '=' => line.push_str("\\="),
                    '\n' => line.push_str("\\n"),
                    '\r' => line.push_str("\\r"),
                    c => line.push(c),
                }
            }
        }
        Ok(line)
    }
}
