//! CEF (A2A API specification, "CEF"; ArcSight Common Event Format, revision 27).

use super::{Alert, fields};
use crate::dialect::Dialect;
use crate::switches::CefPipes;

/// `CEF:0|MT4|Segura|…`
pub(crate) fn write(alert: &Alert, dialect: &Dialect) -> String {
    let profile = dialect.profile;
    let (id, name, _, severity) = alert.kind.event();
    let extensions = fields::fields(alert, profile).into_iter();
    let extensions: Vec<String> = extensions
        .map(|(key, value)| format!("{key}={}", escaped(&value)))
        .collect();
    let text = format!(
        "CEF:0|MT4|{}|{}|{id}|{name}|{severity}|{}",
        profile.product(),
        profile.version(),
        extensions.join(" ")
    );
    match dialect.switches.cef_pipes {
        CefPipes::No => text,
        CefPipes::Yes => format!("|{text}|"),
    }
}

/// A value of the extension.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '=' => text.push_str("\\="),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
    text
}
