//! `pamctl session watch`: what happens to sessions, told as it is seen.

use std::convert::Infallible;
use std::io::{self, Write};
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use pam_proto::Session;
use pam_proto::watch::Event;
use serde::Serialize;
use tokio::time::{Instant, sleep, sleep_until};

use super::reading::Readings;
use super::wanted::Wanted;
use crate::appliance_time::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stderr;
use crate::output::stdout::{Stdout, json_line};
use crate::quantity;

/// Tell what happens to sessions: started, changed, ended
///
/// The appliance tells nobody of its sessions, so the listing is read again and again and compared
/// with the reading before. A session that was told is followed to its end. The sessions that run
/// already are not told, unless --initial is given. What fails in passing is said on standard
/// error and tried again, less and less often; Ctrl-C stops it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session watch
  pamctl session watch --filter 'credential=root and not origin in 10.0.0.0/8'
  pamctl session watch --user alice --interval 5s -o ndjson | jq -r '.session.session_id'
  pamctl session watch --initial --for 8h -o ndjson >> sessions.ndjson

Events:
  running   it ran already when the watch began (with --initial)
  started   it runs, and did not at the reading before
  changed   a field of its record is another
  ended     its record has an end
  vanished  the listing no longer has it, so its end was not seen")]
pub(super) struct Watch {
    /// How long to wait between two readings of the listing
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = quantity::deadline)]
    interval: Duration,
    /// Stop after this time; without it, only Ctrl-C stops
    #[arg(long = "for", value_name = "TIME", value_parser = quantity::deadline)]
    duration: Option<Duration>,
    /// Tell the sessions that run already, too
    #[arg(long)]
    initial: bool,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for a person; not stable
    Table,
    /// One object a line
    Ndjson,
}

impl Watch {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let clock = online.clock()?;
        let end = self.duration.map(|duration| Instant::now() + duration);
        let mut teller = Teller::new(self.output);
        let mut events = 0;
        online.run_until("reading the sessions", async |client, progress, stop| {
            let mut readings = Readings::new(client, progress, self.interval);
            let outlast = async {
                match end {
                    Some(end) => sleep_until(end).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stop => {
                    let count = readings.count;
                    let line = format!("interrupted after {count} readings and {events} events");
                    Err(Failure::new(Exit::Interrupted, line))
                }
                () = outlast => readings.never().map_or(Ok(Exit::Done), Err),
                Err(failure) = self.follow(&mut readings, &clock, &mut teller, &mut events) => {
                    Err(failure)
                }
            }
        })
    }

    /// Goes on until there is no point in it.
    async fn follow(
        &self,
        readings: &mut Readings<'_>,
        clock: &Clock,
        teller: &mut Teller,
        events: &mut u64,
    ) -> Result<Infallible, Failure> {
        loop {
            let first = readings.count == 0;
            let (changes, wait) = readings.next(self.wanted.filter(clock)).await?;
            if first && readings.count > 0 && self.output == Format::Table {
                let running = readings.watched.running().len();
                stderr::note(format!("watching; {running} sessions run"));
            }
            let told = changes.events.iter();
            let told = told.filter(|event| self.initial || !matches!(event, Event::Running(_)));
            *events += teller.tell(told)?;
            if changes.untold > 0 {
                stderr::warning(format!(
                    "{} more sessions started and ended since the reading before",
                    changes.untold
                ));
            }
            sleep(wait).await;
        }
    }
}

/// An event as it is printed.
#[derive(Serialize)]
struct Told<'a> {
    event: &'static str,
    observed_at: String,
    session: &'a Session,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<&'a Session>,
}

/// Writes events in their form.
enum Teller {
    Table(Columns<Stdout>),
    Ndjson(Stdout),
}

const COLUMNS: [Column; 9] = [
    Column {
        title: "OBSERVED",
        fit: Fit::Whole,
    },
    Column {
        title: "EVENT",
        fit: Fit::Whole,
    },
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
        title: "ORIGIN",
        fit: Fit::Optional(4),
    },
    Column {
        title: "SESSION_ID",
        fit: Fit::Whole,
    },
];

/// As wide as a row usually is: the rows that are to come are not known when the first is written.
const USUAL: [&str; 9] = [
    "00:00:00Z",
    "vanished",
    "1000000",
    "firstname.lastname",
    "administrator",
    "192.168.100.100:3389",
    "postgres",
    "192.168.100.100",
    "3fcf1e4a16104e328d6794e1b9693cfc457871d2",
];

impl Teller {
    fn new(format: Format) -> Self {
        match format {
            Format::Table => {
                let columns = Columns::new(Stdout::open(), &COLUMNS, Stdout::room());
                Self::Table(columns.expecting(USUAL))
            }
            Format::Ndjson => Self::Ndjson(Stdout::open()),
        }
    }

    /// Writes these events and lets them out at once; their number.
    fn tell<'a>(&mut self, events: impl Iterator<Item = &'a Event>) -> io::Result<u64> {
        let now = Timestamp::now();
        let mut count = 0;
        for event in events {
            self.event(event, now)?;
            count += 1;
        }
        match self {
            Self::Table(_) if count == 0 => {}
            Self::Table(columns) => columns.finish()?,
            Self::Ndjson(out) => out.flush()?,
        }
        Ok(count)
    }

    fn event(&mut self, event: &Event, now: Timestamp) -> io::Result<()> {
        let session = event.session();
        match self {
            Self::Table(columns) => columns.row([
                now.strftime("%H:%M:%SZ").to_string().as_str(),
                event.name(),
                session.id.to_string().as_str(),
                &session.user,
                &session.credential,
                &session.device,
                &session.protocol,
                &session.origin_ip,
                session.session_id.as_ref().map_or("", |id| id.as_str()),
            ]),
            Self::Ndjson(out) => json_line(
                out,
                &Told {
                    event: event.name(),
                    observed_at: now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string(),
                    session,
                    before: match event {
                        Event::Changed { before, .. } => Some(before),
                        _ => None,
                    },
                },
            ),
        }
    }
}
