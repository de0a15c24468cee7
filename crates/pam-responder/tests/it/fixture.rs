//! What the tests stand on: a responder in this process, with real sockets, in front of the mock.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use pam_client::{Authentication, Client, Settings, Trust};
use pam_mock::{MockAppliance, NewSession};
use pam_respond_core::{End, PendingCase, Record};
use pam_responder::control::{self, Answer, Command};
use pam_responder::{Config, Service, SqliteJournal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const RULE: &str = r#"
[[rule]]
name = "dangerous command"
when = "event=12"
match = ["user"]
mode = "armed"
"#;

/// These rules behind each way in.
pub(crate) fn configuration(rules: &str) -> String {
    format!("{LISTENERS}{rules}")
}

const LISTENERS: &str = r#"
journal = "journal.db"
audit = "audit.jsonl"
socket = "control.sock"
halt_file = "halt"
admin = "127.0.0.1:0"
poll = "1s"
[http]
listen = "127.0.0.1:0"
[[webhook]]
name = "siem"
path = "/alerts/siem"
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

pub(crate) struct Bench {
    pub(crate) mock: MockAppliance,
    pub(crate) service: Service,
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn new(rules: &str) -> Self {
        Self::configured(&configuration(rules), |_| {}).await
    }

    /// With a configuration of one's own and the files that it names.
    pub(crate) async fn configured(text: &str, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        write_private(
            &folder.path().join("token"),
            "correct horse\nbattery staple\n",
        );
        let mut mock = MockAppliance::builder();
        for (number, user) in [(1, "alice"), (2, "bob"), (3, "ceo")] {
            mock = mock.session(NewSession {
                user: Some(user.to_owned()),
                device: Some(format!("192.0.2.{number}:22")),
                ..NewSession::default()
            });
        }
        let mock = mock.start().await.unwrap();
        let service = Self::start(&mock, &folder, text).await;
        Self {
            mock,
            service,
            folder,
        }
    }

    pub(crate) async fn start(
        mock: &MockAppliance,
        folder: &tempfile::TempDir,
        text: &str,
    ) -> Service {
        let ca = folder.path().join("ca.pem");
        std::fs::write(&ca, mock.ca_pem().unwrap()).unwrap();
        let authentication = Authentication::OAuth1(mock.oauth1().clone());
        let mut settings = Settings::new(mock.base_url().clone(), authentication);
        settings.trust = Trust::OnlyThese(ca);
        let config = Config::parse(text, folder.path()).unwrap();
        Service::start(config, Client::new(settings).unwrap())
            .await
            .unwrap()
    }

    pub(crate) fn address(&self, name: &str) -> SocketAddr {
        let mut addresses = self.service.addresses.iter();
        addresses.find(|(listener, _)| listener == name).unwrap().1
    }

    pub(crate) async fn http(&self, token: &str, body: &str) -> String {
        let request = format!(
            "POST /alerts/siem HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        exchange(self.address("http"), &request).await
    }

    /// What Prometheus is told.
    pub(crate) async fn metrics(&self) -> String {
        let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        exchange(self.address("admin"), request).await
    }

    pub(crate) fn running(&self) -> Vec<String> {
        let sessions = self.mock.sessions();
        let running = sessions.into_iter().filter(|session| session.active);
        running.map(|session| session.user).collect()
    }

    pub(crate) async fn until_running(&self, expected: &[&str]) {
        until("the sessions that run", async || {
            (self.running() == expected).then_some(())
        })
        .await;
    }

    /// The metrics, as soon as they say this: a sender may hear of a thing before it is counted.
    pub(crate) async fn metrics_saying(&self, expected: &str) -> String {
        until(expected, async || {
            Some(self.metrics().await).filter(|metrics| metrics.contains(expected))
        })
        .await
    }

    pub(crate) async fn tell(&self, command: Command) -> Answer {
        let socket = self.folder.path().join("control.sock");
        control::tell(&socket, &command).await.unwrap()
    }

    /// What waits for a person's word, when something does.
    pub(crate) async fn pending(&self) -> Vec<PendingCase> {
        until("a question", async || {
            match self.tell(Command::Pending).await {
                Answer::Pending(pending) => Some(pending).filter(|pending| !pending.is_empty()),
                _ => None,
            }
        })
        .await
    }

    /// The ends of the cases of an alert, when it has its end.
    pub(crate) async fn ends(&self, alert: u64) -> Vec<End> {
        let path = self.folder.path().join("journal.db");
        until("the alert's end", async || {
            let trace = SqliteJournal::open_to_read(&path).and_then(|j| j.trace(alert));
            let trace = trace.unwrap_or_default();
            let ended = |entry: &pam_respond_core::Entry| {
                matches!(
                    entry.record,
                    Record::Ended { .. } | Record::Unmatched { .. }
                )
            };
            let ends = trace.iter().filter_map(|entry| match &entry.record {
                Record::Closed { report } => Some(report.end),
                _ => None,
            });
            trace.iter().any(ended).then(|| ends.collect())
        })
        .await
    }
}

/// Looks until there is what is waited for.
async fn until<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let wait = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(60), wait).await;
    waited.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

pub(crate) fn write_private(path: &Path, text: &str) {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let file = std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path);
    file.unwrap().write_all(text.as_bytes()).unwrap();
}

pub(crate) async fn exchange(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

pub(crate) fn webhook(id: &str, user: &str) -> String {
    serde_json::json!({"id": id, "event": {"id": "12"}, "rule": {"id": "12"}, "user": user})
        .to_string()
}

pub(crate) fn cef(user: &str) -> String {
    format!("<10>CEF:0|MT4|Segura|4.0|12|Command detected - High|9|suser={user}")
}
