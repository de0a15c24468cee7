//! The records in an answer's payload.

use serde_json::{Map, Value};

use super::Envelope;
use crate::error::ReplyError;
use crate::tolerance::{Notes, Tolerance};

impl Envelope {
    /// The records under the first of these keys that is there, whether in an array, bare, or in an
    /// envelope nested as an element of its own array (A2A API specification, "List all"). An
    /// empty map stands for an empty list.
    ///
    /// # Errors
    /// [`ReplyError`] when none of the keys is there, when what is there is no list, or when a
    /// nested envelope is not a success.
    pub fn records(
        &self,
        keys: &[&'static str],
        notes: &mut Notes,
    ) -> Result<Vec<&Value>, ReplyError> {
        let payload = self.payload_under(&self.body, keys, notes)?;
        match payload {
            Value::Array(_) => {}
            Value::Object(map) if map.is_empty() => notes.note(Tolerance::EmptyMapForList),
            Value::Object(_) => notes.note(Tolerance::RecordForList),
            _ => {
                let key = keys.first().copied().unwrap_or_default();
                return Err(self.malformed(format!("`{key}` in the answer is no list")));
            }
        }
        let mut records = Vec::new();
        self.descend(payload, keys, notes, &mut records)?;
        Ok(records)
    }

    fn descend<'a>(
        &self,
        payload: &'a Value,
        keys: &[&'static str],
        notes: &mut Notes,
        records: &mut Vec<&'a Value>,
    ) -> Result<(), ReplyError> {
        match payload {
            Value::Array(elements) => {
                for element in elements {
                    self.descend(element, keys, notes, records)?;
                }
            }
            Value::Object(map) if map.is_empty() => {}
            Value::Object(map) if is_nested(map, keys) => {
                notes.note(Tolerance::NestedEnvelope);
                let mut inner = Self::bare(self.http_status, self.headers.clone());
                inner.take_parts(map, notes);
                if let Some(fault) = inner.fault() {
                    return Err(inner.refusal(fault));
                }
                let payload = self.payload_under(map, keys, notes)?;
                self.descend(payload, keys, notes, records)?;
            }
            // What is no record is left to the caller's decoder, which names what it lacks.
            _ => records.push(payload),
        }
        Ok(())
    }

    fn payload_under<'a>(
        &self,
        map: &'a Map<String, Value>,
        keys: &[&'static str],
        notes: &mut Notes,
    ) -> Result<&'a Value, ReplyError> {
        let mut found = keys.iter().enumerate();
        let found = found.find_map(|(index, key)| Some((index, map.get(*key)?)));
        let Some((index, payload)) = found else {
            let key = keys.first().copied().unwrap_or_default();
            return Err(self.malformed(format!("the appliance's answer has no `{key}`")));
        };
        if index > 0 {
            notes.note(Tolerance::OtherPayloadKey);
        }
        Ok(payload)
    }
}

/// Whether an element of a payload is the envelope again. A nested envelope must be a success like
/// the outer one.
fn is_nested(map: &Map<String, Value>, keys: &[&str]) -> bool {
    map.get("response").is_some_and(Value::is_object)
        || keys.iter().any(|key| map.contains_key(*key))
}
