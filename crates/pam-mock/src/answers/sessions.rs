//! Sessions as JSON: one, or a listing of any length written while it is sent.

use std::sync::Arc;

use bytes::Bytes;

use super::envelope::{push, push_number, push_text};
use crate::appliance::Appliance;
use crate::clock::Moment;
use crate::dialect::{Dialect, Spelling};
use crate::lock::locked;
use crate::state::Record;
use crate::switches::{RunningEnd, RunningTime};

/// Writes a session as the listing has it (A2A API specification, "Wire bodies for the session
/// endpoints"), seen at that moment.
pub(crate) fn write_row(
    out: &mut Vec<u8>,
    record: &Record,
    seen_at: Moment,
    dialect: &Dialect,
    spelling: Spelling,
) {
    let (credential, device) = match spelling {
        Spelling::English => (",\"credential\":", ",\"device\":"),
        Spelling::Portuguese => (",\"credencial\":", ",\"dispositivo\":"),
    };
    push(out, "{\"id\":\"");
    push_number(out, record.number);
    push(out, "\",\"user\":");
    push_text(out, &record.user);
    push(out, ",\"origin_ip\":");
    push_text(out, &record.origin_ip);
    push(out, credential);
    push_text(out, &record.credential);
    push(out, device);
    push_text(out, &record.device);
    push(out, ",\"protocol\":");
    push_text(out, &record.protocol);
    push(out, ",\"proxy\":");
    push_text(out, &record.proxy);
    push(out, ",\"session_id\":");
    push_text(out, &record.session_id);
    push(out, ",\"start\":\"");
    push_wall(out, record.started, dialect);
    out.push(b'"');
    let ended = record.end_seen_at(seen_at);
    write_end(out, ended, dialect);
    push(out, ",\"time\":");
    match (ended, dialect.switches.running_time) {
        (None, RunningTime::Null) => push(out, "null"),
        (None, RunningTime::Empty) => push(out, "\"\""),
        (Some(_), _) | (None, RunningTime::Elapsed) => {
            let seconds = record.duration(seen_at).as_secs();
            let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
            push(
                out,
                &format!("\"{hours:02}:{minutes:02}:{:02}\"", seconds % 60),
            );
        }
    }
    push(out, ",\"prevent_purge\":");
    let answer = match (record.prevent_purge, spelling) {
        (true, Spelling::English) => "Yes",
        (false, Spelling::English) => "No",
        (true, Spelling::Portuguese) => "Sim",
        (false, Spelling::Portuguese) => "Não",
    };
    push_text(out, answer);
    push(out, ",\"request\":");
    push_optional(out, record.request.as_deref());
    push(out, ",\"ITSM\":");
    push_optional(out, record.itsm.as_deref());
    out.push(b'}');
}

fn write_end(out: &mut Vec<u8>, ended: Option<Moment>, dialect: &Dialect) {
    if ended.is_none() && dialect.switches.running_end == RunningEnd::Absent {
        return;
    }
    push(out, ",\"end\":");
    match (ended, dialect.switches.running_end) {
        (Some(at), _) => {
            out.push(b'"');
            push_wall(out, at, dialect);
            out.push(b'"');
        }
        (None, RunningEnd::Empty) => push(out, "\"\""),
        (None, RunningEnd::Zero) => push(out, "\"0000-00-00 00:00:00\""),
        (None, RunningEnd::Null | RunningEnd::Absent) => push(out, "null"),
    }
}

fn push_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_text(out, text),
        None => push(out, "null"),
    }
}

/// `YYYY-MM-DD HH:MM:SS`. It is written for each of a million rows, so digit by digit.
fn push_wall(out: &mut Vec<u8>, moment: Moment, dialect: &Dialect) {
    let wall = moment.on_the_wall(dialect.zone);
    let mut two = |number: i8, after: &str| {
        let number = number.unsigned_abs();
        out.push(b'0' + number / 10 % 10);
        out.push(b'0' + number % 10);
        push(out, after);
    };
    let year = wall.year().clamp(0, 9999);
    two((year / 100) as i8, "");
    two((year % 100) as i8, "-");
    two(wall.month(), "-");
    two(wall.day(), " ");
    two(wall.hour(), ":");
    two(wall.minute(), ":");
    two(wall.second(), "");
}

/// Which sessions a listing holds, and in what order: the archive, then those that are held.
pub(crate) struct Rows {
    appliance: Arc<Appliance>,
    /// Archived rows that are still to come, and the next of them.
    archived: std::ops::Range<u64>,
    next: usize,
    seen_at: Moment,
    visible: Visible,
}

/// Whether a caller sees a session.
pub(crate) type Visible = Box<dyn Fn(&Record) -> bool + Send + Sync>;

impl Rows {
    pub(crate) fn new(appliance: Arc<Appliance>, seen_at: Moment, visible: Visible) -> Self {
        let archived = 0..appliance.archived();
        Self {
            appliance,
            archived,
            next: 0,
            seen_at,
            visible,
        }
    }

    /// Hands the next hundred or so records to `write`; false when there are no more.
    pub(crate) fn next(&mut self, mut write: impl FnMut(&Record)) -> bool {
        const BATCH: usize = 100;
        let mut looked_at = 0;
        let world = locked(&self.appliance.world);
        for index in self.archived.by_ref().take(BATCH) {
            looked_at += 1;
            let record = world.archive.record(index);
            if (self.visible)(&record) {
                write(&record);
            }
        }
        let held = world.sessions.all().get(self.next..).unwrap_or_default();
        for record in held.iter().take(BATCH - looked_at) {
            looked_at += 1;
            self.next += 1;
            // It had not begun when the listing was made.
            if record.started <= self.seen_at && (self.visible)(record) {
                write(record);
            }
        }
        looked_at > 0
    }
}

/// A listing in chunks of some tens of kilobytes, whatever its length.
pub(crate) struct Listing<W> {
    rows: Rows,
    write: W,
    head: Option<Vec<u8>>,
    tail: Option<Vec<u8>>,
    first: bool,
}

impl<W: FnMut(&mut Vec<u8>, &Record)> Listing<W> {
    /// A listing between these two texts.
    pub(crate) fn new(rows: Rows, head: Vec<u8>, tail: Vec<u8>, write: W) -> Self {
        Self {
            rows,
            write,
            head: Some(head),
            tail: Some(tail),
            first: true,
        }
    }
}

impl<W: FnMut(&mut Vec<u8>, &Record)> Iterator for Listing<W> {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        let mut chunk = self.head.take().unwrap_or_default();
        while chunk.is_empty() {
            let more = self.rows.next(|record| {
                if !std::mem::take(&mut self.first) {
                    chunk.push(b',');
                }
                (self.write)(&mut chunk, record);
            });
            if !more {
                chunk = self.tail.take()?;
            }
        }
        Some(chunk.into())
    }
}
