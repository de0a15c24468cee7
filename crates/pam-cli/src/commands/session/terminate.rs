//! `pamctl session terminate`: sessions end, and it is proven that they did.

use std::cell::Cell;
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use clap::{Args, ValueEnum};
use pam_client::{Client, Witness};
use pam_proto::SessionRef;
use pam_proto::termination::{Limits, Report, Verification};

use super::verdict::{self, Told};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::columns::{Column, Columns, Fit};
use crate::output::stderr;
use crate::output::stdout::{self, Stdout};
use crate::progress::Progress;
use crate::quantity;

/// The most that is read from standard input: more than a million session ids.
const STDIN_MAX: u64 = 64 << 20;
/// How many names a question shows.
const SHOWN: usize = 20;

/// Terminate sessions and prove that they ended
///
/// A drop is sent, then the session's record is read until it shows an end. A drop whose answer
/// was lost or was an error is repeated only when the session is proven alive. A row id is looked
/// up first, because the appliance wants the session_id.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session terminate 3fcf1e4a16104e328d6794e1b9693cfc457871d2
  pamctl session terminate 540 541 --yes --reason 'exfiltration alert' --ticket INC-1042
  pamctl session list --active --user alice -o ids | pamctl session terminate - --yes -o ndjson

Outcomes:
  terminated     verified: the record has an end                            exit 0
  already_ended  verified: it had ended before                              exit 0
  not_found      not visible to this authorization                          exit 3
  unconfirmed    accepted or lost on the way, and not proven in time        exit 5
                 (exit 7 when the appliance was never reached)
  still_active   refused by the appliance, and proven alive                 exit 1
  denied         not authenticated or not authorized                        exit 6
With several sessions: 8 when only some ended; the common code when all failed alike; else 5 when
one is unconfirmed, or 1.")]
pub(super) struct Terminate {
    /// session_ids or row ids (at most 19 digits); `-` reads them from standard input, one a line
    #[arg(value_name = "SESSION_ID", required = true)]
    sessions: Vec<Name>,
    /// Don't ask; needed when there is no terminal to ask on
    #[arg(short, long)]
    yes: bool,
    /// How long to wait for the proof, counted from the answer to the drop
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::deadline)]
    verify_timeout: Duration,
    /// Send the drop and don't look whether it worked: the outcome is at best unconfirmed
    #[arg(long, conflicts_with = "verify_timeout")]
    no_verify: bool,
    /// Why; kept in the output
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The ticket or incident it belongs to; kept in the output
    #[arg(long, value_name = "ID")]
    ticket: Option<String>,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Table)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns for a person; not stable
    Table,
    /// One array with an object for each session
    Json,
    /// One object a line, as soon as its session is done
    Ndjson,
}

/// A session, or the standard input that names some.
#[derive(Debug, Clone)]
enum Name {
    One(SessionRef),
    Stdin,
}

impl FromStr for Name {
    type Err = pam_proto::InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "-" => Ok(Self::Stdin),
            name => name.parse().map(Self::One),
        }
    }
}

impl Terminate {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        let sessions = named(&self.sessions)?;
        if sessions.is_empty() {
            return Err(Failure::new(
                Exit::NoSuchSession,
                "standard input names no session; nothing was terminated",
            ));
        }
        if !self.yes {
            if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
                return Err(Failure::usage(
                    "there is no terminal to ask on; nothing was terminated; add --yes to \
                     terminate without being asked",
                ));
            }
            // What is not set is told before the question, not after the answer.
            online.client(&Progress::none())?;
            if !confirmed(&sessions)? {
                return Err(Failure::new(
                    Exit::Failed,
                    "not confirmed; nothing was terminated",
                ));
            }
        }
        let mut limits = Limits::default();
        limits.verify_timeout = self.verify_timeout;
        if self.no_verify {
            limits.verification = Verification::Off;
        }
        limits.jitter = jitter();
        let interrupted = Cell::new(false);
        let teller = Teller::new(&self);
        let reports = online.run_until("terminating", async |client: &Client, _, stop| {
            let stop = async {
                stop.await;
                interrupted.set(true);
                stderr::warning("stopping: nothing more is sent, drops under way are awaited");
            };
            Ok(client
                .terminate(sessions.iter().cloned(), limits, &teller, stop)
                .await)
        })?;
        let written = teller.finish(&sessions, &reports);
        let exit = if interrupted.get() {
            Exit::Interrupted
        } else {
            verdict::exit(&reports)
        };
        conclude(exit, &reports, written)
    }
}

/// Every session once, in the order in which they were named.
fn named(names: &[Name]) -> Result<Vec<SessionRef>, Failure> {
    let mut sessions = Vec::new();
    for name in names {
        match name {
            Name::One(session) => sessions.push(session.clone()),
            Name::Stdin => read_names(io::stdin().lock(), &mut sessions)?,
        }
    }
    let mut seen = std::collections::HashSet::new();
    sessions.retain(|session| seen.insert(session.clone()));
    Ok(sessions)
}

fn read_names(input: impl BufRead, sessions: &mut Vec<SessionRef>) -> Result<(), Failure> {
    let mut text = String::new();
    let unusable =
        |what: &str| Failure::usage(format!("standard input {what}; nothing was terminated"));
    input
        .take(STDIN_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|error| unusable(&format!("can't be read: {error}")))?;
    if text.len() as u64 > STDIN_MAX {
        return Err(unusable(
            "is longer than 64 MiB, which no list of sessions is",
        ));
    }
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let session = line
            .parse()
            .map_err(|error| unusable(&format!("names no session in line {number}: {error}")))?;
        sessions.push(session);
    }
    Ok(())
}

