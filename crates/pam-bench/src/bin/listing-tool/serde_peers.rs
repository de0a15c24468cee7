//! `serde_json` and `sonic-rs`.

use std::io::{self, BufReader, Read};

use serde::de::DeserializeSeed;

use crate::answer::{Document, Each, Looked, LookedOwned, Owned, Totals};
use crate::{CHUNK, Outcome, USER};

/// Bounded: one session at a time, from a reader.
pub(crate) fn find_in_reader() -> Outcome {
    let mut ids = Vec::new();
    let reader = BufReader::with_capacity(CHUNK, io::stdin().lock());
    let each = Each::new(|session: LookedOwned| {
        if session.end.is_none() && session.user == USER {
            ids.push(session.session_id);
        }
    });
    each.deserialize(&mut serde_json::Deserializer::from_reader(reader))?;
    Ok(ids)
}

/// The same with every session decoded and owned.
pub(crate) fn own_from_reader() -> Outcome {
    let mut totals = Totals::default();
    let reader = BufReader::with_capacity(CHUNK, io::stdin().lock());
    let each = Each::new(|session: Owned| totals.session(session));
    each.deserialize(&mut serde_json::Deserializer::from_reader(reader))?;
    Ok(totals.lines())
}

/// The whole document in memory, and all of its sessions.
pub(crate) fn find_in_document() -> Outcome {
    let bytes = whole()?;
    let document: Document<'_> = serde_json::from_slice(&bytes)?;
    let wanted = document.remote_sessions.into_iter();
    let wanted = wanted.filter(|session| session.end.is_none() && session.user == USER);
    Ok(wanted
        .map(|session| session.session_id.into_owned())
        .collect())
}

/// The whole document in memory, one session at a time.
pub(crate) fn find_with_sonic() -> Outcome {
    let bytes = whole()?;
    let mut ids = Vec::new();
    let each = Each::new(|session: Looked<'_>| {
        if session.end.is_none() && session.user == USER {
            ids.push(session.session_id.into_owned());
        }
    });
    let mut deserializer = sonic_rs::Deserializer::from_slice(&bytes);
    each.deserialize(&mut deserializer)?;
    Ok(ids)
}

fn whole() -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes)?;
    Ok(bytes)
}
