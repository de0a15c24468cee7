//! The typed record of a proxy session.

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::error::MissingField;
use crate::identity::{InvalidSessionId, SessionId, SessionNumber};
use crate::tolerance::{Notes, Tolerance};

/// One row of the session listing (A2A API specification, "List all", session object).
///
/// Both spellings of its keys are understood; serialised, it has the English ones, and `active`
/// beside them. Times are the appliance's own: `YYYY-MM-DD HH:MM:SS` without a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The row number, which the get call takes.
    pub id: SessionNumber,
    /// The id that the terminate call takes; absent when the appliance sent null, an empty text
    /// or a masked one.
    pub session_id: Option<SessionId>,
    /// The vault user who is connected.
    pub user: String,
    /// Where the user comes from.
    pub origin_ip: String,
    /// The user name of the credential in use (`credencial` in 3.32).
    pub credential: String,
    /// The target, mostly as `ip:port` (`dispositivo` in 3.32).
    pub device: String,
    /// `ssh`, `rdp`, …
    pub protocol: String,
    /// `Web Proxy`, `RDP Proxy`, `Terminal Proxy`, …
    pub proxy: String,
    /// When it started.
    pub started_at: String,
    /// When it ended, as sent. Null, an empty text and a zero date all mean that it has not.
    pub ended_at: Option<String>,
    /// Whether its recording is protected from the purge; absent when it was not sent as a yes
    /// or a no.
    pub prevent_purge: Option<bool>,
    /// The access request behind it.
    pub request: Option<String>,
    /// The governance code (`ITSM` on the wire).
    pub itsm: Option<String>,
}

impl Session {
    /// Whether the session runs: there is no flag on the wire, a running one has no end
    /// (A2A API specification, "List all").
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.ended_at.is_none()
    }

    /// Decodes a record; unknown keys are ignored, a number where a text is documented is taken
    /// as its digits.
    ///
    /// # Errors
    /// [`MissingField`] names `id` or `session_id` when the key is not there, or `id` when it is
    /// not a row number.
    pub fn from_value(record: &Value) -> Result<Self, MissingField> {
        Self::from_value_noting(record, &mut Notes::default())
    }

    /// Like [`from_value`](Self::from_value), and notes what was forgiven.
    ///
    /// # Errors
    /// As [`from_value`](Self::from_value).
    pub fn from_value_noting(record: &Value, notes: &mut Notes) -> Result<Self, MissingField> {
        let empty = Map::new();
        let record = record.as_object().unwrap_or(&empty);
        let mut fields = Fields { record, notes };
        let id = fields
            .text(&["id"])
            .and_then(|id| id.parse().ok())
            .ok_or(MissingField("id"))?;
        if !record.contains_key("session_id") {
            return Err(MissingField("session_id"));
        }
        Ok(Self {
            id,
            session_id: fields.session_id(),
            user: fields.documented(&["user"]),
            origin_ip: fields.documented(&["origin_ip"]),
            credential: fields.documented(&["credential", "credencial"]),
            device: fields.documented(&["device", "dispositivo"]),
            protocol: fields.documented(&["protocol"]),
            proxy: fields.documented(&["proxy"]),
            started_at: fields.documented(&["start"]),
            ended_at: fields.end(),
            prevent_purge: fields.flag("prevent_purge"),
            request: fields.text(&["request"]).filter(|text| !text.is_empty()),
            itsm: fields
                .text(&["ITSM", "itsm"])
                .filter(|text| !text.is_empty()),
        })
    }
}

/// Reads the fields of one record and notes in what form they came.
struct Fields<'r> {
    record: &'r Map<String, Value>,
    notes: &'r mut Notes,
}

impl Fields<'_> {
    /// The first of these keys that holds a scalar. A second key is the Portuguese one, or another
    /// case.
    fn text(&mut self, keys: &[&str]) -> Option<String> {
        let mut found = keys.iter().enumerate();
        let (index, value) = found.find_map(|(index, key)| {
            let value = self.record.get(*key)?;
            (!value.is_null()).then_some((index, value))
        })?;
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => {
                self.notes.note(Tolerance::NumberForText);
                number.to_string()
            }
            Value::Bool(flag) => {
                self.notes.note(Tolerance::NumberForText);
                flag.to_string()
            }
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        if index > 0 && matches!(keys, ["credential" | "device", ..]) {
            self.notes.note(Tolerance::PortugueseRecord);
        }
        Some(text)
    }

    /// A field that every documented record has.
    fn documented(&mut self, keys: &[&str]) -> String {
        if !keys.iter().any(|key| self.record.contains_key(*key)) {
            self.notes.note(Tolerance::AbsentField);
        }
        self.text(keys).unwrap_or_default()
    }

    fn session_id(&mut self) -> Option<SessionId> {
        match SessionId::new(self.text(&["session_id"]).unwrap_or_default()) {
            Ok(id) => Some(id),
            Err(InvalidSessionId::Masked) => {
                self.notes.note(Tolerance::MaskedSessionId);
                None
            }
            Err(_) => {
                self.notes.note(Tolerance::UnusableSessionId);
                None
            }
        }
    }

    fn end(&mut self) -> Option<String> {
        let end = self.text(&["end"])?;
        if is_end(&end) {
            return Some(end);
        }
        if !end.is_empty() {
            self.notes.note(Tolerance::EndWithoutDate);
        }
        None
    }

    /// A yes or a no; a JSON boolean is as good as its word.
    fn flag(&mut self, key: &str) -> Option<bool> {
        yes_or_no(&self.text(&[key])?)
    }
}

