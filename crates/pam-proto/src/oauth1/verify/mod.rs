//! Verifying a signed request (RFC 5849 section 3.2), the server's side.
//!
//! The checks run in a fixed order: shape, signature method, version, timestamp, signature, and
//! the nonce last, so that nobody without a key can fill the ledger of nonces or spend someone
//! else's. An unknown client costs the same hash as a wrong signature.
//!
//! ```
//! use pam_proto::Secret;
//! use pam_proto::oauth1::signature::Key;
//! use pam_proto::oauth1::verify::{Origin, Refusal, Unknown, Verifier};
//! use pam_proto::oauth1::{Credentials, Signer, Stamp};
//!
//! let secret = Secret::new("consumer secret");
//! let signer = Signer::new(&Credentials::new("a client", secret.clone()))?;
//! let request = http::Request::get("https://vault.example.com/iso/pam/device").body(Vec::new())?;
//! let request = signer.sign(request, &Stamp::new(1_700_000_000, "n0nce"))?;
//!
//! let verifier = Verifier::new();
//! let origin = Origin::new("https://vault.example.com")?;
//! let key = Key::new(&secret, None);
//! let find = |client: &str, _: Option<&str>| match client {
//!     "a client" => Ok(&key),
//!     _ => Err(Unknown::ConsumerKey),
//! };
//! let verified = verifier.verify(&request, &origin, 1_700_000_100, find)?;
//! assert_eq!(verified.consumer_key(), "a client");
//!
//! let again = verifier.verify(&request, &origin, 1_700_000_100, find);
//! assert_eq!(again.unwrap_err(), Refusal::NonceUsed);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ledger;
mod origin;
mod received;
mod refusal;

use std::borrow::{Borrow, Cow};
use std::sync::{Mutex, PoisonError};

use http::Request;

use self::ledger::{Ledger, Use};
use self::received::Received;
use super::params::Params;
use super::signature::Key;
use super::writer;
use crate::Secret;

pub use origin::{Origin, OriginError};
pub use refusal::{Refusal, Unknown};

/// How far a timestamp may be from the server's clock, unless set otherwise: 300 seconds.
pub const DEFAULT_WINDOW: u64 = 300;

/// How many nonces are remembered, unless set otherwise.
pub const DEFAULT_CAPACITY: usize = 1_000_000;

/// Whether a request must carry timestamp and nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Stamps {
    /// Both, as RFC 5849 section 3.1 has it.
    #[default]
    Required,
    /// Either may be absent, as the appliance's table has it (A2A API specification,
    /// "OAuth 1.0"). A request without a nonce can be replayed.
    Optional,
}

/// Verifies requests, and remembers the nonces of those that were right.
///
/// It is shared between threads by reference. Of several copies of one request, however
/// concurrent, it admits one.
#[derive(Debug)]
pub struct Verifier {
    window: u64,
    stamps: Stamps,
    /// Stands in for the key of an unknown client.
    stand_in: Key,
    ledger: Mutex<Ledger>,
}

