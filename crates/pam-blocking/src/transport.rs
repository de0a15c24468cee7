//! One request out, one answer back, and for every failure whether the request may have been
//! carried out.

use std::io::{self, Read as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::response::Parts;
use http::{Method, Request, Response};
use pam_adapter::{
    Collected, Destination, Failure, Outgoing, Settings, SetupError, TransportError, how_lost,
    refuse_encoding,
};
use pam_proto::Pace;
use ureq::{Agent, AsSendBody, Body, BodyReader};

use crate::connect::Connector;
use crate::line::{HEAD_LIMIT, Trouble};
use crate::socket::YEAR;

/// How long a connection may wait. It is below the shortest keep-alive in common use (5 s, the
/// Apache httpd default), so that a request seldom meets a server that is just hanging up.
const IDLE_LIMIT: Duration = Duration::from_secs(4);
/// How many may wait.
const IDLE_CONNECTIONS: usize = 64;
/// The most bytes of a body that are handed on at once.
const CHUNK: usize = 64 * 1024;

/// Carries requests to the one appliance.
pub(crate) struct Transport {
    outgoing: Arc<Outgoing>,
    agent: Agent,
    body_limit: usize,
}

/// The body of an answer that is still arriving. Dropping it closes the connection.
pub(crate) struct Arriving {
    body: BodyReader<'static>,
    announced: u64,
    chunk: Box<[u8]>,
    received: u64,
    timeout: TransportError,
    outgoing: Arc<Outgoing>,
}

impl Transport {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let connector = Connector(Arc::new(Destination::new(settings)?));
        let config = Agent::config_builder()
            // Every answer is read, whatever its status, and none leads anywhere else.
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            // A request goes out with the headers that it has.
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .allow_non_standard_methods(true)
            .max_response_header_size(HEAD_LIMIT)
            .max_idle_age(IDLE_LIMIT)
            .max_idle_connections(IDLE_CONNECTIONS)
            .max_idle_connections_per_host(IDLE_CONNECTIONS)
            .build();
        Ok(Self {
            outgoing: Arc::new(Outgoing::new(settings)?),
            agent: Agent::with_parts(config, connector.clone(), connector),
            body_limit: settings.body_limit,
        })
    }

    /// The longest that an ordinary call can take.
    pub(crate) fn longest_call(&self) -> Duration {
        self.outgoing.longest_call()
    }

    /// One request and its whole answer.
    pub(crate) fn exchange(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<Response<Vec<u8>>, Failure> {
        let (head, mut arriving) = self.begin(request, pace)?;
        let mut collected = Collected::new(arriving.announced, self.body_limit)?;
        while let Some(chunk) = arriving.next_chunk()? {
            collected.take(chunk)?;
        }
        Ok(Response::from_parts(head, collected.into_body()))
    }

    /// Sends a request and waits for the head of the answer. Redirects are not followed: they are
    /// answers like others.
    pub(crate) fn begin(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<(Parts, Arriving), Failure> {
        let request = self.outgoing.complete(request)?;
        let (limit, timeout) = self.outgoing.reply_deadline(pace);
        let sent = Instant::now();
        let (head, body) = self
            .run(request, limit.min(YEAR))
            .map_err(|error| head_failure(error, &timeout))?
            .into_parts();
        tracing::debug!(
            status = head.status.as_u16(),
            elapsed_ms = sent.elapsed().as_millis() as u64,
            "answered"
        );
        self.outgoing.answered(&head);
        refuse_encoding(&head)?;
        let arriving = Arriving {
            announced: body.content_length().unwrap_or(0),
            body: body.into_reader(),
            chunk: vec![0; CHUNK].into_boxed_slice(),
            received: 0,
            timeout,
            outgoing: Arc::clone(&self.outgoing),
        };
        Ok((head, arriving))
    }

    fn run(
        &self,
        request: Request<Vec<u8>>,
        limit: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let (parts, body) = request.into_parts();
        let has_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        if has_body {
            return self.timed(Request::from_parts(parts, body), limit);
        }
        if body.is_empty() {
            return self.timed(Request::from_parts(parts, ()), limit);
        }
        // ureq sends a body with other methods only when it is told to.
        let bare = match parts.method {
            Method::DELETE => self.agent.delete(parts.uri),
            Method::OPTIONS => self.agent.options(parts.uri),
            Method::TRACE => self.agent.trace(parts.uri),
            Method::HEAD => self.agent.head(parts.uri),
            _ => self.agent.get(parts.uri),
        };
        let mut bare = bare
            .config()
            .timeout_send_request(Some(limit))
            .timeout_send_body(Some(limit))
            .timeout_recv_response(Some(limit))
            .timeout_recv_body(Some(limit))
            .build()
            .force_send_body();
        if let Some(headers) = bare.headers_mut() {
            headers.extend(parts.headers);
        }
        bare.send(body)
    }

    /// The line holds the whole exchange to the limit that it is given first.
    fn timed<B: AsSendBody>(
        &self,
        request: Request<B>,
        limit: Duration,
    ) -> Result<Response<Body>, ureq::Error> {
        let request = self
            .agent
            .configure_request(request)
            .timeout_send_request(Some(limit))
            .timeout_send_body(Some(limit))
            .timeout_recv_response(Some(limit))
            .timeout_recv_body(Some(limit))
            .build();
        self.agent.run(request)
    }
}

impl Arriving {
    /// The next piece of the body, or `None` at its end. The connection is then kept for the next
    /// request.
    pub(crate) fn next_chunk(&mut self) -> Result<Option<&[u8]>, TransportError> {
        match self.body.read(&mut self.chunk) {
            Ok(0) => Ok(None),
            Ok(count) => {
                self.received += count as u64;
                self.outgoing.received(count);
                Ok(Some(&self.chunk[..count]))
            }
            Err(error) => Err(self.failure(error.into())),
        }
    }

    fn failure(&self, error: ureq::Error) -> TransportError {
        let cut_off = |cause| TransportError::ClosedMidBody {
            received: self.received,
            cause,
        };
        match told(error) {
            Told::Trouble(Trouble::Late) => self.timeout.clone(),
            Told::Trouble(Trouble::Lost { cause, .. }) => cut_off(cause),
            Told::Trouble(Trouble::Unsent(error)) => cut_off(error.to_string()),
            Told::Io(error) => cut_off(how_lost(Some(&error))),
            Told::NotHttp(detail) => TransportError::NotHttp { detail },
        }
    }
}

/// What ureq's errors come down to.
enum Told {
    Trouble(Trouble),
    Io(io::Error),
    NotHttp(String),
}

fn told(error: ureq::Error) -> Told {
    match error {
        ureq::Error::Other(other) => match other.downcast() {
            Ok(trouble) => Told::Trouble(*trouble),
            Err(other) => Told::NotHttp(other.to_string()),
        },
        ureq::Error::Timeout(_) => Told::Trouble(Trouble::Late),
        ureq::Error::Io(error) => Told::Io(error),
        ureq::Error::Protocol(error) => Told::NotHttp(error.to_string()),
        error => Told::NotHttp(error.to_string()),
    }
}

fn head_failure(error: ureq::Error, timeout: &TransportError) -> Failure {
    match told(error) {
        Told::Trouble(Trouble::Unsent(error)) => error.into(),
        Told::Trouble(Trouble::Late) => timeout.clone().into(),
        Told::Trouble(Trouble::Lost { cause, stale }) => {
            Failure::new(TransportError::ClosedBeforeReply { cause }, stale)
        }
        Told::Io(error) => TransportError::ClosedBeforeReply {
            cause: how_lost(Some(&error)),
        }
        .into(),
        Told::NotHttp(detail) => TransportError::NotHttp { detail }.into(),
    }
}
