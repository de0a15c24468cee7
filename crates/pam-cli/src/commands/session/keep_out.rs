//! `pamctl session keep-out`: a user's sessions end as often as he connects.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::pin::pin;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use pam_client::Client;
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Outcome, Report};
use pam_proto::{Session, SessionNumber};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::reading::Readings;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::{Done, Guard, GuardOptions};
use crate::online::Online;
use crate::output::stderr;
use crate::output::stdout::{Stdout, json_line};
use crate::progress::Progress;
use crate::quantity;
use crate::termination::told::{Told, Why};
use crate::termination::{jitter, question, verdict};

/// Terminate a user's sessions as often as they come back
///
/// Every session of the user that runs now or starts within the time is terminated, under the same
/// policy and with the same record as `session terminate`, and each is announced. It stops at its
/// cap, so that it can't fight a program that reconnects for ever: lock the account then.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl session keep-out alice --for 10m
  pamctl session keep-out alice --for 1h --max 50 --yes --reason 'stolen laptop' --ticket INC-1042
  pamctl session keep-out alice --for 10m --yes -o ndjson >> kept-out.ndjson

It ends with 0 when the time is over and every session that was met has ended, with 4 at the cap or
when the policy protected a session, and else as `session terminate` does.")]
pub(super) struct KeepOut {
    /// The vault user, whatever the case
    #[arg(value_name = "USER", value_parser = NonEmptyStringValueParser::new())]
    user: String,
    /// For how long
    #[arg(long = "for", value_name = "TIME", value_parser = quantity::deadline)]
    duration: Duration,
    /// Stop when so many sessions were terminated and another one comes
    #[arg(long, value_name = "N", default_value_t = 20)]
    max: usize,
    /// How long to wait between two readings of the listing
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = quantity::deadline)]
    interval: Duration,
    /// Don't ask; needed when there is no terminal to ask on
    #[arg(short, long)]
    yes: bool,
    /// How long to wait for the proof that a session ended
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::deadline)]
    verify_timeout: Duration,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t = Format::Text)]
    output: Format,
    #[command(flatten)]
    guard: GuardOptions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line on standard error for each session
    Text,
    /// One object a line for each session, as `session terminate` prints it
    Ndjson,
}

/// What is still wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Everything,
    /// The time is over: nothing new, but the proof of what was begun.
    Proof,
    /// Interrupted: nothing more is sent.
    Nothing,
}

/// What was done so far.
#[derive(Debug, Default)]
struct Kept {
    /// The last report of each session.
    reports: BTreeMap<SessionNumber, Report>,
    /// How many times a session was to be terminated.
    tries: usize,
    /// The sessions that the policy protects, with the line that says so.
    protected: BTreeMap<SessionNumber, String>,
}

impl KeepOut {
    pub(super) fn run(self, online: &Online) -> Result<Exit, Failure> {
        online.client(&Progress::none())?;
        if !self.yes {
            question::can_ask()?;
        }
        let guard = Guard::open(&self.guard, "pamctl session keep-out", online)?;
        let most = guard.most().map_or(self.max, |most| most.min(self.max));
        if !self.yes && !question::yes(&self.question(online, most))? {
            let line = "not confirmed; nothing was terminated";
            return Err(Failure::new(Exit::Failed, line));
        }
        let end = Instant::now() + self.duration;
        let mut kept = Kept::default();
        let cause = online.run_until("", async |client, progress, mut stop| {
            progress.finish();
            let (want, wanted) = watch::channel(Want::Everything);
            let mut work = pin!(self.keep(client, &guard, most, wanted, &mut kept));
            tokio::select! {
                biased;
                () = &mut stop => {}
                ended = &mut work => return ended,
                () = sleep_until(end) => {
                    let _ = want.send(Want::Proof);
                    tokio::select! {
                        biased;
                        () = &mut stop => {}
                        ended = &mut work => return ended,
                    }
                }
            }
            stderr::warning("stopping: nothing more is sent, drops under way are awaited");
            let _ = want.send(Want::Nothing);
            // What went wrong meanwhile was said; what was done is what counts.
            let _ = work.await;
            Ok(Exit::Interrupted)
        });
        self.conclude(cause?, kept)
    }

    fn question(&self, online: &Online, most: usize) -> String {
        let at = online.badge().map(|name| format!(" at {name}"));
        format!(
            "Every session of {}{} that runs now or starts within {} will be terminated, at most \
             {most}.\nGo on? [y/N] ",
            crate::output::printable::printable(&self.user),
            at.unwrap_or_default(),
            quantity::spoken(self.duration),
        )
    }

