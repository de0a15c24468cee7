//! Signing alone, for requests that Python sends itself.

use http::Uri;
use pam_adapter::Clock;
use pam_proto::Secret;
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};
use pyo3::prelude::*;

use crate::errors::unusable;

/// The value of the `Authorization` header for a request (RFC 5849, HMAC-SHA1).
#[pyfunction]
#[pyo3(signature = (method, url, *, consumer_key, consumer_secret, token=None, token_secret=None,
    form=None, realm=None, timestamp=None, nonce=None))]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub(crate) fn sign(
    py: Python<'_>,
    method: &str,
    url: &str,
    consumer_key: &str,
    consumer_secret: String,
    token: Option<&str>,
    token_secret: Option<String>,
    form: Option<&str>,
    realm: Option<&str>,
    timestamp: Option<u64>,
    nonce: Option<String>,
) -> PyResult<String> {
    let credentials = credentials(py, consumer_key, consumer_secret, token, token_secret)?;
    let mut signer = Signer::new(&credentials).map_err(|error| unusable(py, &error))?;
    if let Some(realm) = realm {
        signer = signer
            .with_realm(realm)
            .map_err(|error| unusable(py, &error))?;
    }
    let uri: Uri = url.parse().map_err(|error| unusable(py, &error))?;
    let clock = Clock::new();
    let nonce = match nonce {
        Some(nonce) => nonce,
        None => clock.nonce().map_err(|error| unusable(py, &error))?,
    };
    let stamp = Stamp::new(timestamp.unwrap_or_else(|| clock.now()), nonce);
    let target = Target::new(method, &uri).with_form(form.unwrap_or_default().as_bytes());
    let header = signer
        .authorization(&target, &stamp)
        .map_err(|error| unusable(py, &error))?;
    let text = header.to_str().map_err(|error| unusable(py, &error))?;
    Ok(text.to_owned())
}

pub(crate) fn credentials(
    py: Python<'_>,
    consumer_key: &str,
    consumer_secret: String,
    token: Option<&str>,
    token_secret: Option<String>,
) -> PyResult<Credentials> {
    let credentials = Credentials::new(consumer_key, Secret::new(consumer_secret));
    match (token, token_secret) {
        (None, None) => Ok(credentials),
        (Some(token), Some(secret)) => Ok(credentials.with_token(token, Secret::new(secret))),
        _ => Err(unusable(py, &"give token and token_secret together")),
    }
}
