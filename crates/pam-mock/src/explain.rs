//! Explains a refused signature to whoever runs the mock; never to a caller.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use pam_proto::oauth1::verify::{Origin, Refusal, Verifier};

use crate::access::Grant;

/// Logs why a request was refused.
pub(crate) fn refusal(
    refusal: &Refusal,
    verifier: &Verifier,
    request: &Request<Bytes>,
    origin: &Origin,
    _grant: Option<&Arc<Grant>>,
) {
    tracing::warn!("refused: {refusal}");
    if let Ok(base_string) = verifier.explain(request, origin) {
        tracing::warn!("base string: {base_string}");
    }
}
