//! A mock with live sessions and a responder in front of it, for as long as a proof runs.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use xshell::cmd;

use super::super::mock::Mock;
use super::super::openssl::Certificate;
use super::super::running::Running;
use super::super::{Bench, free_port};
use crate::error::Error;

/// How long a program may take to start, and an alert to end its session.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a lost alert is waited for.
const AGAIN: Duration = Duration::from_secs(3);

/// What senders show.
pub(super) const BEARER: &str = "alertmanager-bearer";
pub(super) const PATH_TOKEN: &str = "splunk-path-token";
pub(super) const HMAC_KEY: &str = "elastic-hmac-key";

const CONFIG: &str = r#"journal = "journal.db"
audit = "audit.jsonl"
poll = "1s"

[http]
listen = "127.0.0.1:0"

[[webhook]]
name = "alertmanager"
path = "/alertmanager"
preset = "alertmanager"
bearer_file = "bearer"

[[webhook]]
name = "splunk"
path = "/splunk"
preset = "splunk"
path_token_file = "path-token"

[[webhook]]
name = "elastic"
path = "/elastic"
preset = "kibana"
hmac = "github"
hmac_file = "hmac"

[[syslog]]
name = "udp"
transport = "udp"
listen = "127.0.0.1:0"
networks = ["127.0.0.0/8"]

[[syslog]]
name = "tcp"
transport = "tcp"
listen = "127.0.0.1:0"

[[syslog]]
name = "tls"
transport = "tls"
listen = "127.0.0.1:0"
tls_certificate = "tls.pem"
tls_key = "tls.key"

[[rule]]
name = "command of high urgency"
when = "event=12"
match = ["user"]
mode = "armed"

[[rule]]
name = "detection of a SIEM"
when = "source in (alertmanager, splunk, elastic)"
match = ["user"]
mode = "armed"
"#;

/// A running session whose user has no other.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) user: String,
    session_id: String,
}

/// Sessions of people who have no other, beside those that the mock makes up.
fn sessions() -> Value {
    let sessions = ["ana", "bruno", "carla", "davi", "elisa"].map(|user| {
        serde_json::json!({"user": user, "device": "192.0.2.20:22", "protocol": "ssh", "active": true})
    });
    serde_json::json!({ "sessions": sessions })
}

/// The mock, the responder, and where each of its listeners is.
pub(super) struct Scene<'b> {
    bench: &'b Bench<'b>,
    mock: Mock,
    responder: Running,
    log: PathBuf,
    ports: BTreeMap<String, u16>,
    pub(super) folder: PathBuf,
    /// The authority to trust for the TLS listener.
    pub(super) ca: PathBuf,
    targets: Vec<Target>,
}

impl<'b> Scene<'b> {
    /// Starts both. The mock sends its alerts by UDP to this port, when one is given.
    pub(super) fn start(
        bench: &'b Bench<'b>,
        proof: &str,
        siem: Option<u16>,
    ) -> Result<Scene<'b>, Error> {
        let folder = bench.folder(&format!("respond-{proof}"))?;
        let sh = bench.sh;
        for left in [
            "journal.db",
            "journal.db-wal",
            "journal.db-shm",
            "audit.jsonl",
        ] {
            sh.remove_path(folder.join(left))?;
        }
        for (name, secret) in [
            ("bearer", BEARER),
            ("path-token", PATH_TOKEN),
            ("hmac", HMAC_KEY),
        ] {
            private(&folder.join(name), secret)?;
        }
        let tls = Certificate::make(sh, &folder, "tls", "DNS:localhost,IP:127.0.0.1")?;
        private_mode(&tls.key)?;
        sh.write_file(folder.join("responder.toml"), CONFIG)?;