/// Asks on the terminal.
fn confirmed(sessions: &[SessionRef]) -> Result<bool, Failure> {
    let unasked = |error: io::Error| {
        Failure::usage(format!(
            "can't ask: {error}; nothing was terminated; add --yes"
        ))
    };
    let mut question = match sessions {
        [_] => String::from("This session will be terminated:\n"),
        several => format!("These {} sessions will be terminated:\n", several.len()),
    };
    for session in sessions.iter().take(SHOWN) {
        question.push_str(&format!("  {session}\n"));
    }
    if let Some(more) = sessions.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        question.push_str(&format!("  and {more} more\n"));
    }
    question.push_str("Terminate? [y/N] ");
    let mut terminal = anstream::stderr();
    terminal
        .write_all(question.as_bytes())
        .and_then(|()| terminal.flush())
        .map_err(unasked)?;
    let mut answer = String::new();
    io::stdin()
        .lock()
        .take(1024)
        .read_line(&mut answer)
        .map_err(unasked)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

/// Up to a quarter of a second, so that several programs don't march in step.
fn jitter() -> Duration {
    let mut byte = [0];
    // Without randomness they march in step, which is no reason not to terminate.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(u64::from(byte[0]))
}

/// Writes each report in its form: at once where each has a line of its own.
struct Teller<'a> {
    format: Format,
    reason: Option<&'a str>,
    ticket: Option<&'a str>,
    lines: Mutex<(Stdout, io::Result<()>)>,
}

impl<'a> Teller<'a> {
    fn new(command: &'a Terminate) -> Self {
        Self {
            format: command.output,
            reason: command.reason.as_deref(),
            ticket: command.ticket.as_deref(),
            lines: Mutex::new((Stdout::open(), Ok(()))),
        }
    }

    fn told<'r>(&self, report: &'r Report) -> Told<'r>
    where
        'a: 'r,
    {
        Told {
            report,
            reason: self.reason,
            ticket: self.ticket,
        }
    }

    /// Writes what was not written yet, in the order in which the sessions were named.
    fn finish(self, sessions: &[SessionRef], reports: &[Report]) -> io::Result<()> {
        let place = |report: &Report| {
            let named = |session: &SessionRef| report.targets.contains(session);
            sessions.iter().position(named)
        };
        let mut ordered: Vec<&Report> = reports.iter().collect();
        ordered.sort_by_cached_key(|report| place(report));
        match self.format {
            Format::Ndjson => {
                self.lines
                    .into_inner()
                    .unwrap_or_else(PoisonError::into_inner)
                    .1
            }
            Format::Json => {
                let mut out = Stdout::open();
                for (index, report) in ordered.into_iter().enumerate() {
                    out.write_all(if index == 0 { b"[\n" } else { b",\n" })?;
                    stdout::json(&mut out, &self.told(report))?;
                }
                out.write_all(b"\n]\n")?;
                out.flush()
            }
            Format::Table => table(&ordered),
        }
    }
}

impl Witness for Teller<'_> {
    fn reported(&self, report: &Report) {
        if self.format != Format::Ndjson {
            return;
        }
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let (out, written) = &mut *lines;
        if written.is_ok() {
            *written = stdout::json_line(out, &self.told(report)).and_then(|()| out.flush());
        }
    }
}

fn table(reports: &[&Report]) -> io::Result<()> {
    let columns = [
        Column {
            title: "SESSION",
            fit: Fit::Whole,
        },
        Column {
            title: "OUTCOME",
            fit: Fit::Whole,
        },
        Column {
            title: "TIME",
            fit: Fit::Whole,
        },
        Column {
            title: "WHY",
            fit: Fit::Whole,
        },
    ];
    let mut table = Columns::new(Stdout::open(), &columns, Stdout::room());
    for report in reports {
        let took = quantity::spoken(report.elapsed);
        table.row([
            verdict::name(report).as_str(),
            report.outcome.name(),
            &took,
            &report.message,
        ])?;
    }
    table.finish()
}

/// The end: the exit code is that of the sessions, whatever became of the output.
fn conclude(exit: Exit, reports: &[Report], written: io::Result<()>) -> Result<Exit, Failure> {
    if let Err(error) = written {
        let failure = Failure::output(&error);
        if let Some(line) = failure.line() {
            let line = format!("{line}; {}", verdict::summary(reports));
            return Err(Failure::new(
                if exit == Exit::Done {
                    Exit::Failed
                } else {
                    exit
                },
                line,
            ));
        }
    }
    match exit {
        Exit::Done => Ok(exit),
        Exit::Interrupted => Err(Failure::new(
            exit,
            format!("interrupted; {}", verdict::summary(reports)),
        )),
        _ => Err(Failure::new(exit, verdict::complaint(reports))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_once_each_in_their_order() {
        let mut sessions = Vec::new();
        read_names(&b"540\r\n\n  ab12 \n540"[..], &mut sessions).unwrap();
        let text: Vec<String> = sessions.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["540", "ab12", "540"]);
        let once = named(&sessions.into_iter().map(Name::One).collect::<Vec<_>>()).unwrap();
        assert_eq!(once.len(), 2);
    }

    #[test]
    fn a_line_that_names_no_session_is_told_by_its_number() {
        let table: [(&[u8], &str); 4] = [
            (b"540\ndf06***dc43\n", "line 2: the session_id is masked"),
            (b"a b", "line 1"),
            (b"\xff", "UTF-8"),
            (b"..", "line 1"),
        ];
        for (input, part) in table {
            let failure = read_names(input, &mut Vec::new()).unwrap_err();
            let line = failure.line().unwrap();
            assert!(
                line.contains(part) && line.contains("nothing was terminated"),
                "{line}"
            );
            assert_eq!(failure.exit(), Exit::Usage);
        }
    }
}
