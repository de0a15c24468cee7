//! What is said of each session: the one form for what was done and for what would be.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::ValueEnum;
use pam_proto::termination::{Appliance, Outcome, Report};
use pam_proto::{Session, SessionId, SessionNumber, SessionRef};
use serde::Serialize;

use super::verdict;
use crate::language;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stdout::{self, Stdout};
use crate::quantity;

/// The form of what is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for a person; not stable
    #[default]
    Table,
    /// One array with an object for each session
    Json,
    /// One object a line, as soon as its session is done
    Ndjson,
}

/// Why, as it stands beside each session.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Why<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ticket: Option<&'a str>,
}

/// One session, as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    session_id: Option<&'a SessionId>,
    id: Option<SessionNumber>,
    pub(super) outcome: Outcome,
    verified: bool,
    attempts: u32,
    elapsed_ms: u64,
    message: &'a str,
    appliance: &'a Appliance,
    dry_run: bool,
    #[serde(flatten)]
    why: Why<'a>,
}

/// The appliance was asked to end nothing.
const UNASKED: &Appliance = &Appliance {
    http_status: None,
    error_code: None,
    exception_code: None,
    message: None,
};

impl<'a> Told<'a> {
    pub(crate) fn of(report: &'a Report, why: Why<'a>) -> Self {
        Self {
            session_id: report.session_id.as_ref(),
            id: report.id,
            outcome: report.outcome,
            verified: report.outcome.is_verified(),
            attempts: report.attempts,
            elapsed_ms: u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            message: &report.message,
            appliance: &report.appliance,
            dry_run: false,
            why,
        }
    }

    /// What a dry run found of a session; `stands` says what would be done, or what stands in
    /// the way.
    pub(super) fn seen(session: &'a Session, stands: &'a str, why: Why<'a>) -> Self {
        let runs = session.is_active();
        Self {
            session_id: session.session_id.as_ref(),
            id: Some(session.id),
            outcome: if runs {
                Outcome::StillActive
            } else {
                Outcome::AlreadyEnded
            },
            verified: !runs,
            message: if runs {
                stands
            } else {
                "the session has ended"
            },
            ..Self::nothing(why)
        }
    }

    /// What a dry run found of a name: nothing.
    pub(super) fn unseen(name: &'a SessionRef, why: Why<'a>) -> Self {
        let (session_id, id) = match name {
            SessionRef::Id(id) => (Some(id), None),
            SessionRef::Number(number) => (None, Some(*number)),
        };
        Self {
            session_id,
            id,
            ..Self::nothing(why)
        }
    }

    fn nothing(why: Why<'a>) -> Self {
        Self {
            session_id: None,
            id: None,
            outcome: Outcome::NotFound,
            verified: false,
            attempts: 0,
            elapsed_ms: 0,
            message: "no such session is visible to this authorization",
            appliance: UNASKED,
            dry_run: true,
            why,
        }
    }

    fn name(&self) -> String {
        let id = self.session_id.map(ToString::to_string);
        id.or(self.id.map(|id| id.to_string())).unwrap_or_default()
    }
}

/// Writes all of them in a form.
pub(super) fn write(format: Format, told: &[Told<'_>]) -> io::Result<()> {
    match format {
        Format::Ndjson => {
            let mut out = Stdout::open();
            told.iter()
                .try_for_each(|told| stdout::json_line(&mut out, told))?;
            out.flush()
        }
        Format::Json => json(told),
        Format::Table => table(told.iter().map(|told| (told.name(), told))),
    }
}

fn json(told: &[Told<'_>]) -> io::Result<()> {
    let mut out = Stdout::open();
    for (index, told) in told.iter().enumerate() {
        out.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
        stdout::json(&mut out, told)?;
    }
    out.write_all(if told.is_empty() { b"[]\n" } else { b"\n]\n" })?;
    out.flush()
}

fn table<'a>(rows: impl Iterator<Item = (String, &'a Told<'a>)>) -> io::Result<()> {
    let columns = ["SESSION", "OUTCOME", "TIME", "WHY"].map(|title| Column {
        title,
        fit: Fit::Whole,
    });
    let mut table = Columns::new(Stdout::open(), &columns, Stdout::room());
    for (name, told) in rows {
        let took = quantity::spoken(Duration::from_millis(told.elapsed_ms));
        let why = language::told(told.message);
        table.row([name.as_str(), told.outcome.name(), &took, &why])?;
    }
    table.finish()
}

/// Writes each report in its form: at once where each has a line of its own.
pub(super) struct Teller<'a> {
    format: Format,
    why: Why<'a>,
    lines: Mutex<(Stdout, io::Result<()>)>,
}

impl<'a> Teller<'a> {
    pub(super) fn new(format: Format, why: Why<'a>) -> Self {
        Self {
            format,
            why,
            lines: Mutex::new((Stdout::open(), Ok(()))),
        }
    }

    /// A session is done.
    pub(super) fn told(&self, report: &Report) {
        if self.format != Format::Ndjson {
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (out, written) = &mut *lines;
        if written.is_ok() {
            let told = Told::of(report, self.why);
            *written = stdout::json_line(out, &told).and_then(|()| out.flush());
        }
    }

    /// Writes what was not written yet, in the order in which the sessions were named.
    pub(super) fn finish(self, order: &[SessionRef], reports: &[Report]) -> io::Result<()> {
        // A session that was named twice stands where it was named first.
        let places = order.iter().enumerate().rev();
        let places: BTreeMap<_, _> = places.map(|(place, session)| (session, place)).collect();
        let place = |report: &Report| {
            let named = report.targets.iter();
            named.filter_map(|session| places.get(session)).min()
        };
        let mut ordered: Vec<&Report> = reports.iter().collect();
        ordered.sort_by_cached_key(|report| place(report));
        let told = ordered.iter().map(|report| Told::of(report, self.why));
        let told: Vec<Told<'_>> = told.collect();
        match self.format {
            Format::Ndjson => {
                let lines = self.lines.into_inner();
                lines.unwrap_or_else(PoisonError::into_inner).1
            }
            Format::Json => json(&told),
            Format::Table => {
                let names = ordered.iter().map(|report| verdict::name(report));
                table(names.zip(&told))
            }
        }
    }
}
