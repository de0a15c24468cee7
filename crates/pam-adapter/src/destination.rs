//! Where connections go, and what makes them trustworthy.

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pam_proto::BaseUrl;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;

use crate::error::{SetupError, TransportError};
use crate::presented::Presented;
use crate::settings::{ClientIdentity, Settings, Trust};
use crate::tls;

/// The other end of every connection of a client.
#[derive(Debug)]
pub struct Destination {
    host: String,
    port: u16,
    deadline: Duration,
    tls: Option<Tls>,
}

#[derive(Debug)]
struct Tls {
    name: ServerName<'static>,
    trust: Trust,
    identity: Option<ClientIdentity>,
    /// Reading the platform's certificates costs more than a whole call, so it waits until a
    /// connection is made.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Destination {
    /// How long one address may keep the next one waiting (RFC 8305 section 5).
    pub const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

    /// Checks what can be checked now: the files that the settings name.
    ///
    /// # Errors
    /// [`SetupError`] when a file or the host can't be used.
    pub fn new(settings: &Settings) -> Result<Self, SetupError> {
        let base = &settings.base;
        Ok(Self {
            host: bare_host(base).to_owned(),
            port: base.port(),
            deadline: settings.deadlines.connect,
            tls: base.is_https().then(|| Tls::new(settings)).transpose()?,
        })
    }

    /// The host, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Host and port, as messages name them.
    #[must_use]
    pub fn address(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Within what a connection must be there.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The name to verify and the configuration to do it with; `None` for plain HTTP.
    ///
    /// # Errors
    /// [`SetupError`] when the certificates to trust can't be read.
    pub fn tls(&self) -> Result<Option<(ServerName<'static>, Arc<ClientConfig>)>, SetupError> {
        match &self.tls {
            Some(tls) => Ok(Some((tls.name.clone(), tls.config()?))),
            None => Ok(None),
        }
    }

    /// The same for one connection, and what the appliance presents over it.
    ///
    /// # Errors
    /// [`SetupError`] when the certificates to trust can't be read.
    #[expect(
        clippy::type_complexity,
        reason = "three parts that are used once, together"
    )]
    pub fn watched_tls(
        &self,
    ) -> Result<Option<(ServerName<'static>, Arc<ClientConfig>, Arc<Presented>)>, SetupError> {
        let Some(tls) = &self.tls else {
            return Ok(None);
        };
        let (config, presented) = tls::watched_config(&tls.trust, tls.identity.as_ref())?;
        Ok(Some((tls.name.clone(), Arc::new(config), presented)))
    }

    /// The name has no address.
    #[must_use]
    pub fn unresolved(&self, cause: &io::Error) -> TransportError {
        TransportError::Resolve {
            host: self.host.clone(),
            cause: cause.to_string(),
        }
    }

    /// No address took the connection; this is how the last one refused it.
    #[must_use]
    pub fn unconnected(&self, cause: &io::Error) -> TransportError {
        match cause.kind() {
            io::ErrorKind::ConnectionRefused => TransportError::Refused {
                address: self.address(),
            },
            _ => TransportError::Connect {
                address: self.address(),
                cause: cause.to_string(),
            },
        }
    }

    /// There is no connection within the deadline.
    #[must_use]
    pub fn too_late(&self) -> TransportError {
        TransportError::ConnectTimeout {
            address: self.address(),
            limit: self.deadline,
        }
    }

    /// The connection is not one that can be trusted.
    #[must_use]
    pub fn untrusted(&self, fault: crate::TlsFault) -> TransportError {
        TransportError::Tls {
            host: self.host.clone(),
            fault,
        }
    }

    /// The connection ended before the request could be written to it.
    #[must_use]
    pub fn unsent(&self) -> TransportError {
        TransportError::ClosedBeforeRequest {
            address: self.address(),
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
