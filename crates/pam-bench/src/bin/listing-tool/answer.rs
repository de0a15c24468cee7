//! The listing as serde knows it, and what is told of decoded sessions.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// What has to be looked at, borrowed where it can be.
#[derive(Deserialize)]
pub(crate) struct Looked<'a> {
    #[serde(borrow)]
    pub(crate) user: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) session_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) end: Option<Cow<'a, str>>,
}

/// The same from a reader, from which nothing can be borrowed.
#[derive(Deserialize)]
pub(crate) struct LookedOwned {
    pub(crate) user: String,
    pub(crate) session_id: String,
    pub(crate) end: Option<IgnoredAny>,
}

/// The whole document at once.
#[derive(Deserialize)]
pub(crate) struct Document<'a> {
    #[serde(borrow)]
    pub(crate) remote_sessions: Vec<Looked<'a>>,
}

/// A session with all its texts.
#[derive(Deserialize)]
pub(crate) struct Owned {
    #[expect(dead_code, reason = "decoded, as a caller wants it to be")]
    id: String,
    user: String,
    origin_ip: String,
    credential: String,
    device: String,
    protocol: String,
    proxy: String,
    session_id: String,
    start: String,
    end: Option<String>,
    #[expect(dead_code, reason = "decoded, as a caller wants it to be")]
    prevent_purge: String,
    request: Option<String>,
    #[serde(rename = "ITSM")]
    itsm: Option<String>,
}

/// How many sessions there were, and how many bytes their texts have.
#[derive(Default)]
pub(crate) struct Totals {
    sessions: u64,
    bytes: usize,
}

impl Totals {
    pub(crate) fn add<'t>(&mut self, texts: impl IntoIterator<Item = Option<&'t String>>) {
        self.sessions += 1;
        self.bytes += texts.into_iter().flatten().map(String::len).sum::<usize>();
    }

    pub(crate) fn more(&mut self, texts: impl IntoIterator<Item = Option<String>>) {
        self.bytes += texts
            .into_iter()
            .flatten()
            .map(|text| text.len())
            .sum::<usize>();
    }

    pub(crate) fn session(&mut self, session: Owned) {
        let texts = [
            &session.user,
            &session.origin_ip,
            &session.credential,
            &session.device,
            &session.protocol,
            &session.proxy,
            &session.start,
            &session.session_id,
        ];
        self.add(texts.into_iter().map(Some));
        self.more([session.end, session.request, session.itsm]);
    }

    pub(crate) fn lines(self) -> Vec<String> {
        vec![self.sessions.to_string(), self.bytes.to_string()]
    }
}

/// Visits each session of an answer without keeping any.
pub(crate) struct Each<T, F> {
    visit: F,
    session: PhantomData<T>,
}

impl<T, F: FnMut(T)> Each<T, F> {
    pub(crate) fn new(visit: F) -> Self {
        Self {
            visit,
            session: PhantomData,
        }
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Each<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Each<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer with a session list")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "remote_sessions" {
                map.next_value_seed(List(&mut self))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

struct List<'e, T, F>(&'e mut Each<T, F>);

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for List<'_, T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for List<'_, T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(session) = list.next_element()? {
            (self.0.visit)(session);
        }
        Ok(())
    }
}
