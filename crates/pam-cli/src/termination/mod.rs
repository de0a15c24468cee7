//! Ending sessions that a command has found: the brakes, the question, the work, and what is said
//! of it.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use clap::Args;
use pam_client::Client;
use pam_proto::termination::{Limits, Outcome, Report, Target, Verification};
use pam_proto::{Session, SessionRef};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::{Done, Guard, GuardOptions};
use crate::online::Online;
use crate::output::stderr;
use crate::progress::Progress;
use crate::quantity;

pub(crate) mod find;
pub(crate) mod names;
pub(crate) mod question;
pub(crate) mod told;
pub(crate) mod verdict;

use told::{Format, Teller, Told, Why};

/// How many sessions a filter or a plan may end unless more are allowed.
const MOST: usize = 20;

/// How sessions are ended: asked for, how many, how fast, and what is said.
#[derive(Debug, Clone, Args)]
pub(crate) struct EndingOptions {
    /// Don't ask; needed when there is no terminal to ask on
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show what would be terminated, and terminate nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Ask for the number of sessions, not only for a yes, when there are more
    #[arg(long, value_name = "N", default_value_t = 5)]
    confirm_above: usize,
    /// Terminate nothing when there are more sessions [default: 20 with --filter or a plan]
    #[arg(long, value_name = "N")]
    max: Option<usize>,
    /// How many sessions are worked on at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = jobs)]
    jobs: usize,
    /// How long to wait for the proof, counted from the answer to the drop
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::deadline)]
    verify_timeout: Duration,
    /// Send the drop and don't look whether it worked: the outcome is at best unconfirmed
    #[arg(long, conflicts_with = "verify_timeout")]
    no_verify: bool,
    /// The form of the output
    #[arg(short, long, value_enum, default_value_t)]
    output: Format,
    #[command(flatten)]
    pub(crate) guard: GuardOptions,
}

/// Every connection is a file, so there is a limit somewhere.
fn jobs(text: &str) -> Result<usize, String> {
    let jobs = text.parse().ok().filter(|jobs| (1..=256).contains(jobs));
    jobs.ok_or_else(|| format!("`{text}` is not between 1 and 256"))
}

/// The sessions that a command has found.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// Those whose records were read.
    pub(crate) seen: Vec<Session>,
    /// Those of which no more than the name is known.
    pub(crate) unseen: Vec<SessionRef>,
    /// The order in which they were named; empty when it is that of the records.
    pub(crate) order: Vec<SessionRef>,
}

/// How the candidates were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Each was named.
    ByName,
    /// A filter or a plan named them.
    ByRule,
}

impl EndingOptions {
    /// The guard of these options; also tells what is not set before anything is asked.
    pub(crate) fn guard(&self, online: &Online, program: &str) -> Result<Guard, Failure> {
        online.client(&Progress::none())?;
        if !self.yes && !self.dry_run {
            question::can_ask()?;
        }
        if self.dry_run {
            return Guard::rehearse(&self.guard, program, online);
        }
        Guard::open(&self.guard, program, online)
    }

