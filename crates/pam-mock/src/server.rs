//! The mock as a server: it listens, speaks TLS and HTTP/1.1, and stops.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use pam_proto::BaseUrl;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

use crate::alerts::AlertKind;
use crate::answers::Answer;
use crate::appliance::{Appliance, Peer, Reaction};
use crate::body::{Damage, ReplyBody};
use crate::builder::{Builder, StartError};
use crate::faults::Fault;
use crate::inspect;
use crate::lock::locked;
use crate::requests::RecordedRequest;
use crate::state::{NewSession, NewSessionError, SessionTruth};
use crate::tls::{ClientIdentity, Tls};

/// A running mock appliance.
///
/// It stops when it is shut down or dropped.
pub struct MockAppliance {
    appliance: Arc<Appliance>,
    address: SocketAddr,
    base_url: BaseUrl,
    ca_pem: Option<String>,
    client: Option<ClientIdentity>,
    own: Own,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
}

/// The mock's own application.
pub(crate) struct Own {
    pub(crate) oauth1: Credentials,
    pub(crate) oauth2: ClientCredentials,
}

impl std::fmt::Debug for MockAppliance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockAppliance")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl MockAppliance {
    /// A mock with every option at its default: no sessions, TLS on a free port of 127.0.0.1.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it is, for a client.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base_url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The CA to trust, in PEM; none when it speaks plain http.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// A client certificate of the mock's CA; none when it speaks plain http.
    #[must_use]
    pub fn client_identity(&self) -> Option<&ClientIdentity> {
        self.client.as_ref()
    }

    /// The OAuth 1.0 keys of the mock's own application.
    #[must_use]
    pub fn oauth1(&self) -> &Credentials {
        &self.own.oauth1
    }

    /// The OAuth 2.0 keys of the mock's own application.
    #[must_use]
    pub fn oauth2(&self) -> &ClientCredentials {
        &self.own.oauth2
    }

    /// The sessions as they truly are, without the archive that fills a listing up.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionTruth> {
        let zone = self.appliance.dialect.zone;
        self.appliance.with_world(|world, _| {
            let records = world.sessions.all().iter();
            records.map(|record| record.truth(zone)).collect()
        })
    }

    /// One session as it truly is, by its `session_id`.
    #[must_use]
    pub fn session(&self, session_id: &str) -> Option<SessionTruth> {
        let zone = self.appliance.dialect.zone;
        self.appliance.with_world(|world, _| {
            let at = world.sessions.find(session_id)?;
            Some(world.sessions.at(at)?.truth(zone))
        })
    }

    /// Starts a session.
    ///
    /// # Errors
    /// [`NewSessionError`] when one of its names is taken or a time can't be read.
    pub fn start_session(&self, session: NewSession) -> Result<SessionTruth, NewSessionError> {
        self.appliance.start(session)
    }

    /// Ends a session as its user would; false when no such session runs.
    pub fn end_session(&self, session_id: &str) -> bool {
        self.appliance.end(session_id)
    }

    /// Raises an alert about a session, caused by `command` where a command is its reason; false
    /// when there is no such session. It is sent when the mock has a syslog target.
    pub fn raise_alert(&self, kind: AlertKind, session_id: &str, command: &str) -> bool {
        self.appliance.raise(kind, session_id, command)
    }

    /// The latest requests, the oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        locked(&self.appliance.requests).all()
    }

    /// Forgets the requests.
    pub fn clear_requests(&self) {
        locked(&self.appliance.requests).clear();
    }

    /// Switches a fault on, in place of another of its kind.
    pub fn set_fault(&self, fault: impl Into<Fault>) {
        let fault = fault.into();
        self.appliance.set_faults(|faults| faults.switch_on(fault));
    }

    /// Switches these faults on and all others off.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.appliance.set_faults(|active| active.replace(faults));
    }

    /// The faults that are switched on.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.appliance.faults.active()
    }

    /// Moves the mock's clock forward, and lets everything happen that is due by then.
    pub fn advance(&self, by: Duration) {
        self.appliance.clock.advance(by);
        self.appliance.live();
    }

    /// Stops listening and ends every connection.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        // It ended, or it was cancelled with the runtime: stopped in either case.
        let _ = (&mut self.server).await;
    }
}

