//! The header that syslog puts before a message: RFC 5424, RFC 3164, and what senders make of them.

mod bsd;
mod rfc5424;

use std::borrow::Cow;

use crate::time::AlertTime;

/// A message of syslog, its header taken apart.
///
/// Reading one never fails: what is not there, or is no such thing, is absent, and the text from
/// there on is the message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyslogMessage<'a> {
    /// 0 to 23 (RFC 5424 section 6.2.1).
    pub facility: Option<u8>,
    /// 0 to 7, 0 being the worst.
    pub severity: Option<u8>,
    /// When, as exactly as the sender said.
    pub time: Option<AlertTime>,
    /// The time as it was written, where it is no time.
    pub unreadable_time: Option<&'a str>,
    /// The machine that sent it.
    pub hostname: Option<&'a str>,
    /// The program that sent it; RFC 3164 calls it the tag.
    pub app_name: Option<&'a str>,
    /// Its process.
    pub procid: Option<&'a str>,
    /// The kind of message.
    pub msgid: Option<&'a str>,
    /// Structured data, element by element.
    pub structured_data: Vec<Element<'a>>,
    /// The text, without a byte order mark and spaces before it.
    ///
    /// A relay that knows neither CEF nor LEEF takes `CEF:0|…` for a tag and a text; here it is one
    /// text again.
    pub message: Cow<'a, str>,
}

/// An element of structured data (RFC 5424 section 6.3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Element<'a> {
    /// Its name, such as `timeQuality`.
    pub id: &'a str,
    /// Its parameters in their order, unescaped.
    pub params: Vec<(&'a str, Cow<'a, str>)>,
}

/// A byte order mark.
const BOM: char = '\u{feff}';

impl<'a> SyslogMessage<'a> {
    /// Takes a message apart.
    pub fn parse(text: &'a str) -> Self {
        let text = text.strip_prefix(BOM).unwrap_or(text).trim_start();
        let (pri, rest) = match priority(text) {
            Some((pri, rest)) => (Some(pri), rest),
            None => (None, text),
        };
        let mut message = if pri.is_some() && is_version_1(rest) {
            rfc5424::parse(rest.get(1..).unwrap_or_default().trim_start())
        } else {
            bsd::parse(rest, pri.is_some())
        };
        message.facility = pri.map(|pri| pri / 8);
        message.severity = pri.map(|pri| pri % 8);
        message.join_payload();
        message
    }

    fn without_header(text: &'a str) -> Self {
        Self {
            message: Cow::Borrowed(text_of(text)),
            ..Self::default()
        }
    }

    /// Undoes what relays do to a message that begins with `CEF:0|` or `LEEF:1.0|`: they take
    /// `CEF` for the program and `0|…` for the text.
    fn join_payload(&mut self) {
        let Some(tag) = self.app_name else { return };
        let is_body = |text: &str| {
            let version = text.split('|').next().unwrap_or_default();
            version.len() < text.len()
                && version.starts_with(['0', '1', '2'])
                && version
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b'.')
        };
        if matches!(tag, "CEF" | "LEEF") && is_body(&self.message) {
            self.message = Cow::Owned(format!("{tag}:{}", self.message));
            self.app_name = None;
        }
    }
}

/// `<13>`: one to three digits up to 191 (RFC 5424 section 6.2.1). A zero before others is
/// tolerated.
fn priority(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let fits = (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let pri: u8 = digits.parse().ok().filter(|pri| fits && *pri <= 191)?;
    Some((pri, rest))
}

fn is_version_1(rest: &str) -> bool {
    rest.starts_with("1 ")
}

/// The text of a message, without what is before it.
fn text_of(text: &str) -> &str {
    let text = text.trim_start_matches(' ');
    text.strip_prefix(BOM).unwrap_or(text)
}

/// A value, or none where it is written as `-`.
fn unless_nil(word: &str) -> Option<&str> {
    (word != "-" && !word.is_empty()).then_some(word)
}
