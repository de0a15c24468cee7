//! A text on its way into a hash, or into a `String`.

use http::HeaderValue;
use http::header::InvalidHeaderValue;

use super::percent::{self, Code, Decoded};

/// Bytes of one block of SHA-1.
pub(super) const BLOCK: usize = 64;

/// Where a text is collected, so that writing it allocates nothing: room for most base strings.
pub(super) type Buffer = [[u8; BLOCK]; 10];

/// An empty buffer.
pub(super) const EMPTY: Buffer = [[0; BLOCK]; 10];

/// Takes a text in whole blocks.
pub(super) trait Sink {
    fn take(&mut self, blocks: &[[u8; BLOCK]]);
}

/// Collects a text in a buffer and hands it on to a sink whenever the buffer is full.
pub(super) struct Writer<'b, S> {
    pub(super) sink: S,
    pub(super) buffer: &'b mut Buffer,
    pub(super) length: usize,
}

impl<'b, S: Sink> Writer<'b, S> {
    #[inline]
    pub(super) fn new(sink: S, buffer: &'b mut Buffer) -> Self {
        Self {
            sink,
            buffer,
            length: 0,
        }
    }

    /// Writes text as it is.
    #[inline]
    pub(super) fn put(&mut self, text: &[u8]) {
        let free = self.buffer.as_flattened_mut().get_mut(self.length..);
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
            self.make_room(BLOCK);
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
        self.write_codes(bytes.into_iter().map(|byte| codes[usize::from(byte)]));
    }

    #[inline]
    fn write_codes(&mut self, mut codes: impl Iterator<Item = Code>) {
        loop {
            // Kept out of memory during the loop, where each turn would wait for the one before.
            let (mut length, buffer) = (self.length, self.buffer.as_flattened_mut());
            let full = loop {
                let Some(code) = codes.next() else { break None };
                match buffer.get_mut(length..).and_then(<[u8]>::first_chunk_mut) {
                    Some(place) => *place = code.bytes(),
                    None => break Some(code),
                }
                length += code.length();
            };
            self.length = length;
            match full {
                Some(code) => {
                    self.put_in_parts(code.bytes().get(..code.length()).unwrap_or_default());
                }
                None => return,
            }
        }
    }

    /// Writes what a text stands for, encoded twice.
    #[inline]
    pub(super) fn encode_twice(&mut self, mut text: Decoded<'_>) {
        let codes = text.codes_twice();
        self.write_codes(std::iter::from_fn(move || text.next_twice(codes)));
    }

    /// Writes the codes of a text's bytes, of sixteen at once where they stay as they are.
    #[inline]
    pub(super) fn encode_text(&mut self, text: &[u8], codes: &'static [Code; 256]) {
        let (chunks, rest) = text.as_chunks::<16>();
        for chunk in chunks {
            if percent::is_plain(chunk) {
                self.put(chunk);
            } else {
                self.encode(chunk.iter().copied(), codes);
            }
        }
        self.encode(rest.iter().copied(), codes);
    }

    /// Sees to it that this much room is left, up to a block: hands the full blocks on and moves
    /// the rest to the front.
    #[inline]
    pub(super) fn make_room(&mut self, bytes: usize) {
        if self.length + bytes <= self.buffer.as_flattened().len() {
            return;
        }
        let (full, rest) = self.buffer.split_at(self.length / BLOCK);
        self.sink.take(full);
        if let Some(rest) = rest.first().copied() {
            self.buffer[0] = rest;
        }
        self.length %= BLOCK;
    }
}

impl Sink for String {
    fn take(&mut self, blocks: &[[u8; BLOCK]]) {
        self.extend(blocks.as_flattened().iter().map(|&b| char::from(b)));
    }
}

impl Writer<'_, String> {
    /// The text, which is ASCII: encoded text and separators are all that is written.
    pub(super) fn into_text(mut self) -> String {
        let rest = self.buffer.as_flattened().get(..self.length);
        self.sink
            .extend(rest.unwrap_or_default().iter().map(|&b| char::from(b)));
        self.sink
    }

    /// The text as a header's value: one allocation, unless the text is longer than the buffer.
    #[inline]
    pub(super) fn into_header(self) -> Result<HeaderValue, InvalidHeaderValue> {
        match self.buffer.as_flattened().get(..self.length) {
            Some(text) if self.sink.is_empty() => HeaderValue::from_bytes(text),
            _ => HeaderValue::try_from(self.into_text()),
        }
    }
}

/// What is written, as a `String`.
pub(super) fn to_text(write: impl FnOnce(&mut Writer<'_, String>)) -> String {
    let mut buffer = EMPTY;
    let mut writer = Writer::new(String::new(), &mut buffer);
    write(&mut writer);
    writer.into_text()
}