    /// Ends the candidates, or says what that would come to.
    pub(crate) fn end(
        &self,
        online: &Online,
        guard: &Guard,
        candidates: Candidates,
        found: Found,
    ) -> Result<Exit, Failure> {
        let running = candidates.seen.iter().filter(|session| session.is_active());
        let count = running.count() + candidates.unseen.len();
        let most = self.max.or((found == Found::ByRule).then_some(MOST));
        if let Some(most) = most.filter(|most| count > *most) {
            let line = format!(
                "{count} sessions are more than --max {most}; nothing was terminated; narrow the \
                 choice, or allow more with --max"
            );
            if !self.dry_run {
                guard.record_brake(&line);
            }
            return Err(Failure::new(Exit::Policy, line));
        }
        if self.dry_run {
            return self.foretell(guard, candidates);
        }
        let Candidates {
            seen,
            unseen,
            order,
        } = candidates;
        let names = |seen: &[Session]| -> Vec<SessionRef> { seen.iter().map(name).collect() };
        let order = if order.is_empty() {
            names(&seen)
        } else {
            order
        };
        let look_first = found == Found::ByRule;
        let targets = unseen.iter().cloned().map(Target::from);
        let targets = targets.map(|target| {
            if look_first {
                target.look_first()
            } else {
                target
            }
        });
        let targets = targets.collect();
        let permit = guard.permit(seen.clone(), targets)?;
        let running: Vec<Session> = seen.into_iter().filter(Session::is_active).collect();
        let show = count > 0 && (!self.yes || found == Found::ByRule);
        // A screen that is gone is no reason to end sessions unseen.
        let shown = show.then(|| question::show(online.badge(), &running, &unseen));
        if !self.yes {
            shown.transpose()?;
            if count > 0 && !question::confirmed(count, self.confirm_above)? {
                let line = "not confirmed; nothing was terminated";
                return Err(Failure::new(Exit::Failed, line));
            }
        }
        let interrupted = Cell::new(false);
        let teller = Teller::new(self.output, self.why());
        let done = online.run_until("terminating", async |client: &Client, progress, stop| {
            let stop = async {
                stop.await;
                interrupted.set(true);
                progress.aside(|| {
                    stderr::warning("stopping: nothing more is sent, drops under way are awaited");
                });
            };
            progress.expect(order.len());
            let told = |report: &Report| {
                progress.aside(|| teller.told(report));
                progress.one_done();
            };
            Ok(guard
                .terminate(client, permit, self.limits(), told, stop)
                .await)
        })?;
        let written = teller.finish(&order, &done.reports);
        let exit = if interrupted.get() {
            Exit::Interrupted
        } else {
            verdict::exit(&done)
        };
        conclude(exit, &done, written)
    }

    fn foretell(&self, guard: &Guard, candidates: Candidates) -> Result<Exit, Failure> {
        let Candidates { seen, unseen, .. } = candidates;
        let targets = unseen.iter().cloned().map(Target::from).collect();
        let refused = guard.decide(seen.clone(), targets)?.err();
        let stands = |session: &Session| match &refused {
            Some(refused) => refused.of(session.id),
            None => "would be terminated".to_owned(),
        };
        let stands: Vec<String> = seen.iter().map(stands).collect();
        let seen = seen.iter().zip(&stands);
        let seen = seen.map(|(session, stands)| Told::seen(session, stands, self.why()));
        let unseen = unseen.iter().map(|name| Told::unseen(name, self.why()));
        let told: Vec<Told<'_>> = seen.chain(unseen).collect();
        told::write(self.output, &told)?;
        if let Some(refused) = refused {
            return Err(refused.into());
        }
        let would = told
            .iter()
            .filter(|told| told.outcome == Outcome::StillActive);
        stderr::note(format!(
            "{} of {} would be terminated; this was a dry run",
            would.count(),
            told.len()
        ));
        let exits = told.iter().map(|told| match told.outcome {
            Outcome::NotFound => Exit::NoSuchSession,
            _ => Exit::Done,
        });
        match verdict::combined(exits.collect()) {
            Exit::Done => Ok(Exit::Done),
            exit => Err(Failure::new(
                exit,
                "some sessions are not visible to this authorization",
            )),
        }
    }

    fn why(&self) -> Why<'_> {
        Why {
            reason: self.guard.justification.reason.as_deref(),
            ticket: self.guard.justification.ticket.as_deref(),
        }
    }

    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.verify_timeout = self.verify_timeout;
        if self.no_verify {
            limits.verification = Verification::Off;
        }
        limits.jobs = self.jobs;
        limits.jitter = jitter();
        limits
    }
}

/// The name by which a session is ended: its session_id, when it has one.
pub(crate) fn name(session: &Session) -> SessionRef {
    let id = session.session_id.clone().map(SessionRef::Id);
    id.unwrap_or(SessionRef::Number(session.id))
}

/// Up to a quarter of a second, so that several programs don't march in step.
pub(crate) fn jitter() -> Duration {
    let mut byte = [0];
    // Without randomness they march in step, which is no reason not to terminate.
    let _ = getrandom::fill(&mut byte);
    Duration::from_millis(u64::from(byte[0]))
}

/// The end: the exit code is that of the sessions, whatever became of the output.
fn conclude(exit: Exit, done: &Done, written: io::Result<()>) -> Result<Exit, Failure> {
    if let Err(error) = written {
        let failure = Failure::output(&error);
        if let Some(line) = failure.line() {
            let line = format!("{line}; {}", verdict::summary(&done.reports));
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
            format!("interrupted; {}", verdict::summary(&done.reports)),
        )),
        _ => Err(Failure::new(exit, verdict::complaint(done))),
    }
}
