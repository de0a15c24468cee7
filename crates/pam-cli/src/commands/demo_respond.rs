//! `pamctl demo respond`: from an alert to a session proven ended, in this very process.

use std::time::{Duration, Instant};

use clap::Args;
use pam_client::{Authentication, Client, Settings, Trust};
use pam_mock::{AlertKind, MockAppliance, Syslog, SyslogTransport};
use pam_responder::core::{Entry, Record};
use pam_responder::{Config, Service, SqliteJournal};

use super::demo::{failed, say, say_proven, step};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::told;

/// How long the whole may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Show an alert end a session: the stand-in appliance tells, the responder acts
///
/// Starts a stand-in appliance and a responder in this process. The appliance reports a dangerous
/// command in one of its sessions over syslog; the responder finds that session, ends it and
/// proves it. Exits with 0 only when that session, and no other, ended.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl demo respond")]
pub(crate) struct DemoRespond {
    /// What the made-up sessions come from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

impl DemoRespond {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| failed(&format!("can't start: {error}")))?;
        let shown = runtime.block_on(async {
            let shown = tokio::time::timeout(PATIENCE, show(self.seed)).await;
            shown.map_err(|_| failed("the session was not ended in ten seconds"))?
        });
        runtime.shutdown_background();
        shown
    }
}

const RULE: &str = r#"
[[rule]]
name = "dangerous command"
when = "event=12"
match = ["user"]
mode = "armed"
reason = "dangerous command in a privileged session"
"#;

async fn show(seed: u64) -> Result<Exit, Failure> {
    let cannot = |error: std::io::Error| failed(&error.to_string());
    let folder = tempfile::Builder::new()
        .prefix("pamctl-demo-")
        .tempdir()
        .map_err(cannot)?;
    // The appliance must know where to report before the responder knows where it is.
    let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
    let port = port.map_err(cannot)?.port();
    let mut syslog =
        Syslog::new(format!("127.0.0.1:{port}")).map_err(|e| failed(&e.to_string()))?;
    syslog.transport = SyslogTransport::Tcp;
    let mock = MockAppliance::builder()
        .sessions(12, 4)
        .seed(seed)
        .syslog(syslog)
        .start()
        .await;
    let mock = mock.map_err(|error| failed(&error.to_string()))?;
    let files = mock
        .write_tls_files(folder.path().join("mock"))
        .map_err(cannot)?;
    let files = files.ok_or_else(|| failed("the stand-in appliance speaks no TLS"))?;

    let text = format!(
        "journal = \"journal.db\"\naudit = \"audit.jsonl\"\npoll = \"1s\"\n{RULE}\
         [[syslog]]\nname = \"vault\"\ntransport = \"tcp\"\nlisten = \"127.0.0.1:{port}\"\n"
    );
    let config = Config::parse(&text, folder.path()).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        failed(&lines.join("; "))
    })?;
    let credentials = Authentication::OAuth1(mock.oauth1().clone());
    let mut settings = Settings::new(mock.base_url().clone(), credentials);
    settings.trust = Trust::OnlyThese(files.ca);
    let service = Service::start(config, Client::new(settings)?).await;
    let service = service.map_err(|error| failed(&error.to_string()))?;
    say(&told(
        "A stand-in appliance and a responder run in this process; one rule is armed:",
    ));
    say(&format!("   {}", RULE.trim().replace('\n', "\n   ")));

    let before = mock.sessions();
    let running = |session: &&pam_mock::SessionTruth| session.active;
    // One whose user has no other, as this alert names nothing but its user.
    let alone = before.iter().filter(running).find(|session| {
        before
            .iter()
            .filter(running)
            .filter(|other| other.user == session.user)
            .count()
            == 1
    });
    let victim = alone.ok_or_else(|| failed("no user has one session; try another --seed"))?;
    step(
        1,
        &format!(
            "The appliance reports a dangerous command of {} (session {} on {})",
            victim.user, victim.id, victim.device
        ),
    );
    let began = Instant::now();
    if !mock.raise_alert(
        AlertKind::CommandHigh,
        victim.session_id.as_str(),
        "rm -rf /",
    ) {
        return Err(failed("the appliance has no such session"));
    }

    step(2, "The responder decides");
    let trace = trace(&folder.path().join("journal.db")).await;
    for entry in &trace {
        for line in entry.record.to_string().lines() {
            say(&format!("   {line}"));
        }
    }
    let took = began.elapsed().as_millis();
    service.shutdown().await;
    let after = mock.sessions();
    let ended: Vec<_> = before
        .iter()
        .filter(running)
        .filter(|session| after.iter().any(|now| now.id == session.id && !now.active))
        .map(|session| session.id.as_str())
        .collect();
    mock.shutdown().await;
    let proven = trace
        .iter()
        .any(|entry| matches!(&entry.record, Record::Outcome { end, .. } if end.is_proven()));
    if !proven || ended != [victim.id.as_str()] {
        return Err(failed(
            "the end of the session, and of no other, is not proven",
        ));
    }
    let others = after.iter().filter(running).count();
    say_proven(&format!(
        "session {} runs no more {took} ms after the alert, and {others} others still do.",
        victim.id
    ));
    Ok(Exit::Done)
}

/// The first alert's facts, when it has its end.
async fn trace(journal: &std::path::Path) -> Vec<Entry> {
    loop {
        let read = SqliteJournal::open_to_read(journal).and_then(|journal| journal.trace(1));
        let trace = read.unwrap_or_default();
        let is_end = |entry: &Entry| {
            matches!(
                entry.record,
                Record::Ended { .. } | Record::Unmatched { .. }
            )
        };
        if trace.iter().any(is_end) {
            return trace;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
