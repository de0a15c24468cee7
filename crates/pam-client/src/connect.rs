//! One connection: name, TCP, TLS.

use std::io;
use std::net::SocketAddr;

use pam_adapter::{CallError, Destination, TransportError, tls};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A connection of either kind. One virtual call a read or write is nothing beside the system
/// call behind it.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Connects within the deadline.
pub(crate) async fn connect(destination: &Destination) -> Result<Box<dyn Io>, CallError> {
    let tls = destination.tls()?;
    let connected = async {
        let tcp = tcp(destination).await?;
        // A small request must not wait for the acknowledgement of the one before. A socket that
        // can't be told is only slower.
        let _ = tcp.set_nodelay(true);
        let Some((name, config)) = tls else {
            return Ok(Box::new(tcp) as Box<dyn Io>);
        };
        let stream = TlsConnector::from(config)
            .connect(name, tcp)
            .await
            .map_err(|error| destination.untrusted(tls::handshake_fault(&error)))?;
        Ok(Box::new(stream) as Box<dyn Io>)
    };
    let outcome: Result<_, TransportError> = timeout(destination.deadline(), connected)
        .await
        .unwrap_or_else(|_| Err(destination.too_late()));
    Ok(outcome?)
}

async fn tcp(destination: &Destination) -> Result<TcpStream, TransportError> {
    first_to_connect(&resolve(destination).await?)
        .await
        .map_err(|cause| destination.unconnected(&cause))
}

/// The addresses of the appliance's name, of which there is at least one.
pub(crate) async fn resolve(destination: &Destination) -> Result<Vec<SocketAddr>, TransportError> {
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host((destination.host(), destination.port()))
            .await
            .map_err(|cause| destination.unresolved(&cause))?
            .collect();
    if addresses.is_empty() {
        return Err(destination.unresolved(&io::ErrorKind::NotFound.into()));
    }
    Ok(addresses)
}

/// Tries the addresses in order, each with a head start over the next (RFC 8305 section 5), so
/// that one that swallows packets does not use up the deadline.
pub(crate) async fn first_to_connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return TcpStream::connect(only).await;
    }
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        attempts.spawn(TcpStream::connect(*address));
        match timeout(Destination::ATTEMPT_DELAY, attempts.join_next()).await {
            Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
            Ok(Some(Ok(Err(error)))) => failure = error,
            // Not decided yet, and the next address gets its turn beside it.
            Ok(_) | Err(_) => {}
        }
    }
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}
