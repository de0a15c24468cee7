//! How every request goes out.

use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderValue, Request, Uri, header, response};
use pam_proto::{
    BaseUrl, BuildError, Effect, Envelope, Notes, Operation, Pace, ReplyError, Routes,
};

use crate::error::{CallError, SetupError, TransportError};
use crate::observer::Observer;
use crate::settings::{Deadlines, Settings};

/// Completes requests with the headers that each has, and lets none go anywhere else than to the
/// appliance.
pub struct Outgoing {
    base: BaseUrl,
    host: HeaderValue,
    user_agent: HeaderValue,
    referer: Option<HeaderValue>,
    deadlines: Deadlines,
    observer: Option<Arc<dyn Observer>>,
}

impl Outgoing {
    /// Checks that the settings can be sent.
    ///
    /// # Errors
    /// [`SetupError::Header`] when one can't.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let base = &settings.base;
        let host = if base.port() == default_port(base) {
            base.host().to_owned()
        } else {
            format!("{}:{}", base.host(), base.port())
        };
        let text = |name: &'static str, value: &str| {
            HeaderValue::from_str(value).map_err(|_| SetupError::Header { name })
        };
        Ok(Self {
            base: base.clone(),
            host: text("host", &host)?,
            user_agent: text("user agent", &settings.user_agent)?,
            referer: settings
                .referer
                .as_deref()
                .map(|referer| text("referer", referer))
                .transpose()?,
            deadlines: settings.deadlines,
            observer: settings.observer.clone(),
        })
    }

    /// The request with all its headers, its URL still complete. The observer is told.
    ///
    /// # Errors
    /// [`CallError::OtherHost`] when it is for somebody else.
    pub fn complete(&self, request: Request<Vec<u8>>) -> Result<Request<Vec<u8>>, CallError> {
        let (mut parts, body) = request.into_parts();
        if !self.is_ours(&parts.uri) {
            return Err(CallError::OtherHost {
                target: origin(&parts.uri),
            });
        }
        self.show(&parts);
        let headers = &mut parts.headers;
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        if let Some(referer) = &self.referer {
            headers.insert(header::REFERER, referer.clone());
        }
        Ok(Request::from_parts(parts, body))
    }

    /// How long an answer may take from the sending of its request to its last byte, and what it
    /// is told as when it takes longer.
    #[must_use]
    pub fn reply_deadline(&self, pace: Pace) -> (Duration, TransportError) {
        let (what, limit) = match pace {
            Pace::Ordinary => ("call", self.deadlines.call),
            Pace::Listing => ("listing", self.deadlines.listing),
        };
        (limit, TransportError::ReplyTimeout { what, limit })
    }

    /// The longest that an ordinary call can take.
    #[must_use]
    pub fn longest_call(&self) -> Duration {
        let Deadlines { connect, call, .. } = self.deadlines;
        connect.saturating_add(call)
    }

    /// Tells the observer of the head of an answer.
    pub fn answered(&self, head: &response::Parts) {
        if let Some(observer) = &self.observer {
            observer.answer_begun(head);
        }
    }

    /// Tells the observer of so many more bytes of a body.
    pub fn received(&self, count: usize) {
        if let Some(observer) = &self.observer {
            observer.bytes_received(count as u64);
        }
    }

    fn show(&self, parts: &Parts) {
        // No header and no query: the one holds credentials, the other whatever the caller gave.
        tracing::debug!(method = %parts.method, path = parts.uri.path(), "sending");
        let Some(observer) = &self.observer else {
            return;
        };
        match parts.headers.get(header::AUTHORIZATION) {
            // A signature is good for one request only; a token or a secret is good for many.
            Some(credential) if !credential.as_bytes().starts_with(b"OAuth ") => {
                let mut shown = parts.clone();
                let redacted = HeaderValue::from_static("[redacted]");
                shown.headers.insert(header::AUTHORIZATION, redacted);
                observer.request_sent(&shown);
            }
            _ => observer.request_sent(parts),
        }
    }

    /// Whether a request is for the appliance: the same scheme, host and port, and no user
    /// information.
    fn is_ours(&self, uri: &Uri) -> bool {
        let scheme = if self.base.is_https() {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let Some(authority) = uri.authority().filter(|_| uri.scheme() == Some(&scheme)) else {
            return false;
        };
        // As our own requests have it; what comes after is for a caller's own spelling.
        authority.as_str().as_bytes() == self.host.as_bytes()
            || !authority.as_str().contains('@')
                && authority.host().eq_ignore_ascii_case(self.base.host())
                && authority.port_u16().unwrap_or(default_port(&self.base)) == self.base.port()
    }
}

fn default_port(base: &BaseUrl) -> u16 {
    if base.is_https() { 443 } else { 80 }
}

/// Scheme, host and port, without any user information.
fn origin(uri: &Uri) -> String {
    let Some(host) = uri.host() else {
        return "no host at all".to_owned();
    };
    let scheme = uri.scheme_str().unwrap_or("?");
    match uri.port() {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    }
}

/// A request of a caller's own as an operation. Its answer is not read here.
#[derive(Debug)]
pub struct Raw(pub Request<Vec<u8>>);

impl Operation for Raw {
    type Output = ();

    fn effect(&self) -> Effect {
        if self.0.method().is_safe() {
            Effect::Reads
        } else {
            Effect::Changes
        }
    }

    fn request(&self, _: &BaseUrl, _: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        Ok(self.0.clone())
    }

    fn read(&self, _: &Envelope, _: &mut Notes) -> Result<(), ReplyError> {
        Ok(())
    }
}
