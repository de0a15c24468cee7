//! A running mock, in the hands of a test.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use pam_proto::BaseUrl;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::alerts::AlertKind;
use crate::appliance::Appliance;
use crate::builder::Builder;
use crate::faults::Fault;
use crate::lock::locked;
use crate::requests::RecordedRequest;
use crate::server;
use crate::start_error::StartError;
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
    /// Listens, and serves from then on.
    pub(crate) async fn start(
        listen: SocketAddr,
        tls: Option<Tls>,
        appliance: Appliance,
        own: Own,
    ) -> Result<Self, StartError> {
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
        let serving = server::serve(listener, acceptor, Arc::clone(&appliance), stopped);
        let (ca_pem, client) = match tls {
            Some(tls) => (Some(tls.ca_pem), Some(tls.client)),
            None => (None, None),
        };
        Ok(Self {
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
