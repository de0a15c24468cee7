//! The nonces that were used (RFC 5849 section 3.3).

use std::collections::BTreeSet;

use super::Refusal;
use crate::oauth1::signature::{Hash, State};
use crate::oauth1::writer::{Buffer, Writer};

/// Remembers nonces, up to a number of them.
///
/// It admits no nonce twice: a nonce is forgotten only together with its timestamp, and a
/// forgotten timestamp is refused from then on, even when the clock is set back. It refuses a
/// right request when it is full, and when the clock was set back by more than it remembers.
#[derive(Debug)]
pub(super) struct Ledger {
    used: BTreeSet<Use>,
    capacity: usize,
    /// Timestamps before this one are forgotten.
    horizon: u64,
}

/// One use of a nonce. The timestamp comes first, so that the oldest are together.
///
/// Nonce and client are kept as their SHA-1: equal ones have the same, so no replay passes. To have
/// someone else's nonce refused, one would have to find another text for a given digest.
#[derive(Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Use {
    timestamp: u64,
    digest: State,
}

impl Use {
    #[inline]
    pub(super) fn new(
        timestamp: u64,
        nonce: &str,
        consumer_key: &str,
        token: Option<&str>,
        buffer: &mut Buffer,
    ) -> Self {
        // No UTF-8 text holds this byte, so no two uses are spelled alike.
        const END: &[u8] = &[0xFF];
        let mut writer = Writer::new(Hash::START, buffer);
        writer.put(nonce.as_bytes());
        writer.put(END);
        writer.put(consumer_key.as_bytes());
        if let Some(token) = token {
            writer.put(END);
            writer.put(token.as_bytes());
        }
        Self {
            timestamp,
            digest: writer.into_digest(),
        }
    }
}

impl Ledger {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            used: BTreeSet::new(),
            capacity,
            horizon: 0,
        }
    }

    pub(super) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity;
    }

    /// Refuses a timestamp that is forgotten.
    pub(super) fn check(&self, timestamp: u64) -> Result<(), Refusal> {
        if timestamp < self.horizon {
            return Err(Refusal::TimestampForgotten);
        }
        Ok(())
    }

    /// Forgets everything before a timestamp.
    pub(super) fn forget_before(&mut self, horizon: u64) {
        if horizon <= self.horizon {
            return;
        }
        self.horizon = horizon;
        self.used = self.used.split_off(&Use {
            timestamp: horizon,
            ..Use::default()
        });
    }

    /// Whether a nonce was used.
    pub(super) fn knows(&self, nonce_use: &Use) -> bool {
        self.used.contains(nonce_use)
    }

    /// Remembers a use of a nonce, once.
    pub(super) fn admit(&mut self, nonce_use: Use) -> Result<(), Refusal> {
        if self.used.len() >= self.capacity && !self.knows(&nonce_use) {
            return Err(Refusal::LedgerFull);
        }
        if self.used.insert(nonce_use) {
            Ok(())
        } else {
            Err(Refusal::NonceUsed)
        }
    }
}
