//! Sessions in a file: as pamctl writes them, or as the appliance does.

use pam_proto::Session;
use serde_json::Value;

/// A session from its JSON object, whichever of the two key sets it has.
///
/// # Errors
/// One line that says what is missing.
pub(crate) fn session(mut object: Value) -> Result<Session, String> {
    let Some(map) = object.as_object_mut() else {
        return Err("a session is a JSON object".to_owned());
    };
    for (ours, theirs) in [("started_at", "start"), ("ended_at", "end")] {
        if let Some(value) = map.remove(ours) {
            map.entry(theirs).or_insert(value);
        }
    }
    Session::from_value(&object).map_err(|error| format!("{error}; it is no session"))
}

/// The sessions of a JSON text: one object, or an array of them.
///
/// # Errors
/// One line that says what is wrong with which of them.
pub(crate) fn sessions(text: &str) -> Result<Vec<Session>, String> {
    let value = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let Value::Array(objects) = value else {
        return Ok(vec![session(value)?]);
    };
    let numbered = objects.into_iter().zip(1..);
    numbered
        .map(|(object, number)| session(object).map_err(|what| format!("session {number}: {what}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let wire = serde_json::json!({"id": "540", "session_id": "ab12", "user": "alice",
            "start": "2024-05-06 16:05:07", "end": "2024-05-06 16:07:59", "ITSM": "CHG-1",
            "prevent_purge": "Sim", "credencial": "root"});
        let [session] = &sessions(&wire.to_string()).unwrap()[..] else {
            panic!()
        };
        assert_eq!(session.credential, "root");
        let ours = serde_json::to_string(&[session]).unwrap();
        assert_eq!(sessions(&ours).unwrap(), std::slice::from_ref(session));
    }

    #[test]
    fn what_is_no_session_is_told() {
        for (text, part) in [
            ("x", "not JSON"),
            ("1", "JSON object"),
            (
                "[{\"id\":\"1\",\"session_id\":null},{\"id\":\"2\"}]",
                "session 2",
            ),
        ] {
            assert!(sessions(text).unwrap_err().contains(part), "{text}");
        }
    }
}
