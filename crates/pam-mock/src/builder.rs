//! What a mock is to be, before it starts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use pam_proto::{BaseUrl, Secret};
use tokio::sync::mpsc;

use crate::access::{Access, Application, Authorization};
use crate::alerts::{self, Syslog};
use crate::appliance::{Appliance, Parts};
use crate::clock::{Clock, zone};
use crate::dialect::Dialect;
use crate::faults::Fault;
use crate::fingerprint::Fingerprint;
use crate::life::{Life, World};
use crate::mock_appliance::{MockAppliance, Own};
use crate::population::Population;
use crate::profile::Profile;
use crate::public::Public;
use crate::random::unguessable;

use crate::start_error::StartError;
use crate::state::NewSession;
use crate::state_file::State;
use crate::switches::Switches;
use crate::tls::{ClientCertificates, ServerCertificate, Tls, is_name};

/// A mock appliance that is being put together; [`Builder::start`] starts it.
#[derive(Debug)]
#[must_use = "a builder does nothing until it is started"]
pub struct Builder {
    listen: SocketAddr,
    beyond_loopback: bool,
    plain_http: bool,
    names: Vec<String>,
    certificate: ServerCertificate,
    clients: ClientCertificates,
    public_url: Option<String>,
    behind_proxy: bool,
    profile: Profile,
    switches: Switches,
    faults: Vec<Fault>,
    tenant: Option<String>,
    utc_offset: i16,
    population: Population,
    seed: u64,
    state: State,
    listing_size: u64,
    life: Life,
    clock: Clock,
    oauth1: Option<Credentials>,
    oauth2: Option<ClientCredentials>,
    restrict: fn(Authorization) -> Authorization,
    bound: bool,
    token_lifetime: Option<Duration>,
    explain: bool,
    recorded: usize,
    failures_per_minute: u32,
    syslog: Option<Syslog>,
}

/// How many requests are recorded unless set otherwise.
const RECORDED: usize = 10_000;

/// How often a caller may fail in a minute unless set otherwise: more than a test does, less than
/// guessing needs.
const FAILURES: u32 = 6_000;

/// How many alerts wait for a SIEM that is slow.
const ALERTS: usize = 10_000;

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            beyond_loopback: false,
            plain_http: false,
            names: Vec::new(),
            certificate: ServerCertificate::default(),
            clients: ClientCertificates::default(),
            public_url: None,
            behind_proxy: false,
            profile: Profile::default(),
            switches: Switches::default(),
            faults: Vec::new(),
            tenant: None,
            utc_offset: 0,
            population: Population {
                sessions: 0,
                active: 0,
            },
            seed: 1,
            state: State::default(),
            listing_size: 0,
            life: Life::default(),
            clock: Clock::system(),
            oauth1: None,
            oauth2: None,
            restrict: |authorization| authorization,
            bound: false,
            token_lifetime: None,
            explain: false,
            recorded: RECORDED,
            failures_per_minute: FAILURES,
            syslog: None,
        }
    }
}

impl Builder {
    /// Listens there instead of on any free port of 127.0.0.1; port 0 is any free port.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Lets [`Builder::listen`] be an address that other machines can reach.
    pub fn beyond_loopback(mut self) -> Self {
        self.beyond_loopback = true;
        self
    }

    /// Speaks plain http, which works on loopback only.
    pub fn plain_http(mut self) -> Self {
        self.plain_http = true;
        self
    }

