//! The XML payload of a custom alert action, as the JSON payload that Splunk sends when asked to.

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use serde_json::{Map, Value};

/// Reads the payload. `<field k="user"><value><text>…` in the result, `<param name="x">…` in the
/// configuration, and everything else by the name of its element.
pub(super) fn parse(payload: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(payload).map_err(|_| "the payload is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text);
    let malformed = |at: u64| format!("the payload is no well-formed XML, at byte {at}");
    let mut top = Map::new();
    let mut result: Option<Map<String, Value>> = None;
    let mut configuration: Option<Map<String, Value>> = None;
    let mut open: Vec<Element> = Vec::new();
    loop {
        let event = reader.read_event();
        match event.map_err(|_| malformed(reader.error_position()))? {
            Event::Start(start) => {
                open.push(Element::new(&start).ok_or_else(|| malformed(reader.buffer_position()))?);
            }
            Event::Empty(start) => {
                let element = Element::new(&start);
                let element = element.ok_or_else(|| malformed(reader.buffer_position()))?;
                let path: Vec<&str> = open.iter().map(|open| open.name.as_str()).collect();
                if let ["alert"] = path[..] {
                    match element.name.as_str() {
                        "result" => drop(result.get_or_insert_default()),
                        "configuration" => drop(configuration.get_or_insert_default()),
                        _ => drop(top.insert(element.name, Value::from(""))),
                    }
                }
            }
            Event::Text(text) => push(&mut open, &text.xml10_content()),
            Event::CData(text) => push(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let meant = resolve(&reference);
                push(
                    &mut open,
                    &meant.ok_or_else(|| malformed(reader.buffer_position()))?,
                );
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { continue };
                let path: Vec<&str> = open.iter().map(|open| open.name.as_str()).collect();
                match (&path[..], element.name.as_str()) {
                    (["alert", "result", "field", ..], "text" | "v") => {
                        if let Some(field) = open.get_mut(2) {
                            field.values.push(element.text);
                        }
                    }
                    (["alert", "result"], "field") => {
                        let value = match element.values.len() {
                            0 => Value::from(element.text),
                            1 => element.values.concat().into(),
                            _ => Value::from(element.values),
                        };
                        let key = element.key.unwrap_or_default();
                        result.get_or_insert_default().insert(key, value);
                    }
                    (["alert", "configuration", ..], "param") => {
                        let key = element.key.unwrap_or_default();
                        let value = Value::from(element.text);
                        configuration.get_or_insert_default().insert(key, value);
                    }
                    (["alert"], "result") => drop(result.get_or_insert_default()),
                    (["alert"], "configuration") => drop(configuration.get_or_insert_default()),
                    (["alert"], _) => {
                        top.insert(element.name, Value::from(element.text.trim()));
                    }
                    _ => {}
                }
            }
            Event::Eof if open.is_empty() => break,
            Event::Eof => return Err("the payload ends too early".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::DocType(_) => {}
        }
    }
    if top.is_empty() && result.is_none() {
        return Err("the payload is no <alert> of Splunk".to_owned());
    }
    top.extend(result.map(|result| ("result".to_owned(), result.into())));
    top.extend(configuration.map(|params| ("configuration".to_owned(), params.into())));
    Ok(top.into())
}

/// An element that is still open.
struct Element {
    name: String,
    /// What `k` or `name` says.
    key: Option<String>,
    text: String,
    values: Vec<String>,
}

impl Element {
    fn new(start: &BytesStart<'_>) -> Option<Self> {
        let name = start.name().into_inner().to_owned();
        let mut key = None;
        for attribute in start.attributes() {
            let attribute = attribute.ok()?;
            if matches!(attribute.key.into_inner(), "k" | "name") {
                key = Some(
                    attribute
                        .normalized_value(XmlVersion::Implicit1_0)
                        .ok()?
                        .into_owned(),
                );
            }
        }
        Some(Self {
            name,
            key,
            text: String::new(),
            values: Vec::new(),
        })
    }
}

fn push(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

/// `&amp;` and its like, and characters by their number. XML knows no others without a document
/// type, which is not read.
fn resolve(reference: &BytesRef<'_>) -> Option<String> {
    if let Some(character) = reference.resolve_char_ref().ok()? {
        return Some(character.to_string());
    }
    resolve_predefined_entity(&reference.xml10_content()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<alert>
  <app>search</app>
  <owner>admin</owner>
  <server_host>localhost</server_host>
  <session_key>planted</session_key>
  <sid>scheduler__x</sid>
  <search_name>A &amp; B &lt;c&gt;</search_name>
  <results_link/>
  <configuration>
    <stanza name="s"><param name="level">high</param></stanza>
    <param name="note"><![CDATA[<raw>]]></param>
  </configuration>
  <result offset="0">
    <field k="user"><value h="1"><text>st&#108;ee</text></value></field>
    <field k="hosts"><value><text>a</text></value><value><text>b</text></value></field>
    <field k="_raw"><v xml:space="preserve"> x </v></field>
  </result>
</alert>"#;

    #[test]
    fn the_payload_is_what_splunk_would_send_as_json() {
        let expected = serde_json::json!({
            "app": "search",
            "owner": "admin",
            "server_host": "localhost",
            "session_key": "planted",
            "sid": "scheduler__x",
            "search_name": "A & B <c>",
            "results_link": "",
            "configuration": {"level": "high", "note": "<raw>"},
            "result": {"user": "stlee", "hosts": ["a", "b"], "_raw": " x "},
        });
        assert_eq!(parse(PAYLOAD.as_bytes()), Ok(expected));
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        for (payload, word) in [
            ("<alert><app>", "too early"),
            ("<alert></app></alert>", "well-formed"),
            ("<other/>", "no <alert>"),
            ("<alert><app>&nothing;</app></alert>", "well-formed"),
        ] {
            let error = parse(payload.as_bytes()).unwrap_err();
            assert!(error.contains(word), "{payload}: {error}");
        }
    }
}
