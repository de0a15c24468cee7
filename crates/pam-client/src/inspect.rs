//! A look at what lies between here and the appliance, step by step, for a diagnosis.

use std::net::SocketAddr;

use pam_adapter::{Destination, Settings, SetupError, TransportError, tls};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::connect::{first_to_connect, resolve};

/// What was found on the way to the appliance. Each step comes after the one before it has
/// worked, and has the connection deadline for itself.
#[derive(Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// The addresses of the host.
    pub addresses: Result<Vec<SocketAddr>, TransportError>,
    /// The TCP connection, if it was tried.
    pub connection: Option<Result<Ends, TransportError>>,
    /// The TLS handshake, if it was tried: plain HTTP has none.
    pub handshake: Option<Handshake>,
}

/// The two ends of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ends {
    /// The appliance's, which is the one of its addresses that answered.
    pub peer: SocketAddr,
    /// Ours, as the appliance sees it if nothing between rewrites it.
    pub local: SocketAddr,
}

/// A TLS handshake, well or badly ended.
#[derive(Debug)]
#[non_exhaustive]
pub struct Handshake {
    /// Version and cipher suite, such as `TLSv1_3` and `TLS13_AES_256_GCM_SHA384`.
    pub outcome: Result<[String; 2], TransportError>,
    /// The certificates that the appliance presented, its own first, as DER. They are here when
    /// they are not trusted, too.
    pub chain: Vec<Vec<u8>>,
}

/// Resolves the name, connects and shakes hands, and closes the connection again. Nothing is sent
/// over it. Certificates are verified as for any call.
///
/// # Errors
/// [`SetupError`] when the settings can't be used.
pub async fn inspect(settings: &Settings) -> Result<Inspection, SetupError> {
    let destination = Destination::new(settings)?;
    let limit = destination.deadline();
    let addresses = timeout(limit, resolve(&destination)).await;
    let addresses = addresses.unwrap_or_else(|_| Err(destination.too_late()));
    let mut found = Inspection {
        addresses,
        connection: None,
        handshake: None,
    };
    let Ok(addresses) = &found.addresses else {
        return Ok(found);
    };
    let stream = match timeout(limit, first_to_connect(addresses)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(cause)) => Err(destination.unconnected(&cause)),
        Err(_) => Err(destination.too_late()),
    };
    let (stream, ends) = match stream.and_then(|stream| ends(&destination, stream)) {
        Ok(connected) => connected,
        Err(error) => {
            found.connection = Some(Err(error));
            return Ok(found);
        }
    };
    found.connection = Some(Ok(ends));
    let Some((name, config, presented)) = destination.watched_tls()? else {
        return Ok(found);
    };
    let shaken = timeout(limit, TlsConnector::from(config).connect(name, stream)).await;
    let outcome = match shaken {
        Ok(Ok(stream)) => Ok(agreed(stream.get_ref().1)),
        Ok(Err(error)) => Err(destination.untrusted(tls::handshake_fault(&error))),
        Err(_) => Err(destination.too_late()),
    };
    found.handshake = Some(Handshake {
        outcome,
        chain: presented.chain(),
    });
    Ok(found)
}

fn ends(destination: &Destination, stream: TcpStream) -> Result<(TcpStream, Ends), TransportError> {
    let ends = stream.peer_addr().and_then(|peer| {
        Ok(Ends {
            peer,
            local: stream.local_addr()?,
        })
    });
    let ends = ends.map_err(|cause| destination.unconnected(&cause))?;
    Ok((stream, ends))
}

fn agreed(connection: &tokio_rustls::rustls::ClientConnection) -> [String; 2] {
    let version = connection.protocol_version();
    let version = version.map_or_else(String::new, |version| format!("{version:?}"));
    let suite = connection.negotiated_cipher_suite();
    let suite = suite.map_or_else(String::new, |suite| format!("{:?}", suite.suite()));
    [version, suite]
}
