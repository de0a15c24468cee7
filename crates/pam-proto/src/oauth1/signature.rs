//! HMAC-SHA1 signatures (RFC 5849 section 3.4.2, RFC 2104).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::block_api::compress;
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::percent::ONCE;
use super::writer::{BLOCK, Buffer, EMPTY, Sink, Writer};
use crate::Secret;

/// Length of a signature in Base64: 20 bytes are 28 characters.
const TEXT_LENGTH: usize = 28;

/// SHA-1's five words.
pub(super) type State = [u32; 5];

/// SHA-1's words before the first block (FIPS 180-4 section 5.3.1).
const START: State = [
    0x6745_2301,
    0xEFCD_AB89,
    0x98BA_DCFE,
    0x1032_5476,
    0xC3D2_E1F0,
];

/// The two secrets as a prepared HMAC-SHA1 key (RFC 5849 section 3.4.2).
///
/// It holds what SHA-1 makes of the padded key (RFC 2104 section 4), wiped when dropped. That
/// saves up to four of a signature's blocks, so a key is made once per credential.
#[derive(Clone)]
pub struct Key {
    inner: Zeroizing<State>,
    outer: Zeroizing<State>,
}

impl Key {
    /// The key of a consumer secret and a token secret, if there is a token.
    #[must_use]
    pub fn new(consumer_secret: &Secret, token_secret: Option<&Secret>) -> Self {
        let consumer = consumer_secret.expose();
        let token = token_secret.map_or("", Secret::expose);
        // Never reallocated, which would leave a copy behind: a byte has three at most.
        let mut text = Zeroizing::new(Vec::with_capacity(3 * (consumer.len() + token.len()) + 1));
        push_encoded(&mut text, consumer);
        text.push(b'&');
        push_encoded(&mut text, token);

        let mut block = Zeroizing::new([0; BLOCK]);
        let hashed: Zeroizing<[u8; 20]>;
        let key = if text.len() > BLOCK {
            hashed = Zeroizing::new(Sha1::digest(&text).into());
            &hashed[..]
        } else {
            &text[..]
        };
        for (place, byte) in block.iter_mut().zip(key) {
            *place = *byte;
        }
        let padded = |pad: u8| {
            let mut state = Zeroizing::new(START);
            compress(&mut state, &[*Zeroizing::new(block.map(|byte| byte ^ pad))]);
            state
        };
        Self {
            inner: padded(0x36),
            outer: padded(0x5C),
        }
    }

    /// The signature of a base string.
    #[must_use]
    pub fn sign(&self, base_string: &str) -> Signature {
        let mut buffer = EMPTY;
        let mut writer = self.writer(&mut buffer);
        writer.put(base_string.as_bytes());
        self.signature(writer)
    }

    /// Takes a base string piece by piece.
    #[inline]
    pub(super) fn writer<'b>(&self, buffer: &'b mut Buffer) -> Writer<'b, Hash> {
        let hash = Hash {
            state: *self.inner,
            blocks: 1,
        };
        Writer::new(hash, buffer)
    }

    /// The signature of what was written to this key's writer.
    #[inline]
    pub(super) fn signature(&self, writer: Writer<'_, Hash>) -> Signature {
        let mut block = [[0; BLOCK]];
        let inner = bytes(writer.into_digest());
        for (place, byte) in block.as_flattened_mut().iter_mut().zip(inner) {
            *place = byte;
        }
        pad(&mut block, inner.len(), 1);
        let mut state = *self.outer;
        compress(&mut state, &block);

        let mut text = [0; TEXT_LENGTH];
        // 20 bytes fit: they are 28 characters.
        let _ = STANDARD.encode_slice(bytes(state), &mut text);
        Signature(text)
    }
}

fn push_encoded(text: &mut Vec<u8>, secret: &str) {
    for byte in secret.bytes() {
        let code = ONCE[usize::from(byte)];
        text.extend(code.bytes().iter().take(code.length()));
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// SHA-1 of a text under way.
pub(super) struct Hash {
    state: State,
    /// Blocks hashed so far, a key's own among them.
    blocks: usize,
}

impl Hash {
    #[cfg(feature = "verify")]
    pub(super) const START: Self = Self {
        state: START,
        blocks: 0,
    };
}

impl Sink for Hash {
    fn take(&mut self, blocks: &[[u8; BLOCK]]) {
        compress(&mut self.state, blocks);
        self.blocks += blocks.len();
    }
}

impl Writer<'_, Hash> {
    /// The words that SHA-1 makes of what was written.
    #[inline]
    pub(super) fn into_digest(mut self) -> State {
        self.make_room(PADDING);
        let full = pad(self.buffer, self.length, self.sink.blocks);
        self.sink.take(self.buffer.get(..full).unwrap_or_default());
        self.sink.state
    }
}

/// Bytes of SHA-1's padding at least: a mark and the number of bits.
const PADDING: usize = 9;

/// Appends SHA-1's padding (FIPS 180-4 section 5.1.1) to a text that follows `before` blocks;
/// gives the number of blocks with it.
#[inline]
fn pad(blocks: &mut [[u8; BLOCK]], length: usize, before: usize) -> usize {
    let bits = 8 * (before * BLOCK + length) as u64;
    let full = (length + PADDING).div_ceil(BLOCK);
    let text = blocks.as_flattened_mut();
    if let Some([mark, zeros @ ..]) = text.get_mut(length..full * BLOCK) {
        *mark = 0x80;
        zeros.fill(0);
        if let Some(count) = zeros.last_chunk_mut() {
            *count = bits.to_be_bytes();
        }
    }
    full
}

#[inline]
fn bytes(state: State) -> [u8; 20] {
    let mut bytes = [0; 20];
    for (place, word) in bytes.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// A signature: Base64 text of an HMAC-SHA1.
///
/// It has no `PartialEq`: use [`Signature::matches`], which takes the same time whatever differs.
#[derive(Clone, Copy)]
pub struct Signature([u8; TEXT_LENGTH]);

impl Signature {
    /// The text, 28 characters, not percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Base64 is ASCII, so this is never the default.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8; TEXT_LENGTH] {
        &self.0
    }

    /// Compares with a received signature, in constant time.
    ///
    /// The texts are compared, not the bytes that they stand for: the same bytes have several
    /// spellings in Base64, of which only one is a signature.
    #[must_use]
    pub fn matches(&self, received: &str) -> bool {
        self.0.ct_eq(received.as_bytes()).into()
    }

    /// The same with the bytes of a text.
    #[cfg(feature = "verify")]
    #[inline]
    pub(super) fn matches_bytes(&self, received: impl Iterator<Item = u8>) -> bool {
        // One place more than a signature has, so that a longer text is seen to be longer.
        let mut text = [0; TEXT_LENGTH + 1];
        let places = text.iter_mut().zip(received);
        let length = places.map(|(place, byte)| *place = byte).count();
        self.0.ct_eq(text.get(..length).unwrap_or_default()).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On the server's side this is what a forger wants to know.
        f.write_str("Signature([redacted])")
    }
}