    /// Names in the certificate beside `localhost`, `127.0.0.1` and `::1`.
    pub fn names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// What is wrong with the mock's certificate.
    pub fn certificate(mut self, certificate: ServerCertificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// Whether callers show a certificate.
    pub fn client_certificates(mut self, clients: ClientCertificates) -> Self {
        self.clients = clients;
        self
    }

    /// By which URL callers reach the mock, when a reverse proxy stands before it: its scheme,
    /// host, port and path prefix are what they sign. Otherwise the mock goes by the `Host`
    /// header.
    pub fn public_url(mut self, url: impl Into<String>) -> Self {
        self.public_url = Some(url.into());
        self
    }

    /// Believes the `X-Forwarded-Proto`, `-Host`, `-Prefix` and `-For` headers of a reverse proxy.
    pub fn behind_proxy(mut self) -> Self {
        self.behind_proxy = true;
        self
    }

    /// Which generation of the appliance it stands in for; 4.0 by default.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// What the documents leave open.
    pub fn switches(mut self, switches: Switches) -> Self {
        self.switches = switches;
        self
    }

    /// Switches a fault on from the start.
    pub fn fault(mut self, fault: impl Into<Fault>) -> Self {
        self.faults.push(fault.into());
        self
    }

    /// The tenant that answers carry; the product's name by default. The mock's own OAuth 2.0
    /// client is then of this tenant, and has to name it where the host name does not.
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// How many minutes the appliance's zone is ahead of UTC; its times carry no zone.
    pub fn utc_offset(mut self, minutes: i16) -> Self {
        self.utc_offset = minutes;
        self
    }

    /// Makes up this many sessions, of which this many run.
    pub fn sessions(mut self, sessions: u64, active: u64) -> Self {
        self.population = Population { sessions, active };
        self
    }

    /// What everything made up comes from; 1 by default.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Puts a session in, after those that are made up.
    pub fn session(mut self, session: NewSession) -> Self {
        self.state.sessions.push(session);
        self
    }

    /// Puts the sessions and the applications of a state file in.
    pub fn state(mut self, state: State) -> Self {
        self.state.sessions.extend(state.sessions);
        self.state.applications.extend(state.applications);
        self
    }

    /// Fills the listing up to this many rows with ended sessions that are made up while they are
    /// sent.
    pub fn listing_size(mut self, rows: u64) -> Self {
        self.listing_size = rows;
        self
    }

    /// What happens by itself, and how late.
    pub fn life(mut self, life: Life) -> Self {
        self.life = life;
        self
    }

    /// The mock's time; the system's by default.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// The OAuth 1.0 keys of the mock's own application; drawn at random by default.
    pub fn oauth1(mut self, credentials: Credentials) -> Self {
        self.oauth1 = Some(credentials);
        self
    }

    /// The OAuth 2.0 keys of the mock's own application; drawn at random by default.
    pub fn oauth2(mut self, client: ClientCredentials) -> Self {
        self.oauth2 = Some(client);
        self
    }

    /// Changes both authorizations of the mock's own application, which may do everything by
    /// default: `.restrict(Authorization::read_only)`.
    pub fn restrict(mut self, change: fn(Authorization) -> Authorization) -> Self {
        self.restrict = change;
        self
    }

    /// Binds both authorizations of the mock's own application to the client certificate that it
    /// issues.
    pub fn bind_own_certificate(mut self) -> Self {
        self.bound = true;
        self
    }

    /// Adds an application beside the mock's own.
    pub fn application(mut self, application: Application) -> Self {
        self.state.applications.push(application);
        self
    }

    /// How long a bearer token is good; an hour by default.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = Some(lifetime);
        self
    }

    /// Logs, for each refused signature, what the mock signed and what the caller seems to have
    /// signed instead.
    pub fn explain(mut self) -> Self {
        self.explain = true;
        self
    }

    /// How many requests are remembered; 10,000 by default.
    pub fn recorded(mut self, requests: usize) -> Self {
        self.recorded = requests;
        self
    }

    /// How many refused signatures, tokens and client secrets a caller may send in a minute before
    /// it is not listened to; 6,000 by default.
    pub fn failures_per_minute(mut self, failures: u32) -> Self {
        self.failures_per_minute = failures;
        self
    }

    /// Sends alerts there.
    pub fn syslog(mut self, syslog: Syslog) -> Self {
        self.syslog = Some(syslog);
        self
    }

