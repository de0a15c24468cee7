//! One request out, one answer back, and for every failure whether the request may have been
//! carried out.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use pam_adapter::{
    CallError, Collected, Destination, Failure, Outgoing, Settings, SetupError, TransportError,
    how_lost, refuse_encoding, tls,
};
use pam_proto::Pace;
use tokio::time::{Instant, timeout_at};

use crate::connect::connect;
use crate::line::{Body, Line};
use crate::pool::Pool;

/// Carries requests to the one appliance.
pub(crate) struct Transport {
    outgoing: Outgoing,
    destination: Destination,
    pool: Pool,
    body_limit: usize,
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
        Ok(Self {
            outgoing: Outgoing::new(settings)?,
            destination: Destination::new(settings)?,
            pool: Pool::default(),
            body_limit: settings.body_limit,
        })
    }

    /// The longest that an ordinary call can take.
    pub(crate) fn longest_call(&self) -> Duration {
        self.outgoing.longest_call()
    }

    /// Sees to it that a connection waits for the next request.
    pub(crate) async fn connect_ahead(&self) -> Result<(), CallError> {
        if self.pool.is_empty() {
            self.pool.put(self.new_line().await?);
        }
        Ok(())
    }

    /// One request and its whole answer.
    pub(crate) async fn exchange(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<Response<Vec<u8>>, Failure> {
        let (head, mut arriving) = self.begin(request, pace).await?;
        let announced = arriving.body.size_hint().lower();
        let mut collected = Collected::new(announced, self.body_limit)?;
        while let Some(chunk) = self.next_chunk(&mut arriving).await? {
            collected.take(&chunk)?;
        }
        self.finish(arriving);
        Ok(Response::from_parts(head, collected.into_body()))
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed: they are
    /// answers like others.
    pub(crate) async fn begin(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<(Parts, Arriving), Failure> {
        let mut request = self.wire_form(request)?;
        let mut pooled = self.pool.take();
        let (limit, timeout) = self.outgoing.reply_deadline(pace);
        loop {
            let (mut line, reused) = match pooled.take() {
                Some(line) => (line, true),
                None => (self.new_line().await?, false),
            };
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
                    self.outgoing.answered(&head);
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
                Some(_) => return Err(self.unsent(&failed.into_error()).into()),
                None => {
                    let error = self.head_failure(&failed.into_error());
                    let stale = reused && matches!(error, TransportError::ClosedBeforeReply { .. });
                    return Err(Failure::new(error, stale));
                }
            }
        }
    }

    async fn new_line(&self) -> Result<Line, CallError> {
        // Boxed, as it is rare, and a handshake in the making would enlarge every call.
        let io = Box::pin(connect(&self.destination)).await?;
        Ok(Line::open(io)
            .await
            .map_err(|_| self.destination.unsent())?)
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
                self.outgoing.received(chunk.len());
                Ok(Some(chunk))
            }
            Ok(Some(Err(error))) => Err(body_failure(&error, arriving.received)),
        }
    }

    /// Keeps the connection of an answer that was read to its end.
    pub(crate) fn finish(&self, arriving: Arriving) {
        self.pool.put(arriving.line);
    }

    /// The request as it goes over the wire: origin form (RFC 9112 section 3.2.1).
    fn wire_form(&self, request: Request<Vec<u8>>) -> Result<Request<Body>, CallError> {
        let (mut parts, body) = self.outgoing.complete(request)?.into_parts();
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path
            .unwrap_or_else(|| PathAndQuery::from_static("/"))
            .into();
        Ok(Request::from_parts(parts, Full::new(Bytes::from(body))))
    }

    /// A server that wants a certificate may say so before it has read anything.
    fn unsent(&self, error: &hyper::Error) -> TransportError {
        match io_cause(error).and_then(tls::refused_identity) {
            Some(fault) => self.destination.untrusted(fault),
            None => self.destination.unsent(),
        }
    }

    fn head_failure(&self, error: &hyper::Error) -> TransportError {
        if error.is_parse() {
            return TransportError::NotHttp {
                detail: error.to_string(),
            };
        }
        if let Some(fault) = io_cause(error).and_then(tls::refused_identity) {
            return self.destination.untrusted(fault);
        }
        TransportError::ClosedBeforeReply {
            cause: how_lost(io_cause(error)),
        }
    }
}

/// A deadline beyond the clock's range is as good as one in a year.
fn after(limit: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(limit).unwrap_or(now + YEAR)
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
            cause: how_lost(io_cause(error)),
        },
    }
}

/// What the system said, however often that was wrapped.
fn io_cause(error: &hyper::Error) -> Option<&io::Error> {
    let mut source = error.source();
    while let Some(error) = source {
        if let Some(cause) = error.downcast_ref() {
            return Some(cause);
        }
        source = error.source();
    }
    None
}