    /// Goes on until nothing more is wanted or the cap is reached.
    async fn keep(
        &self,
        client: &Client,
        guard: &Guard,
        most: usize,
        mut wanted: watch::Receiver<Want>,
        kept: &mut Kept,
    ) -> Result<Exit, Failure> {
        let progress = Progress::none();
        let mut readings = Readings::new(client, &progress, self.interval);
        loop {
            let filter = Filter::new().user(&self.user);
            let whole = readings.count;
            let wait = tokio::select! {
                biased;
                _ = wanted.changed() => break,
                read = readings.next(filter) => read?.1,
            };
            // Nobody is dropped by a listing that broke off or is damaged.
            let whole = readings.count > whole;
            let running = readings.watched.running().filter(|_| whole);
            let mut met: Vec<Session> = running
                .filter(|session| kept.is_news(session))
                .cloned()
                .collect();
            met.retain(|session| kept.is_permitted(guard, session));
            let left = most.saturating_sub(kept.tries);
            let beyond = met.get(left).cloned();
            met.truncate(left);
            if !met.is_empty() {
                self.terminate(client, guard, met, wanted.clone(), kept)
                    .await?;
            }
            if let Some(session) = beyond {
                guard.record_brake(&self.at_the_cap(&session, most));
                return Err(Failure::new(Exit::Policy, self.at_the_cap(&session, most)));
            }
            if *wanted.borrow() != Want::Everything {
                break;
            }
            tokio::select! {
                _ = wanted.changed() => break,
                () = sleep(wait) => {}
            }
        }
        readings.never().map_or(Ok(Exit::Done), Err)
    }

    fn at_the_cap(&self, session: &Session, most: usize) -> String {
        let whose = if most < self.max {
            "the policy's limit for one command"
        } else {
            "--max"
        };
        format!(
            "{} was terminated {most} times, which is {whose}, and is there again: session {} on {} \
             runs on; lock the account, or begin again",
            self.user, session.id, session.device
        )
    }

    async fn terminate(
        &self,
        client: &Client,
        guard: &Guard,
        sessions: Vec<Session>,
        mut wanted: watch::Receiver<Want>,
        kept: &mut Kept,
    ) -> Result<(), Failure> {
        let permit = guard.permit(sessions, Vec::new())?;
        let mut limits = Limits::default();
        limits.verify_timeout = self.verify_timeout;
        limits.jitter = jitter();
        let stop = async move {
            // When nobody can want anything any more, the whole ends anyway.
            let _ = wanted.wait_for(|want| *want == Want::Nothing).await;
        };
        let done = guard.terminate(client, permit, limits, |_| {}, stop).await;
        kept.tries += done.reports.len();
        let mut written = Ok(());
        for report in done.reports {
            written = written.and_then(|()| self.announce(&report));
            let Some(number) = report.id else { continue };
            let refused = |id| done.refused.contains(id);
            if report.attempts == 0 && report.session_id.as_ref().is_some_and(refused) {
                let line = format!("session {number} runs on: {}", report.message);
                kept.protected.insert(number, line);
            } else {
                kept.reports.insert(number, report);
            }
        }
        Ok(written?)
    }

    fn announce(&self, report: &Report) -> io::Result<()> {
        let why = Why {
            reason: self.guard.justification.reason.as_deref(),
            ticket: self.guard.justification.ticket.as_deref(),
        };
        if self.output == Format::Ndjson {
            let mut out = Stdout::open();
            json_line(&mut out, &Told::of(report, why))?;
            return out.flush();
        }
        let record = report.evidence.before.as_ref();
        let device = record.map_or("", |record| &record.device);
        let id = report.id.map_or_else(String::new, |id| id.to_string());
        stderr::note(format!(
            "{}: session {id} of {} on {device}: {}",
            report.outcome.name(),
            self.user,
            report.message
        ));
        Ok(())
    }

    /// What it came to.
    fn conclude(&self, cause: Exit, kept: Kept) -> Result<Exit, Failure> {
        let done = Done {
            reports: kept.reports.into_values().collect(),
            ..Done::default()
        };
        let summary = verdict::summary(&done.reports);
        if cause == Exit::Interrupted {
            return Err(Failure::new(cause, format!("interrupted; {summary}")));
        }
        let exit = verdict::exit(&done);
        match (exit, kept.protected.into_values().next()) {
            (Exit::Done, None) => {
                stderr::note(format!(
                    "{} was kept out for {}: {summary}",
                    self.user,
                    quantity::spoken(self.duration)
                ));
                Ok(Exit::Done)
            }
            (Exit::Done, Some(line)) if done.reports.is_empty() => {
                Err(Failure::new(Exit::Policy, line))
            }
            (Exit::Done, Some(line)) => {
                Err(Failure::new(Exit::Partial, format!("{summary}; {line}")))
            }
            (exit, _) => Err(Failure::new(exit, verdict::complaint(&done))),
        }
    }
}

impl Kept {
    /// Whether a session is still to be dealt with: the listing may be behind what is proven.
    fn is_news(&self, session: &Session) -> bool {
        let report = self.reports.get(&session.id);
        let ended = report.is_some_and(|report| {
            matches!(report.outcome, Outcome::Terminated | Outcome::AlreadyEnded)
        });
        !ended && !self.protected.contains_key(&session.id)
    }

    /// Whether the policy lets it end; that it does not is said and recorded once.
    fn is_permitted(&mut self, guard: &Guard, session: &Session) -> bool {
        let line = match guard.decide(vec![session.clone()], Vec::new()) {
            Ok(Ok(_)) => return true,
            Ok(Err(refused)) => {
                guard.record_refusal(std::slice::from_ref(session), &refused);
                refused.of(session.id)
            }
            Err(failure) => failure.line().unwrap_or_default().to_owned(),
        };
        let line = format!("session {} runs on: {line}", session.id);
        stderr::warning(&line);
        self.protected.insert(session.id, line);
        false
    }
}