    /// Starts the mock; it serves until it is shut down or dropped.
    ///
    /// It needs a Tokio runtime with its I/O and time drivers.
    ///
    /// # Errors
    /// [`StartError`] when an option can't be fulfilled.
    pub async fn start(self) -> Result<MockAppliance, StartError> {
        if !self.listen.ip().is_loopback() {
            if self.plain_http {
                return Err(StartError::PlainHttpBeyondLoopback);
            }
            if !self.beyond_loopback {
                return Err(StartError::NotLoopback(self.listen));
            }
        }
        if let Some(name) = self.names.iter().find(|name| !is_name(name)) {
            return Err(StartError::Name(name.clone()));
        }
        let tls = match self.plain_http {
            true => None,
            false => Some(Tls::new(&self.names, self.certificate, self.clients)?),
        };
        let scheme = match tls {
            Some(_) => Scheme::HTTPS,
            None => Scheme::HTTP,
        };
        let public = match &self.public_url {
            Some(url) => Public::At(BaseUrl::new(url).map_err(StartError::PublicUrl)?),
            None if self.behind_proxy => Public::Forwarded(scheme),
            None => Public::Directly(scheme),
        };
        let oauth1 = match self.oauth1.clone() {
            Some(credentials) => credentials,
            // 40 characters, as the appliance's own (A2A API specification, "Legacy unsigned
            // query-parameter form").
            None => Credentials::new(unguessable(20)?, Secret::new(unguessable(20)?))
                .with_token(unguessable(20)?, Secret::new(unguessable(20)?)),
        };
        let oauth2 = match self.oauth2.clone() {
            Some(client) => client,
            None => ClientCredentials::new(unguessable(20)?, Secret::new(unguessable(20)?)),
        };
        let oauth2 = match &self.tenant {
            Some(tenant) if oauth2.tenant.is_none() => oauth2.at_tenant(tenant),
            _ => oauth2,
        };
        let listen = self.listen;
        let issued = tls.as_ref().map(|tls| &tls.client.certificate_der);
        let bound = issued
            .filter(|_| self.bound)
            .map(|der| Fingerprint::of(der));
        let own = [
            Authorization::oauth1(oauth1.clone()),
            Authorization::oauth2(oauth2.clone()),
        ];
        let own = own.map(self.restrict).map(|mut authorization| {
            if bound.is_some() {
                authorization.certificate.clone_from(&bound);
            }
            authorization
        });
        let appliance = self.appliance(own, public)?;
        let own = Own { oauth1, oauth2 };
        MockAppliance::start(listen, tls, appliance, own).await
    }

    fn appliance(self, own: [Authorization; 2], public: Public) -> Result<Appliance, StartError> {
        let applications = [Application::new("pamctl", own)]
            .into_iter()
            .chain(self.state.applications);
        let access = Access::new(applications.collect())?;
        let Population { sessions, active } = self.population;
        if active > sessions {
            return Err(StartError::MoreActiveThanSessions { sessions, active });
        }
        if !self.life.is_sound() {
            return Err(StartError::Rate);
        }
        let zone = zone(self.utc_offset).ok_or(StartError::Zone(self.utc_offset))?;
        let now = self.clock.moment();
        let mut world = World::new(self.life, self.seed, now, self.syslog.is_some());
        for record in self.population.records(self.seed, now) {
            world.settle(record, now)?;
        }
        for session in self.state.sessions {
            let made_up = world.newcomer(now);
            let record = session.onto(made_up, now, zone)?;
            world.settle(record, now)?;
        }
        let product = self.profile.product().to_owned();
        let dialect = Arc::new(Dialect {
            profile: self.profile,
            switches: self.switches,
            zone,
            tenant: self.tenant.unwrap_or(product),
        });
        let siem = self.syslog.map(|syslog| {
            let (sender, receiver) = mpsc::channel(ALERTS);
            tokio::spawn(alerts::send(receiver, syslog, Arc::clone(&dialect)));
            sender
        });
        Ok(Appliance::new(Parts {
            dialect,
            clock: self.clock,
            world,
            access,
            faults: self.faults,
            listing_size: self.listing_size,
            public,
            explain: self.explain,
            siem,
            token_lifetime: self.token_lifetime,
            recorded: self.recorded,
            failures_per_minute: self.failures_per_minute,
        }))
    }
}