impl Drop for MockAppliance {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

/// Listens, and serves from then on.
pub(crate) async fn start(
    listen: SocketAddr,
    tls: Option<Tls>,
    appliance: Appliance,
    own: Own,
) -> Result<MockAppliance, StartError> {
    let cannot_listen = |source| StartError::Listen {
        address: listen,
        source,
    };
    let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let base_url = match address.ip() {
        ip if ip.is_unspecified() => format!("{scheme}://localhost:{}", address.port()),
        IpAddr::V4(ip) => format!("{scheme}://{ip}:{}", address.port()),
        IpAddr::V6(ip) => format!("{scheme}://[{ip}]:{}", address.port()),
    };
    let base_url = BaseUrl::new(&base_url).map_err(StartError::OwnUrl)?;
    let appliance = Arc::new(appliance);
    let (stop, stopped) = watch::channel(false);
    let acceptor = tls
        .as_ref()
        .map(|tls| TlsAcceptor::from(Arc::clone(&tls.config)));
    let serving = serve(listener, acceptor, Arc::clone(&appliance), stopped);
    let (ca_pem, client) = match tls {
        Some(tls) => (Some(tls.ca_pem), Some(tls.client)),
        None => (None, None),
    };
    Ok(MockAppliance {
        appliance,
        address,
        base_url,
        ca_pem,
        client,
        own,
        stop,
        server: tokio::spawn(serving),
    })
}

/// Longest wait for a TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause after a connection could not be accepted, which happens when descriptors run out.
const AFTER_TROUBLE: Duration = Duration::from_millis(50);

async fn serve(
    listener: TcpListener,
    acceptor: Option<TlsAcceptor>,
    appliance: Arc<Appliance>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((tcp, peer)) => {
                    let acceptor = acceptor.clone();
                    let appliance = Arc::clone(&appliance);
                    connections.spawn(async move {
                        if let Err(error) = connection(tcp, peer, acceptor, appliance).await {
                            tracing::debug!("connection from {peer}: {error}");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!("can't accept a connection: {error}");
                    tokio::time::sleep(AFTER_TROUBLE).await;
                }
            },
            Some(ended) = connections.join_next() => {
                if let Err(error) = ended {
                    tracing::error!("a connection broke down: {error}");
                }
            }
            () = told_to_stop(&mut stopped) => break,
            () = next_event(&appliance) => appliance.live(),
        }
    }
    // Dropping the set ends what is under way.
}

async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    // An error means that the mock is gone, which is the same.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

/// Waits for the next thing that is to happen by itself.
async fn next_event(appliance: &Appliance) {
    /// A clock that is moved from outside is looked at this often.
    const LOOK: Duration = Duration::from_millis(250);
    let due = locked(&appliance.world).next_due();
    match due {
        Some(due) if appliance.clock.runs() => {
            let wait = due.since(appliance.clock.moment());
            tokio::time::sleep(wait.clamp(Duration::from_millis(1), LOOK)).await;
        }
        _ => tokio::time::sleep(LOOK).await,
    }
}

async fn connection(
    tcp: TcpStream,
    peer: SocketAddr,
    acceptor: Option<TlsAcceptor>,
    appliance: Arc<Appliance>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    tcp.set_nodelay(true)?;
    let breaks = Arc::new(AtomicBool::new(false));
    let wire = Wire {
        tcp,
        breaks: Arc::clone(&breaks),
    };
    let Some(acceptor) = acceptor else {
        return speak(wire, peer, None, breaks, appliance).await;
    };
    let tls = tokio::time::timeout(PATIENCE, acceptor.accept(wire)).await??;
    let (_, session) = tls.get_ref();
    let certificate = session.peer_certificates().and_then(|chain| chain.first());
    let certificate = certificate.map(|certificate| certificate.to_vec());
    speak(tls, peer, certificate, breaks, appliance).await
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    certificate: Option<Vec<u8>>,
    breaks: Arc<AtomicBool>,
    appliance: Arc<Appliance>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let certificate = certificate.as_deref();
    let service = service_fn(|request| {
        let peer = Peer {
            address: peer.ip(),
            certificate,
        };
        respond(&appliance, peer, &breaks, request)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

/// The connection closes without an answer, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("no answer is sent, on purpose")]
struct Hangup;

/// No request of the API needs more.
const BODY_LIMIT: usize = 1024 * 1024;

async fn respond(
    appliance: &Arc<Appliance>,
    peer: Peer<'_>,
    breaks: &Arc<AtomicBool>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Hangup> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await else {
        let answer = Answer::json(StatusCode::PAYLOAD_TOO_LARGE, "{}");
        return Ok(send(appliance, 0, answer, &Damage::default(), breaks));
    };
    let request = Request::from_parts(parts, body.to_bytes());
    let path = request.uri().path();
    if path.starts_with(inspect::PREFIX) {
        let answer = inspect::answer(appliance, peer, &request);
        return Ok(send(appliance, 0, answer, &Damage::default(), breaks));
    }
    let now = appliance.clock.moment().0;
    let mut record = RecordedRequest::new(now, request.method(), path, request.headers());
    record.number = locked(&appliance.requests).begin(record.clone());
    let Reaction { answer, damage } = appliance.react(peer, &request, &mut record).await;
    record.status = answer.as_ref().map(|answer| answer.status.as_u16());
    record.reason = answer.as_ref().and_then(|answer| answer.reason.clone());
    let number = record.number;
    tracing::debug!(
        method = record.method,
        path = record.path,
        status = record.status,
        reason = record.reason,
        "request"
    );
    locked(&appliance.requests).finish(record);
    let answer = answer.ok_or(Hangup)?;
    Ok(send(appliance, number, answer, &damage, breaks))
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

fn send(
    appliance: &Appliance,
    number: u64,
    answer: Answer,
    damage: &Damage,
    breaks: &Arc<AtomicBool>,
) -> Response<ReplyBody> {
    let mut response = Response::new(ReplyBody::new(answer.content, damage, breaks));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
    headers.insert(REQUEST_ID, HeaderValue::from(number));
    if let Ok(date) = HeaderValue::try_from(appliance.now().http_date()) {
        headers.insert(DATE, date);
    }
    headers.extend(answer.headers);
    response
}

/// A connection that can be made to break instead of being closed.
struct Wire {
    tcp: TcpStream,
    breaks: Arc<AtomicBool>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.breaks.load(Ordering::Acquire) {
            // Without it the peer sees an orderly end in the middle, which is bad enough.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(context)
    }
}
