//! What is asked of every answer before it is read.

use std::io;

use http::header;
use http::response::Parts;

use crate::error::TransportError;
use crate::tls;

/// Refuses an answer that is compressed: no coding was asked for, and a small body that unpacks to
/// a huge one is an old trick.
///
/// # Errors
/// [`TransportError::Encoded`], with the name of the coding.
pub fn refuse_encoding(head: &Parts) -> Result<(), TransportError> {
    let encoding = head.headers.get(header::CONTENT_ENCODING);
    match encoding.map(|encoding| encoding.to_str().unwrap_or("?").trim()) {
        None | Some("") => Ok(()),
        Some(encoding) if encoding.eq_ignore_ascii_case("identity") => Ok(()),
        Some(encoding) => Err(TransportError::Encoded {
            status: head.status,
            encoding: encoding.chars().take(40).collect(),
        }),
    }
}

/// How a connection was lost, in a few words.
#[must_use]
pub fn how_lost(cause: Option<&io::Error>) -> String {
    match cause {
        Some(cause) if !tls::is_hang_up(cause.kind()) => cause.to_string(),
        Some(cause) if cause.kind() == io::ErrorKind::ConnectionReset => "it was reset".to_owned(),
        _ => "it was closed".to_owned(),
    }
}

/// A body on its way into memory, never longer than its limit.
#[derive(Debug)]
pub struct Collected {
    body: Vec<u8>,
    limit: usize,
}

impl Collected {
    /// Nothing yet of a body that is announced with so many bytes; 0 when it is not.
    ///
    /// # Errors
    /// [`TransportError::BodyOverLimit`] when more is announced than may come.
    pub fn new(announced: u64, limit: usize) -> Result<Self, TransportError> {
        match usize::try_from(announced) {
            Ok(announced) if announced <= limit => Ok(Self {
                body: Vec::with_capacity(announced),
                limit,
            }),
            _ => Err(TransportError::BodyOverLimit { limit }),
        }
    }

    /// Takes the next piece.
    ///
    /// # Errors
    /// [`TransportError::BodyOverLimit`] when it is one too many.
    pub fn take(&mut self, chunk: &[u8]) -> Result<(), TransportError> {
        if chunk.len() > self.limit - self.body.len() {
            return Err(TransportError::BodyOverLimit { limit: self.limit });
        }
        self.body.extend_from_slice(chunk);
        Ok(())
    }

    /// The whole body.
    #[must_use]
    pub fn into_body(self) -> Vec<u8> {
        self.body
    }
}
