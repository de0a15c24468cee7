//! What the mock answers, before it is sent.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode};

use self::envelope::Envelope;

pub(crate) mod envelope;
pub(crate) mod open;
pub(crate) mod refusal;
pub(crate) mod sessions;
pub(crate) mod token;

/// An answer: status, kind of content, content.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) content: Content,
    /// Why, when it is a refusal; for the record of requests, never for the caller.
    pub(crate) reason: Option<String>,
}

/// The content of an answer: there at once, or made while it is sent.
pub(crate) enum Content {
    Whole(Bytes),
    Stream(Box<dyn Iterator<Item = Bytes> + Send>),
}

const JSON: &str = "application/json";

impl Answer {
    pub(crate) fn new(
        status: StatusCode,
        content_type: &'static str,
        content: impl Into<Bytes>,
    ) -> Self {
        Self {
            status,
            content_type,
            headers: Vec::new(),
            content: Content::Whole(content.into()),
            reason: None,
        }
    }

    pub(crate) fn json(status: StatusCode, content: impl Into<Bytes>) -> Self {
        Self::new(status, JSON, content)
    }

    /// An envelope under the HTTP status that it names.
    pub(crate) fn envelope(envelope: &Envelope<'_>) -> Self {
        Self::json(status_of(envelope), envelope.bytes())
    }

    pub(crate) fn around(envelope: &Envelope<'_>, key: &str, payload: &[u8]) -> Self {
        Self::json(status_of(envelope), envelope.around(key, payload))
    }

    pub(crate) fn stream(chunks: impl Iterator<Item = Bytes> + Send + 'static) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: JSON,
            headers: Vec::new(),
            content: Content::Stream(Box::new(chunks)),
            reason: None,
        }
    }

    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }
}

fn status_of(envelope: &Envelope<'_>) -> StatusCode {
    // Envelopes are built with constant statuses, all of them valid.
    StatusCode::from_u16(envelope.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
