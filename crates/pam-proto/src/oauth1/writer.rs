//! A text on its way into a hash, or into a `String` for people to read.

use http::HeaderValue;
use http::header::InvalidHeaderValue;

use super::percent::Code;

/// Bytes of one block of SHA-1.
pub(super) const BLOCK: usize = 64;

/// Blocks that are collected before they are handed on: enough for most base strings.
const BLOCKS: usize = 12;

/// Takes a text in whole blocks.
pub(super) trait Sink {
    fn take(&mut self, blocks: &[[u8; BLOCK]]);
}

/// Collects a text in a buffer of its own, so that writing it allocates nothing.
pub(super) struct Writer<S> {
    sink: S,
    blocks: [[u8; BLOCK]; BLOCKS],
    length: usize,
}

impl<S: Sink> Writer<S> {
    #[inline]
    pub(super) fn new(sink: S) -> Self {
        Self {
            sink,
            blocks: [[0; BLOCK]; BLOCKS],
            length: 0,
        }
    }

    /// Writes text as it is.
    #[inline]
    pub(super) fn put(&mut self, text: &[u8]) {
        let free = self.blocks.as_flattened_mut().get_mut(self.length..);
        match free.and_then(|free| free.get_mut(..text.len())) {
            Some(place) => {
                place.copy_from_slice(text);
                self.length += text.len();
            }
            None => self.put_in_parts(text),
        }
    }

    #[cold]
    fn put_in_parts(&mut self, text: &[u8]) {
        for part in text.chunks(BLOCK) {
            self.hand_on();
            self.put(part);
        }
    }

    /// Writes the codes of some bytes.
    #[inline]
    pub(super) fn encode(
        &mut self,
        bytes: impl IntoIterator<Item = u8>,
        codes: &'static [Code; 256],
    ) {
        let mut length = self.length;
        for byte in bytes {
            let code = &codes[usize::from(byte)];
            let blocks = self.blocks.as_flattened_mut();
            let mut place = blocks.get_mut(length..).and_then(<[u8]>::first_chunk_mut);
            if place.is_none() {
                self.length = length;
                self.hand_on();
                length = self.length;
                let blocks = self.blocks.as_flattened_mut();
                place = blocks.get_mut(length..).and_then(<[u8]>::first_chunk_mut);
            }
            if let Some(place) = place {
                *place = *code;
                length += usize::from(code[7]);
            }
        }
        self.length = length;
    }

    /// Hands the full blocks on and moves the rest to the front: then at least one block is free.
    #[cold]
    fn hand_on(&mut self) {
        let full = self.length / BLOCK;
        let (blocks, rest) = self.blocks.split_at(full);
        self.sink.take(blocks);
        if let Some(rest) = rest.first().copied() {
            self.blocks[0] = rest;
        }
        self.length %= BLOCK;
    }

    /// The sink, the collected blocks and the length of the text in them; at least two blocks are
    /// beyond it.
    #[inline]
    pub(super) fn finish(mut self) -> (S, [[u8; BLOCK]; BLOCKS], usize) {
        if self.length + 2 * BLOCK > BLOCKS * BLOCK {
            self.hand_on();
        }
        (self.sink, self.blocks, self.length)
    }
}

impl Sink for String {
    fn take(&mut self, blocks: &[[u8; BLOCK]]) {
        self.extend(blocks.as_flattened().iter().map(|&b| char::from(b)));
    }
}

impl Writer<String> {
    pub(super) fn text() -> Self {
        Self::new(String::new())
    }

    /// The text, which is ASCII: encoded text and separators are all that is written.
    pub(super) fn into_text(self) -> String {
        let (mut text, blocks, length) = self.finish();
        let rest = blocks.as_flattened().get(..length).unwrap_or_default();
        text.extend(rest.iter().map(|&b| char::from(b)));
        text
    }
    /// The text as a header's value: one allocation, unless the text is longer than the buffer.
    #[inline]
    pub(super) fn into_header(self) -> Result<HeaderValue, InvalidHeaderValue> {
        match self.blocks.as_flattened().get(..self.length) {
            Some(text) if self.sink.is_empty() => HeaderValue::from_bytes(text),
            _ => HeaderValue::try_from(self.into_text()),
        }
    }
}