/// The proof that a request was signed by whom it names; only [`Verifier::verify`] makes one.
#[derive(Debug)]
pub struct Verified<'r, B> {
    request: &'r Request<B>,
    consumer_key: Cow<'r, str>,
    token: Option<Cow<'r, str>>,
    timestamp: Option<u64>,
    nonce: Option<Cow<'r, str>>,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// A verifier with [`DEFAULT_WINDOW`] and [`DEFAULT_CAPACITY`] that requires timestamp and
    /// nonce.
    #[must_use]
    pub fn new() -> Self {
        Self {
            window: DEFAULT_WINDOW,
            stamps: Stamps::Required,
            stand_in: Key::new(
                &Secret::new("nobody's consumer"),
                Some(&Secret::new("nor token")),
            ),
            ledger: Mutex::new(Ledger::new(DEFAULT_CAPACITY)),
        }
    }

    /// Sets how many seconds a timestamp may be before or after the server's clock, both edges
    /// included.
    #[must_use]
    pub fn with_window(mut self, seconds: u64) -> Self {
        self.window = seconds;
        self
    }

    /// Sets whether timestamp and nonce must be there.
    #[must_use]
    pub fn with_stamps(mut self, stamps: Stamps) -> Self {
        self.stamps = stamps;
        self
    }

    /// Sets how many nonces are remembered at most. When they are that many, new requests are
    /// refused: forgetting a nonce would let its request be replayed.
    #[must_use]
    pub fn with_capacity(self, nonces: usize) -> Self {
        self.lock().set_capacity(nonces);
        self
    }

    /// Refuses timestamps before this one, in seconds since 1970-01-01 00:00:00 GMT.
    ///
    /// The nonces are kept in memory only. A server that gives its start time here can't be made
    /// to take a request again that it took before it was restarted.
    #[must_use]
    pub fn refusing_before(self, timestamp: u64) -> Self {
        self.lock().forget_before(timestamp);
        self
    }

    /// Verifies a request and, when it is right, spends its nonce.
    ///
    /// `origin` is what the client believes to have called. `now` is in seconds since
    /// 1970-01-01 00:00:00 GMT. `find` gives the key of a consumer key and a token.
    ///
    /// # Errors
    /// [`Refusal`], which says what is wrong.
    pub fn verify<'r, B, K, F>(
        &self,
        request: &'r Request<B>,
        origin: &Origin,
        now: u64,
        find: F,
    ) -> Result<Verified<'r, B>, Refusal>
    where
        B: AsRef<[u8]>,
        K: Borrow<Key>,
        F: FnOnce(&str, Option<&str>) -> Result<K, Unknown>,
    {
        let mut params = Params::new();
        let received = Received::read(request, self.stamps, &mut params)?;
        if let Some(timestamp) = received.timestamp {
            self.check_timestamp(timestamp, now)?;
        }
        let found = find(&received.consumer_key, received.token.as_deref());
        let key = found.as_ref().map_or(&self.stand_in, Borrow::borrow);
        let mut buffer = writer::EMPTY;
        let mut writer = key.writer(&mut buffer);
        received.write_base_string(&mut writer, request, origin);
        let right = key
            .signature(writer)
            .matches_bytes(received.signature.bytes());
        let timestamp = received.timestamp.unwrap_or(now);
        // Made and looked up for a wrong signature too, which so takes as long as a right one.
        let nonce_use = received.nonce.as_deref().map(|nonce| {
            let token = received.token.as_deref();
            Use::new(timestamp, nonce, &received.consumer_key, token, &mut buffer)
        });
        let refusal = match found {
            Err(unknown) => Some(Refusal::Unknown(unknown)),
            Ok(_) if !right => Some(Refusal::Signature),
            Ok(_) => None,
        };
        if let Some(refusal) = refusal {
            std::hint::black_box(nonce_use.is_some_and(|nonce_use| self.lock().knows(&nonce_use)));
            return Err(refusal);
        }
        self.spend(timestamp, nonce_use, now)?;
        Ok(Verified {
            request,
            consumer_key: received.consumer_key,
            token: received.token,
            timestamp: received.timestamp,
            nonce: received.nonce,
        })
    }

    /// The base string that [`Verifier::verify`] builds from this request. It holds no secret,
    /// but whoever reads it knows what to sign: it is for the logs of a test appliance.
    ///
    /// # Errors
    /// [`Refusal`] when the request's shape yields no base string.
    pub fn explain<B: AsRef<[u8]>>(
        &self,
        request: &Request<B>,
        origin: &Origin,
    ) -> Result<String, Refusal> {
        let mut params = Params::new();
        let received = Received::read(request, self.stamps, &mut params)?;
        Ok(writer::to_text(|writer| {
            received.write_base_string(writer, request, origin);
        }))
    }

    fn check_timestamp(&self, timestamp: u64, now: u64) -> Result<(), Refusal> {
        if timestamp.abs_diff(now) <= self.window {
            return Ok(());
        }
        Err(Refusal::Timestamp {
            ahead: i128::from(timestamp) - i128::from(now),
        })
    }

    /// Spends the nonce, if there is one, of a request whose signature is right.
    fn spend(&self, timestamp: u64, nonce_use: Option<Use>, now: u64) -> Result<(), Refusal> {
        let mut ledger = self.lock();
        ledger.forget_before(now.saturating_sub(self.window.saturating_mul(2)));
        ledger.check(timestamp)?;
        nonce_use.map_or(Ok(()), |nonce_use| ledger.admit(nonce_use))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ledger> {
        // The ledger is right after each of its steps, so a panic elsewhere spoils nothing.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'r, B> Verified<'r, B> {
    /// The request.
    #[must_use]
    pub fn request(&self) -> &'r Request<B> {
        self.request
    }

    /// Whose consumer key signed it.
    #[must_use]
    pub fn consumer_key(&self) -> &str {
        &self.consumer_key
    }

    /// Whose token signed it, if one did.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// When it says to have been signed, in seconds since 1970-01-01 00:00:00 GMT.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }

    /// The nonce that it spent.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.nonce.as_deref()
    }
}
