//! Alerts over HTTP: who sends is checked before the body is parsed, and 202 means durable.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming as Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pam_alert::{Format, Mapping, Preset, decode_json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use crate::approval::Approval;
use crate::auth::{Auth, Sender};
use crate::intake::Intake;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How many refusals a peer is answered before it has to wait.
const REFUSALS: u32 = 20;

/// For how long these are counted.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// How many peers are remembered.
const PEERS: usize = 4_096;

/// A sender of webhooks.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) reading: Reading,
    pub(crate) auth: Auth,
}

/// How its documents are read.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    Preset(Preset),
    Mapping(Box<Mapping>),
}

/// What is served, and how much of it.
pub(crate) struct Limits {
    pub(crate) body: usize,
    pub(crate) connections: usize,
    /// Requests a second, of all senders together.
    pub(crate) rate: u32,
}

pub(crate) struct HttpIntake {
    pub(crate) webhooks: Arc<Vec<Webhook>>,
    pub(crate) intake: Intake,
    pub(crate) limits: Limits,
    approval: Option<Approval>,
    refusals: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
    bucket: Mutex<(Instant, f64)>,
}

impl HttpIntake {
    pub(crate) fn new(
        webhooks: Vec<Webhook>,
        approval: Option<Approval>,
        intake: Intake,
        limits: Limits,
    ) -> Self {
        let full = f64::from(limits.rate);
        Self {
            webhooks: Arc::new(webhooks),
            intake,
            limits,
            approval,
            refusals: Mutex::default(),
            bucket: Mutex::new((Instant::now(), full)),
        }
    }

