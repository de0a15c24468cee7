//! A body as JSON, read so that no quirk of the appliance hides what it says.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::tolerance::{Notes, Tolerance};

/// What a body is instead of a JSON object. The words follow "the appliance answered …" and never
/// quote the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoObject {
    Empty,
    Html,
    Compressed,
    OtherJson,
    CutOff,
    TooDeep,
    Trailing,
    Damaged,
    Foreign,
}

impl fmt::Display for NoObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing",
            Self::Html => "an HTML page",
            Self::Compressed => "a compressed body that was not asked for",
            Self::OtherJson => "a JSON value that is no object",
            Self::CutOff => "JSON that is cut off",
            Self::TooDeep => "JSON that is nested more than 127 levels deep",
            Self::Trailing => "JSON with something after its end",
            Self::Damaged => "damaged JSON",
            Self::Foreign => "something that is not JSON",
        })
    }
}

/// Reads a body that should be one JSON object.
pub(crate) fn object(body: &[u8], notes: &mut Notes) -> Result<Map<String, Value>, NoObject> {
    let bare = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    if bare.len() < body.len() {
        notes.note(Tolerance::ByteOrderMark);
    }
    let body = bare.trim_ascii();
    match body {
        [] => return Err(NoObject::Empty),
        // The magic numbers of gzip (RFC 1952) and Zstandard (RFC 8878).
        [0x1F, 0x8B, ..] | [0x28, 0xB5, 0x2F, 0xFD, ..] => return Err(NoObject::Compressed),
        [b'<', ..] => return Err(NoObject::Html),
        _ => {}
    }
    let first = match parse(body, notes) {
        Ok(value) => return into_object(value),
        Err(reason) => reason,
    };
    let Some(repaired) = repair(body, notes) else {
        return Err(first);
    };
    parse(repaired.as_bytes(), notes).and_then(into_object)
}

fn into_object(value: Value) -> Result<Map<String, Value>, NoObject> {
    match value {
        Value::Object(map) => Ok(map),
        _ => Err(NoObject::OtherJson),
    }
}

fn parse(body: &[u8], notes: &mut Notes) -> Result<Value, NoObject> {
    let duplicates = Cell::new(false);
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let node = Node {
        place: Place::Top,
        duplicates: &duplicates,
    };
    let parsed = node
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    if duplicates.get() {
        notes.note(Tolerance::DuplicateKeys);
    }
    parsed.map_err(|error| {
        if error.is_eof() {
            return NoObject::CutOff;
        }
        // serde_json tells these two apart in its words only.
        let words = error.to_string();
        if words.starts_with("recursion limit") {
            NoObject::TooDeep
        } else if words.starts_with("trailing characters") && body.starts_with(b"{") {
            NoObject::Trailing
        } else if matches!(body, [b'{' | b'[' | b'"', ..]) {
            NoObject::Damaged
        } else {
            NoObject::Foreign
        }
    })
}

/// The body with everything repaired that can be; nothing when there is nothing to repair.
fn repair(body: &[u8], notes: &mut Notes) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let mut repaired = matches!(text, Cow::Owned(_));
    if repaired {
        notes.note(Tolerance::InvalidUtf8);
    }
    let mut text = text.into_owned();
    if let Some(whole) = whole_surrogates(&text) {
        notes.note(Tolerance::LoneSurrogate);
        text = whole;
        repaired = true;
    }
    if text.starts_with('"') && text.ends_with('}') {
        notes.note(Tolerance::MissingBrace);
        text.insert(0, '{');
        repaired = true;
    }
    repaired.then_some(text)
}

/// The text with each half of a surrogate pair as `\ufffd`; nothing when there is none (RFC 8259
/// section 8.2).
fn whole_surrogates(text: &str) -> Option<String> {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(escape, 16).ok()
    };
    let mut repaired = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(found) = text.get(at..).and_then(|rest| rest.find('\\')) {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => 12,
            (Some(0xD800..=0xDFFF), _) => {
                repaired.push_str(text.get(copied..at).unwrap_or_default());
                repaired.push_str("\\ufffd");
                copied = at + 6;
                6
            }
            // A backslash and the ASCII character it escapes; anything else is left for the
            // parser to refuse.
            _ => 2,
        };
        if !text.is_char_boundary(at) {
            break;
        }
    }
    (copied > 0).then(|| {
        repaired.push_str(text.get(copied..).unwrap_or_default());
        repaired
    })
}

/// Where in an answer a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Top,
    /// In `response` or `exception`.
    Part,
    Payload,
}

/// Reads one value. A key that comes twice keeps its worse value where the envelope's verdict is,
/// so that no second `"error": false` hides a first `true`; elsewhere the last one counts, as it
/// does for most readers.
struct Node<'d> {
    place: Place,
    duplicates: &'d Cell<bool>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(Node {
            place: Place::Payload,
            duplicates: self.duplicates,
        })? {
            list.push(element);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let place = match (self.place, key.as_str()) {
                (Place::Top, "response" | "exception") => Place::Part,
                _ => Place::Payload,
            };
            let value = entries.next_value_seed(Node {
                place,
                duplicates: self.duplicates,
            })?;
            match map.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    self.duplicates.set(true);
                    let earlier = entry.get_mut().take();
                    *entry.get_mut() = match self.place {
                        Place::Payload => value,
                        Place::Top | Place::Part => worse(earlier, value),
                    };
                }
            }
        }
        Ok(Value::Object(map))
    }
}

