//! RFC 3164, of which everything is optional in practice, and lines with the newer time in it.

use std::borrow::Cow;

use super::{SyslogMessage, rfc5424, text_of, unless_nil};
use crate::time::AlertTime;
use crate::words::word;

/// The names under which the appliance's own program writes, for lines whose tag ends without a
/// colon.
const APPLIANCE: [&str; 2] = ["senhasegura", "segura"];

/// What follows the priority, or the whole line where there is none.
pub(super) fn parse(text: &str, has_priority: bool) -> SyslogMessage<'_> {
    let Some((time, rest)) = timestamp(text) else {
        return match tag(text).filter(|_| has_priority) {
            Some(tag) => tag.message(None, None),
            None => SyslogMessage::without_header(text),
        };
    };
    if is_rfc5424_without_priority(rest) {
        let mut message = rfc5424::after_timestamp(rest);
        message.time = Some(time);
        return message;
    }
    let rest = rest.trim_start_matches(' ');
    if begins_payload(rest) {
        return Tag::none(rest).message(Some(time), None);
    }
    // a line without a host begins with its tag
    let (first, behind) = word(rest);
    let is_tag = first.ends_with(':') || first.contains('[');
    if let Some(tag) = tag(rest).filter(|_| is_tag) {
        return tag.message(Some(time), None);
    }
    let tag = tag(behind).unwrap_or(Tag::none(behind));
    tag.message(Some(time), unless_nil(first))
}

/// The program and the process before a text.
struct Tag<'a> {
    app_name: Option<&'a str>,
    procid: Option<&'a str>,
    text: &'a str,
}

impl<'a> Tag<'a> {
    fn none(text: &'a str) -> Self {
        let (app_name, procid) = (None, None);
        Self {
            app_name,
            procid,
            text,
        }
    }

    fn message(self, time: Option<AlertTime>, hostname: Option<&'a str>) -> SyslogMessage<'a> {
        SyslogMessage {
            time,
            hostname,
            app_name: self.app_name,
            procid: self.procid,
            message: Cow::Borrowed(text_of(self.text)),
            ..SyslogMessage::default()
        }
    }
}

/// `tag: text`, `tag[pid]: text`, `tag[pid] text`, `- text`, and the appliance's own name without
/// any mark. A bare word may be the first of the text, so it is no tag.
fn tag(text: &str) -> Option<Tag<'_>> {
    let text = text.trim_start_matches(' ');
    if begins_payload(text) {
        return None;
    }
    let is_tag = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '@');
    let end = text.find(|c| !is_tag(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    if name.is_empty() || name.len() > 48 {
        return None;
    }
    let (procid, rest) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((procid, rest)) if !procid.contains(' ') => (unless_nil(procid), rest),
        Some(_) => return None,
        None => (None, rest),
    };
    let is_marked = procid.is_some() || rest.starts_with(':');
    let is_own = || name == "-" || APPLIANCE.iter().any(|own| name.eq_ignore_ascii_case(own));
    if !is_marked && !((rest.is_empty() || rest.starts_with(' ')) && is_own()) {
        return None;
    }
    Some(Tag {
        app_name: unless_nil(name),
        procid,
        text: rest.strip_prefix(':').unwrap_or(rest),
    })
}

/// `CEF:0|…` as it is, before a relay made a tag of it.
fn begins_payload(text: &str) -> bool {
    let rest = text
        .strip_prefix("CEF:")
        .or_else(|| text.strip_prefix("LEEF:"));
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// `host program 1426 - …`: the appliance's line whose `<13>1 ` was lost.
fn is_rfc5424_without_priority(text: &str) -> bool {
    let mut words = text.split(' ');
    let mut is_name = || words.next().is_some_and(|word| !word.ends_with([':', ']']));
    if !(is_name() && is_name()) {
        return false;
    }
    let process = words.next().unwrap_or_default();
    let is_process =
        process == "-" || !process.is_empty() && process.bytes().all(|byte| byte.is_ascii_digit());
    is_process && words.next() == Some("-")
}

/// A time at the beginning, of RFC 3164 or of RFC 3339, and what follows it.
fn timestamp(text: &str) -> Option<(AlertTime, &str)> {
    let (first, rest) = word(text);
    let begins_with_year = first.len() >= 19 && first.as_bytes().get(4) == Some(&b'-');
    if begins_with_year && let Some(time) = AlertTime::from_iso(first) {
        return Some((time, rest));
    }
    AlertTime::month_day(text)
}
