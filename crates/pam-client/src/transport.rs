//! One request out, one answer back, and for every failure whether the request may have been
//! carried out.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request;
use http::response::Parts;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Response, Uri, header};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use pam_proto::{BaseUrl, Notes, Pace};
use tokio::time::{Instant, timeout_at};

use crate::connect::Connector;
use crate::error::{CallError, SetupError, TransportError};
use crate::line::{Body, Line};
use crate::observer::{Notice, Observer};
use crate::pool::Pool;
use crate::settings::{Deadlines, Settings};
use crate::tls;

/// Carries requests to the one appliance.
pub(crate) struct Transport {
    base: BaseUrl,
    connector: Connector,
    pool: Pool,
    host: HeaderValue,
    user_agent: HeaderValue,
    referer: Option<HeaderValue>,
    deadlines: Deadlines,
    body_limit: usize,
    observer: Option<Arc<dyn Observer>>,
}

/// A request that got no complete answer.
pub(crate) struct Failure {
    pub(crate) error: CallError,
    /// The connection had been used before, and nothing at all came back: most likely the server
    /// was about to close it (RFC 9112 section 9.3.1).
    pub(crate) stale: bool,
}

impl<E: Into<CallError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            error: error.into(),
            stale: false,
        }
    }
}

/// The body of an answer that is still arriving. Dropping it closes the connection.
pub(crate) struct Arriving {
    body: Incoming,
    line: Line,
    received: u64,
    deadline: Instant,
    timeout: TransportError,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let base = &settings.base;
        let default_port = if base.is_https() { 443 } else { 80 };
        let host = if base.port() == default_port {
            base.host().to_owned()
        } else {
            format!("{}:{}", base.host(), base.port())
        };
        let text = |name: &'static str, value: &str| {
            HeaderValue::from_str(value).map_err(|_| SetupError::Header { name })
        };
        Ok(Self {
            base: base.clone(),
            connector: Connector::new(settings)?,
            pool: Pool::default(),
            host: text("host", &host)?,
            user_agent: text("user agent", &settings.user_agent)?,
            referer: settings
                .referer
                .as_deref()
                .map(|referer| text("referer", referer))
                .transpose()?,
            deadlines: settings.deadlines,
            body_limit: settings.body_limit,
            observer: settings.observer.clone(),
        })
    }

    /// The whole answer, whose head has come.
    pub(crate) async fn collect(
        &self,
        head: Parts,
        mut arriving: Arriving,
    ) -> Result<Response<Vec<u8>>, TransportError> {
        let limit = self.body_limit;
        let announced = arriving.body.size_hint().lower();
        if announced > limit as u64 {
            return Err(TransportError::BodyOverLimit { limit });
        }
        // At most the limit, so it fits.
        let mut body = Vec::with_capacity(announced as usize);
        while let Some(chunk) = self.next_chunk(&mut arriving).await? {
            if chunk.len() > limit - body.len() {
                return Err(TransportError::BodyOverLimit { limit });
            }
            body.extend_from_slice(&chunk);
        }
        self.finish(arriving).await;
        Ok(Response::from_parts(head, body))
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed: they are
    /// answers like others.
    pub(crate) async fn begin(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<(Parts, Arriving), Failure> {
        let mut request = self.wire_form(request)?;
        let (mut line, mut reused) = match self.pool.take().await {
            Some(line) => (line, true),
            None => (self.new_line().await?, false),
        };
        let (what, limit) = self.reply_deadline(pace);
        let timeout = TransportError::ReplyTimeout { what, limit };
        loop {
            let deadline = after(limit);
            let sent = timeout_at(deadline, line.send(request)).await;
            let mut failed = match sent.map_err(|_| timeout.clone())? {
                Ok(answer) => {
                    let (head, body) = answer.into_parts();
                    tracing::debug!(
                        status = head.status.as_u16(),
                        elapsed_ms = limit
                            .saturating_sub(deadline.duration_since(Instant::now()))
                            .as_millis() as u64,
                        "answered"
                    );
                    refuse_encoding(&head)?;
                    let arriving = Arriving {
                        body,
                        line,
                        received: 0,
                        deadline,
                        timeout,
                    };
                    return Ok((head, arriving));
                }
                Err(failed) => failed,
            };
            match failed.take_message() {
                // A request given back has not left a byte on the line.
                Some(unsent) if reused => request = unsent,
                Some(_) => return Err(self.unsent().into()),
                None => {
                    let error = self.head_failure(&failed.into_error());
                    let stale = reused && matches!(error, TransportError::ClosedBeforeReply { .. });
                    return Err(Failure {
                        error: error.into(),
                        stale,
                    });
                }
            }
            line = self.new_line().await?;
            reused = false;
        }
    }

    async fn new_line(&self) -> Result<Line, CallError> {
        // Boxed, as it is rare, and a handshake in the making would enlarge every call.
        let io = Box::pin(self.connector.connect()).await?;
        Ok(Line::open(io).await.map_err(|_| self.unsent())?)
    }

    /// The next piece of the body, or `None` at its end.
    pub(crate) async fn next_chunk(
        &self,
        arriving: &mut Arriving,
    ) -> Result<Option<Bytes>, TransportError> {
        let Arriving { line, body, .. } = arriving;
        match timeout_at(arriving.deadline, line.chunk(body)).await {
            Err(_) => Err(arriving.timeout.clone()),
            Ok(None) => Ok(None),
            Ok(Some(Ok(chunk))) => {
                arriving.received += chunk.len() as u64;
                if let Some(observer) = &self.observer {
                    observer.bytes_received(chunk.len() as u64);
                }
                Ok(Some(chunk))
            }
            Ok(Some(Err(error))) => Err(body_failure(&error, arriving.received)),
        }
    }

    /// Keeps the connection of an answer that was read to its end.
    pub(crate) async fn finish(&self, arriving: Arriving) {
        self.pool.put(arriving.line).await;
    }

    /// Tells the observer.
    pub(crate) fn notice(&self, notice: &Notice) {
        if let Some(observer) = &self.observer {
            observer.notice(notice);
        }
    }

    /// Tells the observer what had to be forgiven in an answer.
    pub(crate) fn tolerated(&self, notes: Notes) {
        if !notes.is_empty() {
            self.notice(&Notice::Tolerated(notes));
        }
    }

    fn show(&self, parts: &request::Parts) {
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

    /// The request as it goes over the wire: origin form (RFC 9112 section 3.2.1), with the
    /// headers that every request has.
    fn wire_form(&self, request: Request<Vec<u8>>) -> Result<Request<Body>, CallError> {
        let (mut parts, body) = request.into_parts();
        if !self.is_ours(&parts.uri) {
            return Err(CallError::OtherHost {
                target: origin(&parts.uri),
            });
        }
        self.show(&parts);
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path
            .unwrap_or_else(|| PathAndQuery::from_static("/"))
            .into();
        let headers = &mut parts.headers;
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        if let Some(referer) = &self.referer {
            headers.insert(header::REFERER, referer.clone());
        }
        Ok(Request::from_parts(parts, Full::new(Bytes::from(body))))
    }

    /// Whether a request is for the appliance: the same scheme, host and port, and no user
    /// information.
    fn is_ours(&self, uri: &Uri) -> bool {
        let is_https = self.base.is_https();
        let scheme = if is_https {
            Scheme::HTTPS
        } else {
            Scheme::HTTP
        };
        let default_port = if is_https { 443 } else { 80 };
        let Some(authority) = uri.authority().filter(|_| uri.scheme() == Some(&scheme)) else {
            return false;
        };
        // As our own requests have it; what comes after is for a caller's own spelling.
        authority.as_str().as_bytes() == self.host.as_bytes()
            || !authority.as_str().contains('@')
                && authority.host().eq_ignore_ascii_case(self.base.host())
                && authority.port_u16().unwrap_or(default_port) == self.base.port()
    }

    fn reply_deadline(&self, pace: Pace) -> (&'static str, Duration) {
        match pace {
            Pace::Ordinary => ("call", self.deadlines.call),
            Pace::Listing => ("listing", self.deadlines.listing),
        }
    }

    fn unsent(&self) -> TransportError {
        TransportError::ClosedBeforeRequest {
            address: self.connector.address(),
        }
    }

    fn head_failure(&self, error: &hyper::Error) -> TransportError {
        if error.is_parse() {
            return TransportError::NotHttp {
                detail: error.to_string(),
            };
        }
        if let Some(fault) = io_cause(error).and_then(tls::refused_identity) {
            return TransportError::Tls {
                host: self.connector.host().to_owned(),
                fault,
            };
        }
        TransportError::ClosedBeforeReply {
            cause: how_lost(error),
        }
    }
}

/// A deadline beyond the clock's range is as good as one in a year.
fn after(limit: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + YEAR)
}

/// No coding was asked for, and a small body that unpacks to a huge one is an old trick.
fn refuse_encoding(head: &Parts) -> Result<(), TransportError> {
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

fn body_failure(error: &hyper::Error, received: u64) -> TransportError {
    let malformed = io_cause(error).filter(|cause| {
        matches!(
            cause.kind(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData
        )
    });
    match malformed {
        Some(cause) => TransportError::NotHttp {
            detail: cause.to_string(),
        },
        None => TransportError::ClosedMidBody {
            received,
            cause: how_lost(error),
        },
    }
}

fn how_lost(error: &hyper::Error) -> String {
    match io_cause(error) {
        Some(cause) if !tls::is_hang_up(cause.kind()) => cause.to_string(),
        Some(cause) if cause.kind() == io::ErrorKind::ConnectionReset => "it was reset".to_owned(),
        _ => "it was closed".to_owned(),
    }
}

fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}