/// What an `end` must hold to be one: a date has a digit other than zero. The value of a running
/// session is not documented (A2A API specification, "List all": `end`), so null, an empty text,
/// `0000-00-00 00:00:00` and `-` all read as running; taking one for an end would call a live
/// session ended.
pub(crate) fn is_end(end: &str) -> bool {
    end.bytes().any(|byte| matches!(byte, b'1'..=b'9'))
}

pub(crate) fn yes_or_no(answer: &str) -> Option<bool> {
    let is_any = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(answer));
    if is_any(&["sim", "yes", "true", "1"]) {
        return Some(true);
    }
    is_any(&["não", "nÃo", "nao", "no", "false", "0"]).then_some(false)
}

impl Serialize for Session {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_struct("Session", 14)?;
        record.serialize_field("id", &self.id)?;
        record.serialize_field("session_id", &self.session_id)?;
        record.serialize_field("user", &self.user)?;
        record.serialize_field("origin_ip", &self.origin_ip)?;
        record.serialize_field("credential", &self.credential)?;
        record.serialize_field("device", &self.device)?;
        record.serialize_field("protocol", &self.protocol)?;
        record.serialize_field("proxy", &self.proxy)?;
        record.serialize_field("started_at", &self.started_at)?;
        record.serialize_field("ended_at", &self.ended_at)?;
        record.serialize_field("active", &self.is_active())?;
        record.serialize_field("prevent_purge", &self.prevent_purge)?;
        record.serialize_field("request", &self.request)?;
        record.serialize_field("itsm", &self.itsm)?;
        record.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record() -> Value {
        json!({"id":"540","user":"Admin","origin_ip":"192.0.2.10","credencial":"svc1",
            "dispositivo":"192.0.2.20:22","protocol":"ssh","proxy":"Web Proxy","session_id":"ab12",
            "start":"2024-05-06 16:05:07","end":"2024-05-06 16:07:59","time":"00:02:52",
            "prevent_purge":"Não","request":null,"ITSM":null})
    }

    #[test]
    fn both_spellings_give_the_same_session() {
        let portuguese = Session::from_value(&record()).unwrap();
        let mut english = record();
        let map = english.as_object_mut().unwrap();
        let (credential, device) = (map.remove("credencial"), map.remove("dispositivo"));
        map.insert("credential".into(), credential.unwrap());
        map.insert("device".into(), device.unwrap());
        map.insert("prevent_purge".into(), "No".into());
        assert_eq!(Session::from_value(&english).unwrap(), portuguese);
        assert_eq!(portuguese.credential, "svc1");
        assert_eq!(portuguese.prevent_purge, Some(false));
    }

    #[test]
    fn a_session_without_a_real_end_is_active() {
        for end in [
            json!(null),
            json!(""),
            json!("0000-00-00 00:00:00"),
            json!("-"),
            json!(0),
        ] {
            let mut running = record();
            running["end"] = end.clone();
            assert!(Session::from_value(&running).unwrap().is_active(), "{end}");
        }
        assert!(!Session::from_value(&record()).unwrap().is_active());
    }

    #[test]
    fn a_missing_required_field_names_itself() {
        for field in ["id", "session_id"] {
            let mut damaged = record();
            damaged.as_object_mut().unwrap().remove(field);
            assert_eq!(Session::from_value(&damaged), Err(MissingField(field)));
        }
    }

    #[test]
    fn what_was_forgiven_is_noted() {
        let mut odd = record();
        odd["id"] = json!(540);
        odd["session_id"] = json!("ab**cd");
        odd["end"] = json!("0000-00-00 00:00:00");
        odd.as_object_mut().unwrap().remove("proxy");
        let mut notes = Notes::default();
        let session = Session::from_value_noting(&odd, &mut notes).unwrap();
        assert_eq!(session.session_id, None);
        assert_eq!(
            notes.tolerated().collect::<Vec<_>>(),
            [
                Tolerance::PortugueseRecord,
                Tolerance::NumberForText,
                Tolerance::MaskedSessionId,
                Tolerance::EndWithoutDate,
                Tolerance::AbsentField,
            ]
        );
    }

    #[test]
    fn serialised_it_has_the_english_keys_in_order() {
        let text = serde_json::to_string(&Session::from_value(&record()).unwrap()).unwrap();
        assert!(text.starts_with(r#"{"id":"540","session_id":"ab12","user":"Admin","origin_ip""#));
        assert!(
            text.contains(r#""ended_at":"2024-05-06 16:07:59","active":false"#),
            "{text}"
        );
    }
}
