//! `pamctl demo`: the whole job on a fresh machine, against a mock in this very process.

use std::io::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand};
use http::header::AUTHORIZATION;
use http::request::Parts;
use pam_client::{Authentication, Client, Observer, Settings, Trust};
use pam_mock::MockAppliance;
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Outcome, Report, Target};
use pam_proto::{GetSession, Session};

use super::demo_respond::DemoRespond;
use crate::cli::Telling;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::told;
use crate::narrator::Narrator;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::Stdout;
use crate::progress::Progress;
use crate::quantity::spoken;

const HEADING: Style = AnsiColor::Cyan.on_default().bold();
const REQUEST: Style = Style::new().dimmed();
const PROVEN: Style = AnsiColor::Green.on_default().bold();

/// Show the whole job without an appliance: list, terminate, prove
///
/// Starts a stand-in appliance in this process, lists the active sessions, terminates one and
/// proves that it is gone. Each signed request is shown as it is sent. Exits with 0 only when
/// the end was proven.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  pamctl demo
  pamctl demo respond"
)]
pub(crate) struct Demo {
    /// What the made-up sessions come from
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    #[command(subcommand)]
    other: Option<Other>,
}

/// Other things to show.
#[derive(Debug, Subcommand)]
enum Other {
    Respond(DemoRespond),
}

impl Demo {
    pub(crate) fn run(self, telling: Telling) -> Result<Exit, Failure> {
        if let Some(Other::Respond(demo)) = self.other {
            return demo.run();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.map_err(|error| failed(&format!("can't start: {error}")))?;
        runtime.block_on(show(self.seed, telling))
    }
}

pub(crate) fn failed(line: &str) -> Failure {
    Failure::new(Exit::Failed, line)
}

/// Shows each request as it is sent, its signature included: a signature is no secret, and these
/// keys live no longer than this process.
struct Shown(Narrator);

impl Observer for Shown {
    fn request_sent(&self, request: &Parts) {
        let mut text = format!(
            "   {REQUEST}> {} {} HTTP/1.1\n",
            request.method,
            request.uri.path()
        );
        let authorization = request
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let authorization = authorization
            .unwrap_or_default()
            .replace(", ", ",\n   >     ");
        text.push_str(&format!("   > Authorization: {authorization}"));
        say(&format!("{text}{REQUEST:#}"));
    }

    fn notice(&self, notice: &pam_client::Notice) {
        self.0.notice(notice);
    }
}

/// Prints a line with its colours; nobody has to be left to read it.
pub(crate) fn say(line: &str) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

pub(crate) fn step(number: u8, what: &str) {
    say(&format!("\n{HEADING}{number}. {}{HEADING:#}", told(what)));
}

async fn show(seed: u64, telling: Telling) -> Result<Exit, Failure> {
    let mock = MockAppliance::builder()
        .sessions(12, 4)
        .seed(seed)
        .start()
        .await;
    let mock = mock.map_err(|error| failed(&error.to_string()))?;
    let cannot = |error| failed(&format!("can't write the CA file: {error}"));
    let folder = tempfile::Builder::new()
        .prefix("pamctl-demo-")
        .tempdir()
        .map_err(cannot)?;
    let files = mock
        .write_tls_files(folder.path().join("mock"))
        .map_err(cannot)?;
    let files = files.ok_or_else(|| failed("the stand-in appliance speaks no TLS"))?;

    let credentials = Authentication::OAuth1(mock.oauth1().clone());
    let mut settings = Settings::new(mock.base_url().clone(), credentials);
    settings.trust = Trust::OnlyThese(files.ca);
    settings.observer = Some(Arc::new(Shown(Narrator::new(
        telling.verbose,
        &Progress::none(),
    ))));
    let client = Client::new(settings)?;
    say(&told(&format!(
        "A stand-in appliance runs in this process at {}.",
        mock.base_url()
    )));

    step(1, "List the active sessions");
    let before = active(&client).await?;
    let [victim, ..] = &before[..] else {
        return Err(failed("no session runs"));
    };

    step(
        2,
        &format!(
            "Terminate session {} ({} on {})",
            victim.id, victim.user, victim.device
        ),
    );
    let target = Target::seen(victim.clone());
    let reports = client
        .terminate([target], Limits::default(), &(), std::future::pending())
        .await;
    let [report] = &reports[..] else {
        return Err(failed("the termination has no report"));
    };
    say(&told(&format!(
        "   {} after {}: {}",
        report.outcome,
        spoken(report.elapsed),
        report.message
    )));

    step(3, "List the active sessions again");
    let after = active(&client).await?;

    step(4, "Read the record of the session");
    let record = client.call(&GetSession::new(victim.id)).await?;
    let ended = record.ended_at.as_deref().unwrap_or("never");
    say(&told(&format!(
        "   session {}: started {}, ended {}",
        record.id, record.started_at, ended
    )));
    mock.shutdown().await;
    proven(report, victim, &after, &record)
}

fn proven(
    report: &Report,
    victim: &Session,
    after: &[Session],
    record: &Session,
) -> Result<Exit, Failure> {
    let gone = after.iter().all(|session| session.id != victim.id);
    if report.outcome != Outcome::Terminated || !gone || record.is_active() {
        return Err(failed("the end of the session is not proven"));
    }
    say_proven(&format!(
        "session {} runs no more, and {} others still do.",
        victim.id,
        after.len()
    ));
    Ok(Exit::Done)
}

/// The last line of a demonstration.
pub(crate) fn say_proven(what: &str) {
    let (proven, what) = (told("Proven:"), told(what));
    say(&format!("\n{PROVEN}{proven}{PROVEN:#} {what}"));
}

/// Lists the active sessions and prints them.
async fn active(client: &Client) -> Result<Vec<Session>, Failure> {
    let mut sessions = Vec::new();
    client
        .list(&Filter::new().active(), |record| {
            sessions.push(record.to_session());
            ControlFlow::Continue(())
        })
        .await?;
    let columns = ["   ID", "USER", "DEVICE", "PROTOCOL", "SESSION_ID"];
    let columns = columns.map(|title| Column {
        title,
        fit: Fit::Whole,
    });
    let mut text = Vec::new();
    let mut table = Columns::new(&mut text, &columns, Stdout::room());
    for session in &sessions {
        let id = format!("   {}", session.id);
        let session_id = session.session_id.as_ref().map_or("", |id| id.as_str());
        let cells = [
            &id,
            &session.user,
            &session.device,
            &session.protocol,
            session_id,
        ];
        table.row(cells)?;
    }
    table.finish()?;
    say(String::from_utf8_lossy(&text).trim_end());
    Ok(sessions)
}