    /// Serves until it is told to stop; requests under way are answered.
    pub(crate) async fn serve(
        self: Arc<Self>,
        listener: TcpListener,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<bool>,
    ) {
        let room = Arc::new(Semaphore::new(self.limits.connections));
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_owned() => permit,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let Ok(permit) = permit else {
                return;
            };
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Too many open files: others may be closed soon.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let (this, tls, stop) = (Arc::clone(&self), tls.clone(), stop.clone());
            tokio::spawn(async move {
                let _permit = permit;
                match tls {
                    None => {
                        this.connection(TokioIo::new(stream), peer, None, stop)
                            .await
                    }
                    Some(tls) => {
                        let shaken = tokio::time::timeout(ARRIVAL, tls.accept(stream)).await;
                        if let Ok(Ok(stream)) = shaken {
                            let certificates = stream.get_ref().1.peer_certificates();
                            let first = certificates.and_then(|all| all.first());
                            let certificate = first.map(|first| first.as_ref().to_vec());
                            let stream = TokioIo::new(stream);
                            this.connection(stream, peer, certificate, stop).await;
                        }
                    }
                }
            });
        }
    }

    async fn connection<S>(
        self: &Arc<Self>,
        stream: S,
        peer: SocketAddr,
        certificate: Option<Vec<u8>>,
        mut stop: watch::Receiver<bool>,
    ) where
        S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let certificate = Arc::new(certificate);
        let service = service_fn(move |request| {
            let (this, certificate) = (Arc::clone(self), Arc::clone(&certificate));
            async move {
                let response = this
                    .answer(request, peer.ip(), certificate.as_deref())
                    .await;
                Ok::<_, Infallible>(response)
            }
        });
        let serving = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(ARRIVAL)
            .max_headers(64)
            .max_buf_size(32 * 1024)
            .serve_connection(stream, service);
        let mut serving = std::pin::pin!(serving);
        let stopped = tokio::select! {
            _ = &mut serving => false,
            _ = stop.wait_for(|stop| *stop) => true,
        };
        if stopped {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(ARRIVAL, serving).await;
        }
    }

    async fn answer(
        &self,
        request: Request<Body>,
        peer: IpAddr,
        certificate: Option<&[u8]>,
    ) -> Response<Full<Bytes>> {
        let peer = peer.to_canonical();
        if let Some(approval) = &self.approval
            && approval.path == request.uri().path()
            && self.has_room(peer).is_ok()
        {
            let (engine, now) = (&self.intake.engine, self.intake.clock.now());
            let (method, uri) = (request.method(), request.uri());
            if let Some(response) = approval.answer(method, uri, engine, now).await {
                return response;
            }
            self.count_refusal(peer);
            self.intake.metrics.refused("approval link");
            return said(
                StatusCode::FORBIDDEN,
                "this link is not valid, or no longer\n",
            );
        }
        match self.take(request, peer, certificate).await {
            Ok(count) => said(StatusCode::ACCEPTED, &format!("{count} accepted\n")),
            Err(refusal) => {
                self.intake.metrics.refused(refusal.reason);
                let mut response = said(refusal.status, &format!("{}\n", refusal.line));
                if refusal.status == StatusCode::SERVICE_UNAVAILABLE {
                    let after = HeaderValue::from_static("5");
                    response.headers_mut().insert(RETRY_AFTER, after);
                }
                response
            }
        }
    }

    async fn take(
        &self,
        request: Request<Body>,
        peer: IpAddr,
        certificate: Option<&[u8]>,
    ) -> Result<usize, Refusal> {
        self.has_room(peer)?;
        let (head, body) = request.into_parts();
        let (webhook, token) = self.find(head.uri.path()).ok_or_else(|| {
            self.count_refusal(peer);
            Refusal::new(StatusCode::NOT_FOUND, "path", "no source has this path")
        })?;
        if !matches!(head.method, Method::POST | Method::PUT) {
            let line = "alerts are sent with POST or PUT";
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", line));
        }
        let denied = |what: &'static str| {
            self.count_refusal(peer);
            tracing::warn!(source = webhook.name, %peer, what, "a sender was refused");
            Refusal::new(
                StatusCode::UNAUTHORIZED,
                "authentication",
                "not authenticated",
            )
        };
        let sender = Sender {
            peer,
            headers: &head.headers,
            path_token: token,
            certificate,
        };
        webhook.auth.admits(sender).map_err(denied)?;
        let body = tokio::time::timeout(ARRIVAL, Limited::new(body, self.limits.body).collect());
        let body = match body.await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                let line = format!("the body is larger than {} bytes", self.limits.body);
                return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "size", line));
            }
            _ => {
                let line = "the body did not arrive";
                return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "timeout", line));
            }
        };
        let now = self.intake.clock.now().as_millis() / 1_000;
        let verified = webhook.auth.verifies(&head.headers, &body, now);
        verified.map_err(denied)?;
        let format: Format<'_> = match &webhook.reading {
            Reading::Preset(preset) => (*preset).into(),
            Reading::Mapping(mapping) => Format::Mapping(mapping),
        };
        let alerts = decode_json(&webhook.name, format, &body).map_err(|error| {
            self.intake.metrics.received(&webhook.name, "unreadable", 1);
            Refusal::new(StatusCode::BAD_REQUEST, "unreadable", error.to_string())
        })?;
        let count = alerts.len();
        self.intake
            .accept(&webhook.name, alerts)
            .await
            .map_err(|error| {
                Refusal::new(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "not_written",
                    error.to_string(),
                )
            })?;
        Ok(count)
    }

    /// The source of a path, and the segment behind it that may be a token.
    fn find<'p>(&self, path: &'p str) -> Option<(&Webhook, Option<&'p str>)> {
        self.webhooks.iter().find_map(|webhook| {
            let rest = path.strip_prefix(webhook.path.as_str())?;
            match (rest, rest.strip_prefix('/')) {
                ("" | "/", _) => Some((webhook, None)),
                (_, Some(token)) if !webhook.auth.path_token.is_empty() => {
                    Some((webhook, Some(token)))
                }
                _ => None,
            }
        })
    }

    /// Never 429, which Alertmanager takes as final.
    fn has_room(&self, peer: IpAddr) -> Result<(), Refusal> {
        let busy = |reason, line: &str| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason, line);
        let refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, count)) = refusals.get(&peer)
            && *count >= REFUSALS
            && since.elapsed() < REFUSED_FOR
        {
            return Err(busy(
                "shut_out",
                "too many requests of this sender were refused",
            ));
        }
        drop(refusals);
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, tokens) = *bucket;
        let rate = f64::from(self.limits.rate);
        let tokens = (tokens + last.elapsed().as_secs_f64() * rate).min(rate);
        if tokens < 1.0 {
            return Err(busy(
                "rate",
                "more requests than this responder takes in a second",
            ));
        }
        *bucket = (Instant::now(), tokens - 1.0);
        Ok(())
    }

    fn count_refusal(&self, peer: IpAddr) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        if refusals.len() >= PEERS {
            refusals.retain(|_, (since, _)| since.elapsed() < REFUSED_FOR);
        }
        if refusals.len() >= PEERS && !refusals.contains_key(&peer) {
            return;
        }
        let entry = refusals.entry(peer).or_insert_with(|| (Instant::now(), 0));
        if entry.0.elapsed() >= REFUSED_FOR {
            *entry = (Instant::now(), 0);
        }
        entry.1 += 1;
    }
}

/// Why a request was not taken.
struct Refusal {
    status: StatusCode,
    reason: &'static str,
    line: String,
}

impl Refusal {
    fn new(status: StatusCode, reason: &'static str, line: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            line: line.into(),
        }
    }
}

pub(crate) fn said(status: StatusCode, line: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::copy_from_slice(line.as_bytes())));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
