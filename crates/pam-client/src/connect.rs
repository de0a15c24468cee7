//! One connection: name, TCP, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pam_proto::BaseUrl;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::error::{CallError, SetupError, TransportError};
use crate::settings::{ClientIdentity, Settings, Trust};
use crate::tls;

/// How long one address may keep the next one waiting (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// A connection of either kind. One virtual call a read or write is nothing beside the system
/// call behind it.
pub(crate) trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// Makes connections to the one appliance.
pub(crate) struct Connector {
    host: String,
    port: u16,
    deadline: Duration,
    tls: Option<Tls>,
}

struct Tls {
    name: ServerName<'static>,
    trust: Trust,
    identity: Option<ClientIdentity>,
    /// Reading the platform's certificates costs more than a whole call, so it waits until a
    /// connection is made.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Connector {
    /// Checks what can be checked now: the files that the settings name.
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let base = &settings.base;
        Ok(Self {
            host: bare_host(base).to_owned(),
            port: base.port(),
            deadline: settings.deadlines.connect,
            tls: base.is_https().then(|| Tls::new(settings)).transpose()?,
        })
    }

    /// Connects within the deadline.
    pub(crate) async fn connect(&self) -> Result<Box<dyn Io>, CallError> {
        let config = match &self.tls {
            Some(tls) => Some((tls, tls.config()?)),
            None => None,
        };
        let connected = async {
            let tcp = self.tcp().await?;
            // A small request must not wait for the acknowledgement of the one before. A socket
            // that can't be told is only slower.
            let _ = tcp.set_nodelay(true);
            let Some((tls, config)) = config else {
                return Ok(Box::new(tcp) as Box<dyn Io>);
            };
            let stream = TlsConnector::from(config)
                .connect(tls.name.clone(), tcp)
                .await
                .map_err(|error| TransportError::Tls {
                    host: self.host.clone(),
                    fault: tls::handshake_fault(&error),
                })?;
            Ok(Box::new(stream) as Box<dyn Io>)
        };
        let outcome: Result<_, TransportError> =
            timeout(self.deadline, connected).await.unwrap_or_else(|_| {
                Err(TransportError::ConnectTimeout {
                    address: self.address(),
                    limit: self.deadline,
                })
            });
        Ok(outcome?)
    }

    async fn tcp(&self) -> Result<TcpStream, TransportError> {
        let resolve = |cause: io::Error| TransportError::Resolve {
            host: self.host.clone(),
            cause: cause.to_string(),
        };
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await
            .map_err(resolve)?
            .collect();
        if addresses.is_empty() {
            return Err(resolve(io::ErrorKind::NotFound.into()));
        }
        first_to_connect(&addresses)
            .await
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::ConnectionRefused => TransportError::Refused {
                    address: self.address(),
                },
                _ => TransportError::Connect {
                    address: self.address(),
                    cause: cause.to_string(),
                },
            })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Host and port, as messages name them.
    pub(crate) fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Tls {
    fn new(settings: &Settings) -> Result<Self, SetupError> {
        let host = bare_host(&settings.base);
        let name = ServerName::try_from(host.to_owned()).map_err(|_| SetupError::Host {
            host: host.to_owned(),
        })?;
        let tls = Self {
            name,
            trust: settings.trust.clone(),
            identity: settings.identity.clone(),
            config: OnceLock::new(),
        };
        if tls.trust != Trust::Platform || tls.identity.is_some() {
            // A wrong file is better reported before the first call than by it.
            tls.config()?;
        }
        Ok(tls)
    }

    fn config(&self) -> Result<Arc<ClientConfig>, SetupError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(tls::client_config(&self.trust, self.identity.as_ref())?);
        // Another connection may have been faster; then its configuration is the one.
        let _ = self.config.set(Arc::clone(&config));
        Ok(config)
    }
}

/// The host without the brackets of an IPv6 address.
fn bare_host(base: &BaseUrl) -> &str {
    base.host().trim_start_matches('[').trim_end_matches(']')
}

/// Tries the addresses in order, each with a head start over the next (RFC 8305 section 5), so
/// that one that swallows packets does not use up the deadline.
async fn first_to_connect(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    if let [only] = addresses {
        return TcpStream::connect(only).await;
    }
    let mut attempts = JoinSet::new();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        attempts.spawn(TcpStream::connect(*address));
        match timeout(ATTEMPT_DELAY, attempts.join_next()).await {
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
