//! `pamctl respond run` in a process of its own, with its mock, and what it left in its journal.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::mock::Mock;
use crate::process;

/// What senders over HTTP show.
pub(crate) const TOKEN: &str = "correct-horse-battery-staple";

/// Its listeners, on whatever ports are free. Loopback is where it listens.
const CONFIG: &str = r#"
journal = "journal.db"
audit = "audit.jsonl"
admin = "127.0.0.1:0"
[http]
listen = "127.0.0.1:0"
max_per_second = 1000000
[[webhook]]
name = "siem"
path = "/siem"
preset = "json"
bearer_file = "token"
[[syslog]]
name = "tcp"
transport = "tcp"
listen = "127.0.0.1:0"
[[syslog]]
name = "udp"
transport = "udp"
listen = "127.0.0.1:0"
networks = ["127.0.0.0/8"]
"#;

/// How long to wait for what must come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A responder. It is killed when this is dropped.
pub(crate) struct Responder {
    process: Child,
    folder: TempDir,
    pub(crate) http: SocketAddr,
    pub(crate) tcp: SocketAddr,
    pub(crate) udp: SocketAddr,
    admin: SocketAddr,
}

impl Responder {
    /// Starts it in a folder of its own below `place`.
    pub(crate) fn start(mock: &Mock, rules: &str, place: &Path) -> io::Result<Self> {
        let folder = TempDir::with_prefix_in("responder-", place)?;
        let token = folder.path().join("token");
        let mut options = fs::OpenOptions::new();
        let options = options.write(true).create_new(true).mode(0o600);
        options.open(token)?.write_all(TOKEN.as_bytes())?;
        let config = folder.path().join("responder.toml");
        fs::write(&config, format!("{CONFIG}{rules}"))?;
        let log = fs::File::create(folder.path().join("log"))?;
        let mut command = mock.pamctl()?;
        command.args(["respond", "run", "--config"]).arg(config);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let process = command.stderr(log).spawn()?;
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut responder = Self {
            process,
            folder,
            http: nowhere,
            tcp: nowhere,
            udp: nowhere,
            admin: nowhere,
        };
        responder.find()?;
        Ok(responder)
    }

    /// Waits until it says where it listens.
    fn find(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let log = fs::read_to_string(self.folder.path().join("log"))?;
            let address = |name: &str| {
                let said = log.lines().find_map(|line| {
                    let (before, address) = line.split_once(" listens on ")?;
                    before
                        .ends_with(name)
                        .then(|| address.trim().parse().ok())?
                });
                said.ok_or_else(|| io::Error::other(format!("{name} does not listen: {log}")))
            };
            match (
                address("http"),
                address("tcp"),
                address("udp"),
                address("admin"),
            ) {
                (Ok(http), Ok(tcp), Ok(udp), Ok(admin)) => {
                    (self.http, self.tcp, self.udp, self.admin) = (http, tcp, udp, admin);
                    return Ok(());
                }
                (Err(error), ..) if begun.elapsed() > PATIENCE => return Err(error),
                _ => {}
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!(
                    "pamctl respond ended ({status}): {log}"
                )));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// A count of its metrics, over all labels that contain this text.
    pub(crate) fn metric(&self, name: &str, label: &str) -> io::Result<u64> {
        let mut connection = TcpStream::connect(self.admin)?;
        connection.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut text = String::new();
        connection.read_to_string(&mut text)?;
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("pam_responder_")?.strip_prefix(name)?;
            let (labels, value) = rest.rsplit_once(' ')?;
            labels.contains(label).then(|| value.parse::<u64>().ok())?
        });
        Ok(values.sum())
    }

    /// Waits until a count is reached, or is so far beyond that it never will be.
    pub(crate) fn until(&self, enough: impl Fn(&Self) -> io::Result<bool>) -> io::Result<()> {
        let begun = Instant::now();
        while !enough(self)? {
            if begun.elapsed() > PATIENCE {
                let log = fs::read_to_string(self.folder.path().join("log"))?;
                let end = log.len().saturating_sub(2_000);
                let end = log.get(end..).unwrap_or_default();
                return Err(io::Error::other(format!("nothing more happens: {end}")));
            }
            thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The most memory that it held until now, in MiB.
    pub(crate) fn peak(&self) -> io::Result<f64> {
        Ok(self.status("VmHWM:")? / 1_024.0)
    }

    /// The seconds of processor time that it took until now.
    pub(crate) fn processor_time(&self) -> io::Result<f64> {
        let [user, kernel] = process::processor_time(self.process.id())?;
        Ok(user + kernel)
    }

    fn status(&self, name: &str) -> io::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let value = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        value.ok_or_else(|| io::Error::other(format!("no {name} in the process's status")))
    }

    /// Kills it, so that only what is durable is left, and counts the alerts in its journal.
    pub(crate) fn kill_and_count(mut self) -> io::Result<u64> {
        self.process.kill()?;
        self.process.wait()?;
        let journal = Connection::open(self.folder.path().join("journal.db"));
        let count = journal.and_then(|journal| {
            journal.query_row("SELECT count(*) FROM alerts", [], |row| {
                row.get::<_, i64>(0)
            })
        });
        Ok(count.map_err(io::Error::other)?.unsigned_abs())
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
