//! `pamctl audit list`: what was decided and what became of it.

use std::io::Write;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pam_audit::Record;

use super::in_use;
use crate::appliance_time::When;
use crate::config::Selection;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::AuditOption;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stderr;
use crate::output::stdout::{self, Stdout};

/// List what was decided: each drop before it was sent, each refusal, each outcome
///
/// Times are in UTC. The records are not verified; `audit verify` does that.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl audit list --since 24h
  pamctl audit list --since 2024-05-06T00:00:00Z -o json | jq '.[] | select(.event==\"refused\")'")]
pub(super) struct List {
    #[command(flatten)]
    audit: AuditOption,
    /// Only what was recorded since then: so long ago, such as `2h`, or a time, of this machine's
    /// clock or with a `Z` in UTC
    #[arg(long, value_name = "TIME")]
    since: Option<When>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Columns for a person; not stable
    Table,
    /// One array with all records whole
    Json,
}

impl List {
    pub(super) fn run(self, selection: &Selection) -> Result<Exit, Failure> {
        let file = in_use(&self.audit, selection)?;
        let zone = TimeZone::system();
        let since = self.since.map(|when| when.instant(&zone, Timestamp::now()));
        let found = file
            .since(since.unwrap_or(Timestamp::MIN))
            .map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
        match self.output {
            Format::Json => {
                let mut out = Stdout::open();
                for (index, record) in found.records.iter().enumerate() {
                    out.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
                    stdout::json(&mut out, &record.fields)?;
                }
                let empty = found.records.is_empty();
                out.write_all(if empty { b"[]\n" } else { b"\n]\n" })?;
                out.flush()?;
            }
            Format::Table => table(&found.records)?,
        }
        if found.records.is_empty() && !file.path().exists() {
            stderr::note(format!(
                "there is no {}; nothing was recorded there yet",
                file.path().display()
            ));
        }
        if found.unreadable > 0 {
            stderr::warning(format!(
                "{} lines are no records; `pamctl audit verify` says where",
                found.unreadable
            ));
        }
        Ok(Exit::Done)
    }
}

fn table(records: &[Record]) -> Result<(), Failure> {
    let columns = [
        ("TIME", Fit::Whole),
        ("EVENT", Fit::Whole),
        ("OUTCOME", Fit::Whole),
        ("WHO", Fit::Optional(1)),
        ("ID", Fit::Whole),
        ("USER", Fit::Optional(0)),
        ("DEVICE", Fit::Optional(2)),
        ("WHY", Fit::Optional(3)),
        ("TICKET", Fit::Optional(4)),
        ("SESSION_ID", Fit::Optional(5)),
        ("MESSAGE", Fit::Optional(6)),
    ];
    let columns = columns.map(|(title, fit)| Column { title, fit });
    let mut table = Columns::new(Stdout::open(), &columns, Stdout::room());
    for record in records {
        let text = |key| record.text(key).unwrap_or_default();
        let within = |object: &str, key: &str| {
            let object = record.fields.get(object);
            let value = object.and_then(|object| object.get(key));
            value.and_then(|value| value.as_str()).unwrap_or_default()
        };
        let who = match (within("who", "user"), within("who", "sudo_user")) {
            (user, "") => user.to_owned(),
            (user, sudo) => format!("{user} ({sudo})"),
        };
        table.row([
            text("time"),
            text("event"),
            text("outcome"),
            &who,
            text("id"),
            within("before", "user"),
            within("before", "device"),
            text("why"),
            text("ticket"),
            text("session_id"),
            text("message"),
        ])?;
    }
    Ok(table.finish()?)
}
