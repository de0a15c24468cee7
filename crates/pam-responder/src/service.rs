//! A running responder: journal, engine, listeners, hands and reports put together.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base16ct::lower;
use jiff::tz::TimeZone;
use pam_audit::{Actor, AuditFile, Context, PolicyNote};
use pam_client::Client;
use pam_respond_core::{COOLDOWN_MAX, Event, Journal as _, Moment, Responder};
use sd_notify::NotifyState;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use crate::admin::Admin;
use crate::clock::Clock;
use crate::config::{Config, SyslogListener, Transport};
use crate::control::Control;
use crate::engine::{Brake, Engine, Running};
use crate::hands::{self, Appliance, Audit};
use crate::http_intake::{HttpIntake, Limits};
use crate::intake::Intake;
use crate::listener_tls::{self, Clients};
use crate::metrics::Metrics;
use crate::report;
use crate::sqlite::{JournalError, SqliteJournal};
use crate::syslog_intake::SyslogIntake;
use crate::traces;
use crate::writer::Writer;

/// How often what is old is forgotten, and how often a halt file is looked for.
const FORGET: Duration = Duration::from_secs(3_600);

/// What a socket for datagrams is asked to hold; `net.core.rmem_max` may make it less.
const RECEIVE_BUFFER: usize = 4 << 20;

/// How long what is under way may take when it is told to stop.
const GRACE: Duration = Duration::from_secs(30);

/// Why a responder does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The journal can't be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// A certificate or key can't be used.
    #[error("{file}: {what}")]
    Tls {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The audit file can't be written.
    #[error("the audit can't be kept: {0}")]
    Audit(String),
    /// A thread could not be started.
    #[error("can't start: {0}")]
    Start(io::Error),
}

/// A responder that runs.
pub struct Service {
    engine: Engine,
    writer: Writer,
    audit: Arc<Audit>,
    zone: TimeZone,
    stop: watch::Sender<bool>,
    stopping: Arc<AtomicBool>,
    metrics: Arc<Metrics>,
    tasks: Vec<JoinHandle<()>>,
    engine_task: JoinHandle<()>,
    /// Where it listens, by the names of the configuration: `http`, `admin`, and each syslog's.
    pub addresses: Vec<(String, SocketAddr)>,
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

impl Service {
    /// Starts: the journal is read and everything that was under way is gone on with, then the
    /// listeners open.
    ///
    /// # Errors
    /// [`StartError`] when something that it needs is missing. Nothing was ended then.
    pub async fn start(config: Config, client: Client) -> Result<Self, StartError> {
        let mut journal = SqliteJournal::open(&config.journal)?;
        let far = Clock::new(Moment::default()).now().minus(COOLDOWN_MAX);
        let replay = journal.replay(far)?;
        let clock = Arc::new(Clock::new(replay.last));
        let (responder, first) = Responder::resume(config.core.clone(), replay, clock.now());
        let writer = Writer::start(journal).map_err(StartError::Start)?;

        let metrics = Arc::new(Metrics::new());
        let brake = Brake::new(config.halt_file.clone());
        let (engine, inbox) = Engine::new(brake.clone());
        let (stop, stopped) = watch::channel(false);
        let (reports, news) = mpsc::channel(1_024);
        let (questions, asked) = mpsc::channel(1_024);
        let (traced, ended) = config.traces.as_ref().map(|_| mpsc::channel(1_024)).unzip();
        let wanted = Arc::new(Notify::new());
        let audit = Arc::new(audit(&config, &client)?);
        let alive = Arc::new(AtomicBool::new(true));
        let hands = Appliance {
            client: client.clone(),
            engine: engine.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            audit: Arc::clone(&audit),
            wanted: Arc::clone(&wanted),
            jobs: Appliance::jobs(),
            reports,
            questions,
            traced,
            runtime: tokio::runtime::Handle::current(),
        };
        let mut service = Self {
            stop,
            stopping: Arc::new(AtomicBool::new(false)),
            metrics: Arc::clone(&metrics),
            tasks: Vec::new(),
            engine_task: tokio::spawn(async {}),
            addresses: Vec::new(),
            engine: engine.clone(),
            writer: writer.clone(),
            audit: Arc::clone(&audit),
            zone: config.core.zone.clone(),
        };
        let intake = Intake {
            writer: writer.clone(),
            engine: engine.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
        };
        // Every address is bound before anything is done, so that a mistake ends nothing.
        let control = Control::bind(&config.socket).map_err(|source| StartError::Listen {
            address: config.socket.display().to_string(),
            source,
        })?;
        service.listen_http(&config, &intake, &stopped).await?;
        for syslog in &config.syslog {
            service.listen_syslog(syslog, &intake, &stopped).await?;
        }
        service.serve_admin(&config, &intake, &stopped).await?;

        let running = Running {
            responder,
            writer: writer.clone(),
            clock: Arc::clone(&clock),
            metrics: Arc::clone(&metrics),
            hands,
            brake,
            alive: Arc::clone(&alive),
        };
        service.engine_task = tokio::spawn(running.run(inbox, first));
        let listing = hands::list(
            client,
            engine.clone(),
            Arc::clone(&clock),
            wanted,
            config.core.zone.clone(),
            config.poll,
            Arc::clone(&metrics),
        );
        let mut stops = stopped.clone();
        service.tasks.push(tokio::spawn(async move {
            tokio::select! {
                () = listing => {}
                _ = stops.wait_for(|stop| *stop) => {}
            }
        }));
        service
            .tasks
            .push(tokio::spawn(control.serve(engine.clone(), stopped.clone())));
        service.tasks.push(tokio::spawn(report::ask(
            config.sinks.clone(),
            config.approval.clone(),
            asked,
            Arc::clone(&metrics),
            stopped.clone(),
        )));
        if let (Some(traces), Some(ended)) = (config.traces.clone(), ended) {
            let (journal, metrics) = (config.journal.clone(), Arc::clone(&metrics));
            let delivered = traces::deliver(traces, journal, ended, metrics, stopped.clone());
            service.tasks.push(tokio::spawn(delivered));
        }
        let delivered = report::deliver(
            config.sinks.clone(),
            writer.clone(),
            Actor::host(),
            news,
            metrics,
            stopped.clone(),
        );
        service.tasks.push(tokio::spawn(delivered));
        service.tasks.push(tokio::spawn(housekeeping(
            writer,
            clock,
            config.retention,
            alive,
            stopped,
        )));
        Ok(service)
    }

