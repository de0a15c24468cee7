//! The mock as a server: it listens, speaks TLS and HTTP/1.1, and stops.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::answers::Answer;
use crate::appliance::{Appliance, Peer, Reaction};
use crate::body::{Damage, ReplyBody};
use crate::inspect;
use crate::lock::locked;
use crate::requests::RecordedRequest;
use crate::wire::Wire;

/// Longest wait for a TLS handshake, and for the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause after a connection could not be accepted, which happens when descriptors run out.
const AFTER_TROUBLE: Duration = Duration::from_millis(50);

/// Serves until it is told to stop.
pub(crate) async fn serve(
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
