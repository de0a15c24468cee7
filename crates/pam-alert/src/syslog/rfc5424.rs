//! RFC 5424, and the appliance's line, which has one field fewer.

use std::borrow::Cow;

use super::{Element, SyslogMessage, text_of, unless_nil};
use crate::time::AlertTime;
use crate::words::word;

/// What follows `<13>1 `.
pub(super) fn parse(text: &str) -> SyslogMessage<'_> {
    let (timestamp, rest) = word(text);
    let mut message = after_timestamp(rest);
    message.time = AlertTime::from_iso(timestamp);
    if message.time.is_none() {
        message.unreadable_time = unless_nil(timestamp);
    }
    message
}

/// What follows the time: host, program, process, kind, structured data, text.
///
/// The appliance writes one `-` where the standard has two fields (A2A API specification, "Syslog
/// line"), so a text where structured data must be is the text.
pub(super) fn after_timestamp(text: &str) -> SyslogMessage<'_> {
    let (hostname, rest) = word(text);
    let (app_name, rest) = word(rest);
    let (procid, rest) = word(rest);
    let (msgid, rest) = word(rest);
    let (structured_data, text) = structured_data(rest);
    SyslogMessage {
        hostname: unless_nil(hostname),
        app_name: unless_nil(app_name),
        procid: unless_nil(procid),
        msgid: unless_nil(msgid),
        structured_data,
        message: Cow::Borrowed(text_of(text)),
        ..SyslogMessage::default()
    }
}

/// The structured data at the beginning of a text, and what follows it.
fn structured_data(text: &str) -> (Vec<Element<'_>>, &str) {
    if text == "-" {
        return (Vec::new(), "");
    }
    if let Some(rest) = text.strip_prefix("- ") {
        return (Vec::new(), rest);
    }
    let mut elements = Vec::new();
    let mut rest = text;
    while let Some((one, behind)) = element(rest) {
        elements.push(one);
        rest = behind;
    }
    // an element is followed by a space or by nothing; otherwise it was text
    match rest.is_empty() || rest.starts_with(' ') {
        true => (elements, rest),
        false => (Vec::new(), text),
    }
}

/// `[id name="value" …]`
fn element(text: &str) -> Option<(Element<'_>, &str)> {
    let text = text.strip_prefix('[')?;
    let end = text.find([' ', ']'])?;
    let (id, mut rest) = text.split_at_checked(end)?;
    let is_name = |name: &str| {
        !name.is_empty() && !name.contains(|c: char| c.is_control() || matches!(c, '"' | '=' | '['))
    };
    if !is_name(id) {
        return None;
    }
    let mut params = Vec::new();
    loop {
        rest = rest.trim_start_matches(' ');
        if let Some(behind) = rest.strip_prefix(']') {
            return Some((Element { id, params }, behind));
        }
        let (name, quoted) = rest.split_once("=\"")?;
        if !is_name(name) || name.contains([' ', ']']) {
            return None;
        }
        let (value, behind) = param_value(quoted)?;
        params.push((name, value));
        rest = behind;
    }
}

/// What stands before the closing quote, unescaped: `\"`, `\\` and `\]`; a backslash before
/// anything else is itself (RFC 5424 section 6.3.3).
fn param_value(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut escaped = false;
    let mut has_escapes = false;
    let end = text.bytes().position(|byte| {
        if escaped {
            escaped = false;
            return false;
        }
        escaped = byte == b'\\';
        has_escapes |= escaped;
        byte == b'"'
    })?;
    let (raw, behind) = text.split_at_checked(end)?;
    let behind = behind.strip_prefix('"')?;
    if !has_escapes {
        return Some((Cow::Borrowed(raw), behind));
    }
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            value.push(c);
            continue;
        }
        match chars.next() {
            Some(special @ ('"' | '\\' | ']')) => value.push(special),
            other => {
                value.push('\\');
                value.extend(other);
            }
        }
    }
    Some((Cow::Owned(value), behind))
}