/// Of two values under one key, the one that tells more of a failure: anything rather than
/// nothing, true rather than false, the larger status or code; two objects become one.
fn worse(earlier: Value, later: Value) -> Value {
    let (earlier, later) = match (earlier, later) {
        (Value::Object(earlier), Value::Object(later)) => return both(earlier, later),
        other => other,
    };
    let earlier_counts = match (&earlier, &later) {
        (_, Value::Null) => true,
        (Value::Bool(earlier), Value::Bool(later)) => *earlier && !*later,
        (Value::Number(earlier), Value::Number(later)) => earlier.as_i64() > later.as_i64(),
        (Value::Object(_) | Value::String(_), Value::Bool(false)) => true,
        _ => false,
    };
    if earlier_counts { earlier } else { later }
}

/// Two objects under one key as one, with the texts of the one that tells of a failure.
fn both(earlier: Map<String, Value>, later: Map<String, Value>) -> Value {
    let fails = |map: &Map<String, Value>| {
        let status = map.get("status").and_then(Value::as_i64);
        ["error", "erro"]
            .iter()
            .any(|key| map.get(*key) == Some(&Value::Bool(true)))
            || status.is_some_and(|status| !(200..300).contains(&status))
    };
    let (mut kept, other) = match fails(&earlier) && !fails(&later) {
        true => (earlier, later),
        false => (later, earlier),
    };
    for (key, value) in other {
        let value = match kept.remove(&key) {
            None => value,
            Some(text @ Value::String(_)) => text,
            Some(kept) => worse(value, kept),
        };
        kept.insert(key, value);
    }
    Value::Object(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> (Result<Value, NoObject>, Vec<Tolerance>) {
        let mut notes = Notes::default();
        let value = object(body, &mut notes).map(Value::Object);
        (value, notes.tolerated().collect())
    }

    fn refused(body: &[u8]) -> NoObject {
        read(body).0.unwrap_err()
    }

    #[test]
    fn a_verdict_that_comes_twice_is_the_worse_one() {
        for body in [
            r#"{"response":{"error":true,"error":false,"status":500,"status":200}}"#,
            r#"{"response":{"error":false,"error":true,"status":200,"status":500}}"#,
            r#"{"response":{"error":true,"status":500},"response":{"error":false,"status":200}}"#,
        ] {
            let (value, tolerated) = read(body.as_bytes());
            let value = value.unwrap();
            assert_eq!(value["response"]["error"], true, "{body}");
            assert_eq!(value["response"]["status"], 500, "{body}");
            assert_eq!(tolerated, [Tolerance::DuplicateKeys]);
        }
        let (value, _) = read(br#"{"exception":{"code":7},"exception":null,"a":[{"b":1,"b":2}]}"#);
        let value = value.unwrap();
        assert_eq!(value["exception"]["code"], 7);
        assert_eq!(value["a"][0]["b"], 2, "in a payload the last one counts");
    }

    #[test]
    fn what_can_be_repaired_is() {
        use Tolerance::{ByteOrderMark, InvalidUtf8, LoneSurrogate, MissingBrace};
        let table: [(&[u8], &str, Tolerance); 7] = [
            (b"\xEF\xBB\xBF{\"a\":\"x\"}", "x", ByteOrderMark),
            (b"{\"a\":\"Sess\xE3o\"}", "Sess\u{FFFD}o", InvalidUtf8),
            (br#"{"a":"\ud83d!"}"#, "\u{FFFD}!", LoneSurrogate),
            (br#"{"a":"\udc00"}"#, "\u{FFFD}", LoneSurrogate),
            (
                br#"{"a":"\ud83d\ude00\ud83d\u0041"}"#,
                "\u{1F600}\u{FFFD}A",
                LoneSurrogate,
            ),
            (
                br#"{"a":"\\ud83d\ud83d"}"#,
                "\\ud83d\u{FFFD}",
                LoneSurrogate,
            ),
            (br#""a":"x"}"#, "x", MissingBrace),
        ];
        for (body, expected, tolerance) in table {
            let (value, tolerated) = read(body);
            assert_eq!(value.unwrap()["a"], expected);
            assert_eq!(tolerated, [tolerance]);
        }
    }

    #[test]
    fn what_is_no_object_says_what_it_is() {
        assert_eq!(refused(b" \r\n"), NoObject::Empty);
        assert_eq!(refused(b"\n<html></html>"), NoObject::Html);
        assert_eq!(refused(b"\x1F\x8B\x08\x00"), NoObject::Compressed);
        assert_eq!(refused(b"[1]"), NoObject::OtherJson);
        assert_eq!(refused(b"\"text\""), NoObject::OtherJson);
        assert_eq!(refused(b"{\"a\":[1,"), NoObject::CutOff);
        assert_eq!(refused(b"{\"a\":\"\\ud8"), NoObject::CutOff);
        assert_eq!(refused(b"{\"a\":1,}"), NoObject::Damaged);
        assert_eq!(refused(b"{\"a\":1}{\"b\":2}"), NoObject::Trailing);
        assert_eq!(refused(b"upstream error"), NoObject::Foreign);
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert_eq!(refused(deep.as_bytes()), NoObject::TooDeep);
    }

    #[test]
    fn a_backslash_before_a_wide_character_is_no_reason_to_panic() {
        assert_eq!(refused("{\"a\":\"\\é\"".as_bytes()), NoObject::Damaged);
        assert_eq!(refused("{\"a\":\"\\ud83dé\\".as_bytes()), NoObject::CutOff);
    }
}
