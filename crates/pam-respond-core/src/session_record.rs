//! A session in a record of the journal: written with the keys of its own, and read back.

use pam_proto::Session;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
use serde_json::Value;

pub(crate) fn serialize<S: Serializer>(session: &Session, to: S) -> Result<S::Ok, S::Error> {
    session.serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Session, D::Error> {
    read(Value::deserialize(from)?).map_err(D::Error::custom)
}

pub(crate) fn read(mut value: Value) -> Result<Session, pam_proto::MissingField> {
    // The listing's own keys, from which a session is made.
    if let Some(record) = value.as_object_mut() {
        for (ours, theirs) in [("started_at", "start"), ("ended_at", "end")] {
            if let Some(time) = record.remove(ours) {
                record.insert(theirs.to_owned(), time);
            }
        }
    }
    Session::from_value(&value)
}

/// The same for a session that may be missing.
pub(crate) mod optional {
    use super::{Deserialize as _, Deserializer, Serializer, Session, Value, read};
    use serde::Serialize as _;
    use serde::de::Error as _;

    pub(crate) fn serialize<S: Serializer>(
        session: &Option<Session>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        session.serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Session>, D::Error> {
        let value = Option::<Value>::deserialize(from)?;
        value.map(read).transpose().map_err(D::Error::custom)
    }
}