    /// Says to systemd that it is ready, where systemd asked.
    pub fn ready(&self) {
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// Takes other rules, limits and a policy. Listeners, files and the time zone stay as they
    /// are: the listing that is known was read in that zone.
    pub async fn reload(&self, config: &Config) {
        let _ = sd_notify::notify(&[NotifyState::Reloading]);
        let mut core = config.core.clone();
        core.zone = self.zone.clone();
        self.audit.follow(policy_note(config));
        self.engine.tell(Event::Reload(Box::new(core))).await;
        self.metrics.reloaded();
        let _ = sd_notify::notify(&[NotifyState::Ready]);
    }

    /// Stops: listeners close first, then what is under way is finished as far as there is time.
    /// What is not finished is gone on with after the next start.
    pub async fn shutdown(self) {
        let _ = sd_notify::notify(&[NotifyState::Stopping]);
        self.stopping.store(true, Ordering::Relaxed);
        let _ = self.stop.send(true);
        let engine = self.engine.clone();
        let finished = async {
            for task in self.tasks {
                let _ = task.await;
            }
            // Drops under way are awaited: their outcome is known then.
            while engine.status().await.is_ok_and(|status| status.acting > 0) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            let _ = engine.settled().await;
        };
        let _ = tokio::time::timeout(GRACE, finished).await;
        self.engine_task.abort();
        let _ = self.engine_task.await;
        self.writer.close().await;
    }

    async fn listen_http(
        &mut self,
        config: &Config,
        intake: &Intake,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), StartError> {
        let Some(http) = &config.http else {
            return Ok(());
        };
        let mut address = http.listen;
        let open = config
            .webhooks
            .iter()
            .find(|webhook| webhook.auth.is_open());
        if let Some(open) = open {
            address = loopback(
                address,
                &format!("webhook `{}` asks its sender for nothing", open.name),
            );
        }
        let acceptor = |tls| listener_tls::acceptor(tls, Clients::Any);
        let tls = http.tls.as_ref().map(acceptor).transpose()?;
        let listener = bind(address).await?;
        self.listens("http", &listener)?;
        let limits = Limits {
            body: http.body,
            connections: http.connections,
            rate: http.rate,
        };
        let serving = Arc::new(HttpIntake::new(
            config.webhooks.clone(),
            config.approval.clone(),
            intake.clone(),
            limits,
        ));
        let serving = serving.serve(listener, tls, stopped.clone());
        self.tasks.push(tokio::spawn(serving));
        Ok(())
    }

    async fn listen_syslog(
        &mut self,
        syslog: &SyslogListener,
        intake: &Intake,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), StartError> {
        let serving = Arc::new(SyslogIntake {
            name: syslog.name.clone(),
            networks: syslog.networks.clone(),
            limit: syslog.limit,
            connections: syslog.connections,
            intake: intake.clone(),
        });
        let mut address = syslog.listen;
        if syslog.transport == Transport::Udp {
            let socket = UdpSocket::bind(address)
                .await
                .map_err(|source| StartError::Listen {
                    address: address.to_string(),
                    source,
                })?;
            let local = socket.local_addr().map_err(StartError::Start)?;
            self.addresses.push((syslog.name.clone(), local));
            // What comes while a burst is read waits in the kernel, as far as it lets it.
            let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER);
            intake.metrics.watch_drops(&syslog.name, &socket);
            self.tasks
                .push(tokio::spawn(serving.datagrams(socket, stopped.clone())));
            return Ok(());
        }
        let acceptor = |tls| listener_tls::acceptor(tls, Clients::Known);
        let tls: Option<TlsAcceptor> = syslog.tls.as_ref().map(acceptor).transpose()?;
        let knows_clients = syslog
            .tls
            .as_ref()
            .is_some_and(|tls| tls.client_ca.is_some());
        if syslog.networks.is_empty() && !knows_clients {
            let why = format!(
                "syslog `{}` names neither `networks` nor a `client_ca`",
                syslog.name
            );
            address = loopback(address, &why);
        }
        let listener = bind(address).await?;
        self.listens(&syslog.name, &listener)?;
        let serving = serving.connections(listener, tls, stopped.clone());
        self.tasks.push(tokio::spawn(serving));
        Ok(())
    }

