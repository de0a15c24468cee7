//! `pamctl doctor`: what stands in the way, and what to do about it.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::language::told;
use crate::online::Online;
use crate::output::printable::printable;
use crate::output::stderr;
use crate::output::stdout::Stdout;
use crate::progress::Progress;

mod calls;
mod chain;
mod way;

use chain::Link;

/// Check the way to the appliance and the authorization, and name the fix for what fails
///
/// Settings, name, TCP, TLS with the chain of certificates, clock, authentication, restrictions,
/// route family, right to list, right to terminate, expiry of the token. Checks that can't be
/// made because an earlier one failed are left out. No session is terminated: the right to do so
/// is tried with an id that no session can have; --no-drop-probe leaves that out.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl doctor
  pamctl doctor --profile prod -o json | jq '.checks[] | select(.status != \"ok\")'

The exit code is that of the first check that failed; a warning fails nothing.")]
pub(crate) struct Doctor {
    /// Don't try the right to terminate
    #[arg(long)]
    no_drop_probe: bool,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// One object: {"ok","checks":[{"name","status","message","fix","details"}],"chain"}
    Json,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    Warning,
    Failed,
}

/// One line of the diagnosis.
#[derive(Debug, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    message: String,
    /// What to do; always there when it did not end well.
    fix: Option<String>,
    details: Vec<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Check {
    fn ok(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            status: Status::Ok,
            message: message.into(),
            fix: None,
            details: Vec::new(),
            exit: Exit::Done,
        }
    }

    fn warning(name: &'static str, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            status: Status::Warning,
            fix: Some(fix.into()),
            ..Self::ok(name, message)
        }
    }

    fn failed(
        name: &'static str,
        exit: Exit,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            status: Status::Failed,
            exit,
            ..Self::warning(name, message, fix)
        }
    }

    fn with(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

/// What was found out.
#[derive(Debug, Default, Serialize)]
struct Diagnosis {
    checks: Vec<Check>,
    /// The certificates that the appliance presented, its own first.
    chain: Vec<Link>,
}

impl Diagnosis {
    /// Adds a check; `false` when nothing that builds on it can be checked.
    fn add(&mut self, check: Check) -> bool {
        let passed = check.status != Status::Failed;
        self.checks.push(check);
        passed
    }

    fn exit(&self) -> Exit {
        let failed = |check: &&Check| check.status == Status::Failed;
        self.checks
            .iter()
            .find(failed)
            .map_or(Exit::Done, |check| check.exit)
    }
}

#[derive(Serialize)]
struct Told<'a> {
    ok: bool,
    #[serde(flatten)]
    diagnosis: &'a Diagnosis,
}

impl Doctor {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let mut diagnosis = Diagnosis::default();
        if let Some(failure) = examine(&mut diagnosis, online, !self.no_drop_probe) {
            return Err(failure);
        }
        let exit = diagnosis.exit();
        match self.output {
            Format::Json => Stdout::json(&Told {
                ok: exit == Exit::Done,
                diagnosis: &diagnosis,
            })?,
            Format::Text => text(&diagnosis)?,
        }
        if exit != Exit::Done {
            let count = |status| {
                let checks = diagnosis.checks.iter();
                checks.filter(|check| check.status == status).count()
            };
            stderr::error(format!(
                "{} of {} checks failed; the fix stands below each",
                count(Status::Failed),
                diagnosis.checks.len()
            ));
        }
        Ok(exit)
    }
}

/// Makes the checks in their order, until one fails that the others build on. Gives a failure
/// that is none of them: Ctrl-C.
fn examine(diagnosis: &mut Diagnosis, online: &Online, probe_drop: bool) -> Option<Failure> {
    // The files that the settings name are looked at by the client.
    let usable = online.client(&Progress::none());
    let settings = match usable.and_then(|_| online.settings()) {
        Ok(settings) => settings,
        Err(failure) => {
            diagnosis.add(way::unsettled(&failure));
            return None;
        }
    };
    diagnosis.add(way::settled(settings, online.profile_name()));
    let examined = online.run("checking", async |client, _| {
        let Some(ends) = way::walk(diagnosis, settings).await else {
            return Ok(());
        };
        calls::make(diagnosis, client, settings, ends, probe_drop).await;
        Ok(())
    });
    examined.err()
}

const GOOD: Style = AnsiColor::Green.on_default();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

fn text(diagnosis: &Diagnosis) -> std::io::Result<()> {
    let mut text = String::new();
    for check in &diagnosis.checks {
        let (style, status) = match check.status {
            Status::Ok => (GOOD, told("ok")),
            Status::Warning => (DOUBTFUL, told("warning")),
            Status::Failed => (BAD, told("failed")),
        };
        let line = |lead: &str, name: &str, what: &str| {
            format!("{lead}{name:<15}  {}\n", printable(&told(what)))
        };
        text += &line(
            &format!("{style}{status:<7}{style:#}  "),
            check.name,
            &check.message,
        );
        if let Some(fix) = &check.fix {
            text += &line("         ", &format!("  {}", told("fix")), fix);
        }
        for detail in &check.details {
            text += &line("         ", "", detail);
        }
    }
    let mut out = anstream::AutoStream::new(Vec::new(), choice());
    out.write_all(text.as_bytes())?;
    let mut stdout = Stdout::open();
    stdout.write_all(&out.into_inner())?;
    stdout.flush()
}

/// Whether standard output takes colours; what is written goes through our own buffer first.
fn choice() -> anstream::ColorChoice {
    anstream::AutoStream::choice(&std::io::stdout())
}
