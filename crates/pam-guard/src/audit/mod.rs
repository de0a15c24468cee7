//! The audit chain: one JSON line a record, each bound to the one before by a SHA-256 hash.
//!
//! ```text
//! {"seq":1,"prev":"<64 hex>", … the record's own keys …,"hash":"<64 hex>"}
//! ```
//!
//! The hash covers every byte of the line before `,"hash":`, and `prev` is the hash of the line
//! before, so an edit, a deletion inside the file and a change of order are all found by
//! [`Verifier`]. What a chain alone can't show is that its last lines were cut off; for that the
//! writer keeps the last [`Link`] apart and [`Verifier::finish`] is given it. The chain carries no
//! key: somebody who can rewrite the whole file and the kept link can rewrite history, so ship the
//! lines to another machine.

use std::fmt;

use base16ct::lower;
use serde::Serialize;
use sha2::{Digest, Sha256};

mod verify;

pub use verify::{Break, BreakKind, Verifier};

/// A SHA-256 hash, written as 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of some bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Reads what `Display` writes.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut hash = [0; 32];
        let read = lower::decode(text, &mut hash).ok()?;
        (read.len() == 32).then_some(Self(hash))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&lower::encode_string(&self.0))
    }
}

/// Where a chain stands: how many records it has and the hash of the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The number of the last record; 0 before the first.
    pub seq: u64,
    /// The hash of the last record; all zeros before the first.
    pub hash: Hash,
}

impl Link {
    /// The link before the first record.
    pub const START: Self = Self {
        seq: 0,
        hash: Hash([0; 32]),
    };

    /// Reads what [`Link`]'s `Display` writes: `SEQ HASH`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (seq, hash) = text.trim().split_once(' ')?;
        Some(Self {
            seq: seq.parse().ok()?,
            hash: Hash::from_hex(hash)?,
        })
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.seq, self.hash)
    }
}

/// A record that can't be chained.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// It is not written as a JSON object with at least one key, or uses a key of the chain's own.
    #[error("an audit record must be a JSON object without `seq`, `prev` and `hash`")]
    NotARecord,
    /// It can't be written as JSON.
    #[error("the audit record can't be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// The line of a record, without its line break, and the link after it.
///
/// # Errors
/// [`ChainError`] when the record is no JSON object or has a key of the chain's own.
///
/// ```
/// use pam_guard::audit::{Link, Verifier, append};
///
/// let (line, link) = append(&Link::START, &serde_json::json!({"outcome": "terminated"}))?;
/// let mut verifier = Verifier::new();
/// verifier.line(&line).unwrap();
/// assert_eq!(verifier.finish(Some(link)).unwrap(), link);
/// assert!(Verifier::new().line(&line.replace("terminated", "not_found")).is_err());
/// # Ok::<(), pam_guard::audit::ChainError>(())
/// ```
pub fn append(link: &Link, record: &impl Serialize) -> Result<(String, Link), ChainError> {
    let value = serde_json::to_value(record)?;
    let object = value.as_object().filter(|object| !object.is_empty());
    let own = |object: &serde_json::Map<_, _>| {
        ["seq", "prev", "hash"]
            .iter()
            .any(|key| object.contains_key(*key))
    };
    if object.is_none_or(own) {
        return Err(ChainError::NotARecord);
    }
    // From the record itself, not from the map, so that its keys keep their order.
    let record = serde_json::to_string(record)?;
    let inner = record
        .strip_prefix('{')
        .and_then(|inner| inner.strip_suffix('}'));
    let inner = inner.ok_or(ChainError::NotARecord)?;
    let seq = link.seq + 1;
    let covered = format!("{{\"seq\":{seq},\"prev\":\"{}\",{inner}", link.hash);
    let hash = Hash::of(covered.as_bytes());
    Ok((
        format!("{covered},\"hash\":\"{hash}\"}}"),
        Link { seq, hash },
    ))
}