    async fn serve_admin(
        &mut self,
        config: &Config,
        intake: &Intake,
        stopped: &watch::Receiver<bool>,
    ) -> Result<(), StartError> {
        let Some(address) = config.admin else {
            return Ok(());
        };
        let listener = bind(address).await?;
        self.listens("admin", &listener)?;
        let admin = Admin {
            engine: intake.engine.clone(),
            writer: intake.writer.clone(),
            metrics: Arc::clone(&intake.metrics),
            clock: Arc::clone(&intake.clock),
            stopping: Arc::clone(&self.stopping),
        };
        self.tasks
            .push(tokio::spawn(admin.serve(listener, stopped.clone())));
        Ok(())
    }

    fn listens(&mut self, name: &str, listener: &TcpListener) -> Result<(), StartError> {
        let address = listener.local_addr().map_err(StartError::Start)?;
        tracing::info!(listener = name, %address, "listening");
        self.addresses.push((name.to_owned(), address));
        Ok(())
    }
}

/// Nobody who asks its senders for nothing listens beyond this machine.
fn loopback(address: SocketAddr, why: &str) -> SocketAddr {
    if address.ip().is_loopback() {
        return address;
    }
    let local: IpAddr = match address {
        SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    let bound = SocketAddr::new(local, address.port());
    tracing::warn!(configured = %address, listening = %bound, "only this machine can connect: {why}");
    bound
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| StartError::Listen {
            address: address.to_string(),
            source,
        })
}

fn audit(config: &Config, client: &Client) -> Result<Audit, StartError> {
    let file = config.audit.clone().map(AuditFile::new);
    // Better now than before the first drop.
    if let Some(file) = &file {
        file.lock()
            .map_err(|error| StartError::Audit(error.to_string()))?;
    }
    let mut run = [0; 8];
    getrandom::fill(&mut run).map_err(|error| StartError::Audit(error.to_string()))?;
    let context = Context {
        who: Actor::of_process(),
        host: Actor::host(),
        program: concat!("pamctl ", env!("CARGO_PKG_VERSION"), " respond").to_owned(),
        run: lower::encode_string(&run),
        appliance: client.base().to_string(),
        profile: None,
        policy: policy_note(config),
    };
    Audit::start(file, context).map_err(StartError::Start)
}

fn policy_note(config: &Config) -> Option<PolicyNote> {
    let (file, sha256) = config.policy.as_ref()?;
    Some(PolicyNote {
        file: file.display().to_string(),
        sha256: sha256.clone(),
    })
}

/// Forgets what is old, and tells systemd's watchdog that decisions are made.
async fn housekeeping(
    writer: Writer,
    clock: Arc<Clock>,
    retention: Duration,
    alive: Arc<AtomicBool>,
    mut stop: watch::Receiver<bool>,
) {
    let watchdog = sd_notify::watchdog_enabled();
    let every = watchdog
        .map_or(FORGET, |watchdog| watchdog / 2)
        .max(Duration::from_millis(100));
    let mut forgotten = tokio::time::Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        // The engine sets it at every turn, at least every five seconds.
        if watchdog.is_some() && alive.swap(false, Ordering::Relaxed) {
            let _ = sd_notify::notify(&[NotifyState::Watchdog]);
        }
        if forgotten.elapsed() >= FORGET {
            forgotten = tokio::time::Instant::now();
            writer.forget(clock.now().minus(retention)).await;
        }
    }
}
