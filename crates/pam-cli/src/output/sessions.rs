//! Sessions as rows, lines or ids, written while they come.

use std::io::{self, Write};

use clap::ValueEnum;
use pam_proto::Session;

use super::columns::{Column, Columns, Fit};
use super::printable::{cell, printable};
use super::stdout::{Stdout, json, json_line};

/// The forms in which sessions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// Columns for a person; not stable
    Table,
    /// One array
    Json,
    /// One object a line
    Ndjson,
    /// A header line, then one session a line; for spreadsheets
    Csv,
    /// One session_id a line
    Ids,
}

const COLUMNS: [Column; 10] = [
    Column {
        title: "ID",
        fit: Fit::Whole,
    },
    Column {
        title: "USER",
        fit: Fit::Optional(0),
    },
    Column {
        title: "CREDENTIAL",
        fit: Fit::Optional(2),
    },
    Column {
        title: "DEVICE",
        fit: Fit::Optional(1),
    },
    Column {
        title: "PROTOCOL",
        fit: Fit::Optional(3),
    },
    Column {
        title: "PROXY",
        fit: Fit::Optional(7),
    },
    Column {
        title: "ORIGIN",
        fit: Fit::Optional(6),
    },
    Column {
        title: "STARTED",
        fit: Fit::Optional(4),
    },
    Column {
        title: "ENDED",
        fit: Fit::Optional(5),
    },
    Column {
        title: "SESSION_ID",
        fit: Fit::Whole,
    },
];

/// The keys of the JSON form, in its order.
const HEADER: [&str; 14] = [
    "id",
    "session_id",
    "user",
    "origin_ip",
    "credential",
    "device",
    "protocol",
    "proxy",
    "started_at",
    "ended_at",
    "active",
    "prevent_purge",
    "request",
    "itsm",
];

/// Writes sessions one by one; memory does not grow with their number.
pub(crate) struct SessionWriter {
    form: Form,
    written: u64,
    nameless: u64,
}

enum Form {
    Table(Columns<Stdout>),
    Json(Stdout),
    Ndjson(Stdout),
    Csv(Box<csv::Writer<Stdout>>),
    Ids(Stdout),
}

impl SessionWriter {
    /// Writes in this form to `out`.
    pub(crate) fn new(format: ListFormat, out: Stdout) -> Self {
        let form = match format {
            ListFormat::Table => Form::Table(Columns::new(out, &COLUMNS, Stdout::room())),
            ListFormat::Json => Form::Json(out),
            ListFormat::Ndjson => Form::Ndjson(out),
            ListFormat::Csv => Form::Csv(Box::new(csv::Writer::from_writer(out))),
            ListFormat::Ids => Form::Ids(out),
        };
        Self {
            form,
            written: 0,
            nameless: 0,
        }
    }

    /// Writes one session.
    pub(crate) fn session(&mut self, session: &Session) -> io::Result<()> {
        let session_id = session.session_id.as_ref().map_or("", |id| id.as_str());
        let first = self.written == 0;
        self.written += 1;
        match &mut self.form {
            Form::Table(columns) => row(columns, session),
            Form::Json(out) => {
                out.write_all(if first { b"[\n" } else { b",\n" })?;
                json(out, session)
            }
            Form::Ndjson(out) => json_line(out, session),
            Form::Csv(out) => {
                if first {
                    csv_header(out)?;
                }
                csv_line(out, session, session_id)
            }
            Form::Ids(_) if session_id.is_empty() => {
                self.nameless += 1;
                Ok(())
            }
            Form::Ids(out) => writeln!(out, "{}", printable(session_id)),
        }
    }

    /// Writes what is still held back and, after a whole listing, what belongs to it even when it
    /// is empty. A JSON array that was broken off stays open, so that nobody takes it for whole.
    pub(crate) fn finish(&mut self, whole: bool) -> io::Result<()> {
        let empty = self.written == 0;
        match &mut self.form {
            Form::Table(_) if empty && !whole => Ok(()),
            Form::Table(columns) => columns.finish(),
            Form::Json(out) => {
                match (whole, empty) {
                    (true, true) => out.write_all(b"[]\n")?,
                    (true, false) => out.write_all(b"\n]\n")?,
                    (false, _) => {}
                }
                out.flush()
            }
            Form::Csv(out) => {
                if empty && whole {
                    csv_header(out)?;
                }
                out.flush()
            }
            Form::Ndjson(out) | Form::Ids(out) => out.flush(),
        }
    }

    /// How many sessions could not be written because the form needs a `session_id` and they
    /// have none.
    pub(crate) fn nameless(&self) -> u64 {
        self.nameless
    }
}

/// Writes sessions as a table to standard error.
pub(crate) fn table<'s>(
    out: impl Write,
    sessions: impl IntoIterator<Item = &'s Session>,
) -> io::Result<()> {
    let room = terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| width.0.into());
    let mut columns = Columns::new(out, &COLUMNS, room);
    for session in sessions {
        row(&mut columns, session)?;
    }
    columns.finish()
}

fn row<W: Write>(columns: &mut Columns<W>, session: &Session) -> io::Result<()> {
    columns.row([
        session.id.to_string().as_str(),
        &session.user,
        &session.credential,
        &session.device,
        &session.protocol,
        &session.proxy,
        &session.origin_ip,
        &session.started_at,
        session.ended_at.as_deref().unwrap_or("running"),
        session.session_id.as_ref().map_or("", |id| id.as_str()),
    ])
}

fn csv_header(out: &mut csv::Writer<Stdout>) -> io::Result<()> {
    out.write_record(HEADER).map_err(io_error)
}

/// The cause itself: whether a pipe is broken decides what is said.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn csv_line(out: &mut csv::Writer<Stdout>, session: &Session, session_id: &str) -> io::Result<()> {
    let yes_or_no = |flag: bool| if flag { "true" } else { "false" };
    let id = session.id.to_string();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let (ended_at, request, itsm) = (
        text(&session.ended_at),
        text(&session.request),
        text(&session.itsm),
    );
    let record = [
        id.as_str(),
        session_id,
        &session.user,
        &session.origin_ip,
        &session.credential,
        &session.device,
        &session.protocol,
        &session.proxy,
        &session.started_at,
        &ended_at,
        yes_or_no(session.is_active()),
        session.prevent_purge.map_or("", yes_or_no),
        &request,
        &itsm,
    ];
    let cells = record.map(cell);
    out.write_record(cells.iter().map(|cell| cell.as_bytes()))
        .map_err(io_error)
}