        let state = folder.join("state.json");
        sh.write_file(&state, sessions().to_string())?;
        let state = state.display().to_string();
        let target = siem.map(|port| format!("127.0.0.1:{port}"));
        let mut options = vec!["--state", state.as_str()];
        if let Some(target) = &target {
            options.extend(["--syslog", target.as_str()]);
        }
        let mock = Mock::start(bench, &format!("respond-{proof}"), &options)?;
        let log = folder.join("responder.log");
        let responder = Running::new(
            Command::new(bench.pamctl())
                .args(["respond", "run", "--config"])
                .arg(folder.join("responder.toml"))
                .envs(mock.environment())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(&log).map_err(|error| cannot("responder.log", &error))?)
                .spawn()
                .map_err(|error| cannot("pamctl respond run", &error))?,
        );
        let mut scene = Scene {
            bench,
            mock,
            responder,
            log,
            ports: BTreeMap::new(),
            folder,
            ca: tls.certificate,
            targets: Vec::new(),
        };
        scene.wait_until_ready()?;
        scene.targets = scene.alone()?;
        Ok(scene)
    }

    fn wait_until_ready(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        while self.ports.len() < 4 {
            for line in self.said().lines() {
                if let Some((name, address)) = line.split_once(" listens on ")
                    && let Some(port) = address
                        .rsplit(':')
                        .next()
                        .and_then(|p| p.trim().parse().ok())
                {
                    let name = name.rsplit(' ').next().unwrap_or(name);
                    self.ports.insert(name.to_owned(), port);
                }
            }
            if self.responder.ended().is_some() || began.elapsed() > PATIENCE {
                return Err(self.failed("the responder does not listen"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn said(&self) -> String {
        self.bench.sh.read_file(&self.log).unwrap_or_default()
    }

    fn failed(&self, what: &str) -> Error {
        Error::new(format!("{what}; it says: {}", self.said().trim()))
    }

    /// The port of a listener: `http`, `udp`, `tcp` or `tls`.
    pub(super) fn port(&self, listener: &str) -> u16 {
        self.ports.get(listener).copied().unwrap_or_default()
    }

    /// The next session that nothing was done about.
    pub(super) fn target(&mut self) -> Result<Target, Error> {
        self.targets
            .pop()
            .ok_or_else(|| Error::new("no session is left to end"))
    }

    /// Has the appliance tell of a dangerous command in this session.
    fn raise(&self, target: &Target) -> Result<(), Error> {
        let alert = serde_json::json!({
            "alert": "command-high",
            "session_id": target.session_id,
            "command": "rm -rf /",
        });
        let (ca, url) = (self.mock.ca_file(), self.mock.base_url());
        let (sh, alert) = (self.bench.sh, alert.to_string());
        cmd!(
            sh,
            "curl --silent --show-error --fail --max-time 30 --cacert {ca} --data {alert} {url}/_mock/alerts"
        )
        .quiet()
        .ignore_stdout()
        .run()?;
        Ok(())
    }

    /// Waits until this session has ended, and holds that no other has.
    pub(super) fn ends(&self, target: &Target, by: &str) -> Result<(), Error> {
        self.ends_after(target, by, || Ok(()))
    }

    /// The same for alerts by datagrams through a program that may not listen yet: what is lost is
    /// told again, as the next dangerous command would be.
    pub(super) fn ends_when_told(&self, target: &Target, by: &str) -> Result<(), Error> {
        let mut told = None;
        self.ends_after(target, by, || {
            if told.is_none_or(|at: Instant| at.elapsed() > AGAIN) {
                told = Some(Instant::now());
                self.raise(target)?;
            }
            Ok(())
        })
    }

    fn ends_after(
        &self,
        target: &Target,
        by: &str,
        mut meanwhile: impl FnMut() -> Result<(), Error>,
    ) -> Result<(), Error> {
        let before = self.running()?;
        let began = Instant::now();
        loop {
            meanwhile()?;
            let running = self.running()?;
            let others = |ids: &[Target]| -> Vec<String> {
                let others = ids.iter().filter(|one| one.session_id != target.session_id);
                others.map(|one| one.session_id.clone()).collect()
            };
            if others(&running) != others(&before) {
                return Err(self.failed(&format!("{by} ended another session")));
            }
            if !running
                .iter()
                .any(|one| one.session_id == target.session_id)
            {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let user = &target.user;
                return Err(self.failed(&format!("{by} did not end the session of {user}")));
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// What truly runs on the mock.
    fn running(&self) -> Result<Vec<Target>, Error> {
        let (ca, url) = (self.mock.ca_file(), self.mock.base_url());
        let sh = self.bench.sh;
        let text = cmd!(
            sh,
            "curl --silent --show-error --fail --max-time 30 --cacert {ca} {url}/_mock/sessions"
        )
        .quiet()
        .read()?;
        let truth: Value = serde_json::from_str(&text).map_err(|source| Error::Json {
            what: "/_mock/sessions".into(),
            source,
        })?;
        let sessions = truth["sessions"].as_array().into_iter().flatten();
        let running = sessions.filter(|session| session["active"] == true);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Ok(running
            .map(|session| Target {
                user: text(&session["user"]),
                session_id: text(&session["session_id"]),
            })
            .collect())
    }

    /// The running sessions whose users have no other.
    fn alone(&self) -> Result<Vec<Target>, Error> {
        let running = self.running()?;
        let alone =
            |target: &&Target| running.iter().filter(|o| o.user == target.user).count() == 1;
        Ok(running.iter().filter(alone).cloned().collect())
    }
}

/// Starts a program of somebody else's with its words in a file, and waits until it takes
/// connections on this port, when it is to take some.
pub(super) fn start(
    command: &mut Command,
    log: &Path,
    tcp_port: Option<u16>,
) -> Result<Running, Error> {
    let name = command.get_program().to_string_lossy().into_owned();
    let out = File::create(log).map_err(|error| cannot(&name, &error))?;
    let err = out.try_clone().map_err(|error| cannot(&name, &error))?;
    let child = command
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .spawn()
        .map_err(|error| cannot(&name, &error))?;
    let mut running = Running::new(child);
    let began = Instant::now();
    while let Some(port) = tcp_port
        && std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
    {
        if running.ended().is_some() || began.elapsed() > PATIENCE {
            let said = fs::read_to_string(log).unwrap_or_default();
            return Err(Error::new(format!(
                "{name} does not listen: {}",
                said.trim()
            )));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(running)
}

/// A port for a program that can't choose one itself.
pub(super) fn port() -> Result<u16, Error> {
    free_port().map_err(|error| cannot("a free port", &error))
}

fn private(path: &Path, secret: &str) -> Result<(), Error> {
    let written = File::create(path).and_then(|mut file| writeln!(file, "{secret}"));
    written.map_err(|error| cannot(&path.display().to_string(), &error))?;
    private_mode(path)
}

fn private_mode(path: &Path) -> Result<(), Error> {
    fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(|error| cannot(&path.display().to_string(), &error))
}

fn cannot(what: &str, error: &std::io::Error) -> Error {
    Error::new(format!("{what}: {error}"))
}
