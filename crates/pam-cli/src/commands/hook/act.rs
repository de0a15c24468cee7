//! Acting on one alert without a responder: the same correlation, under the policy of this machine.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use pam_alert::Alert;
use pam_client::Client;
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Report};
use pam_proto::{Notes, Session};
use pam_respond_core::config_text::ConfigText;
use pam_respond_core::{
    CaseReport, Effect, End, Event, Match, Moment, Received, Responder, Sessions, Settings,
    Termination,
};
use tokio::time::sleep;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::guard::{Guard, GuardOptions};
use crate::online::{Online, Stop};
use crate::output::stderr;
use crate::quantity;

/// Whether and how the alert is acted on here.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options to act without a responder")]
pub(super) struct Acting {
    /// Find the session that the alert means and end it, under the policy
    #[arg(long, value_enum, value_name = "MODE", conflicts_with = "responder")]
    pub(super) act: Option<Mode>,
    /// In which fields alert and session must agree: session_id, user, device, credential, origin,
    /// port
    #[arg(
        long = "match",
        value_name = "FIELDS",
        value_delimiter = ',',
        default_value = "user,device",
        value_parser = field
    )]
    fields: Vec<Match>,
    /// How long the session is looked for, since the listing lags
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = quantity::deadline)]
    look_for: Duration,
    #[command(flatten)]
    guard: GuardOptions,
}

/// How far it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Say what would be ended, and end nothing
    Shadow,
    /// End it
    Armed,
}

fn field(name: &str) -> Result<Match, String> {
    let found = Match::ALL.into_iter().find(|field| field.name() == name);
    found.ok_or_else(|| {
        let names = Match::ALL.map(Match::name).join(", ");
        format!("`{name}` is none of {names}")
    })
}

impl Acting {
    /// Acts on the alert, and says what became of it.
    pub(super) fn on(&self, mode: Mode, alert: Alert, online: &Online) -> Result<Exit, Failure> {
        let guard = Guard::open(&self.guard, "pamctl hook", online)?;
        let guard = guard.triggered_by(serde_json::to_value(&alert).unwrap_or_default());
        let settings = self.settings(mode, &alert.source, online.clock()?.zone())?;
        let responder = Responder::new(settings, now());
        let case = Case {
            responder,
            guard: &guard,
            verify: Limits::default(),
        };
        let report = online.run_until("responding", async |client: &Client, _, stop| {
            case.run(alert, client, stop).await
        })?;
        conclude(report.as_ref())
    }

    /// One rule, which is about this alert. Limits over time are the policy's, which counts in the
    /// audit file: this process knows of no other alert.
    fn settings(&self, mode: Mode, source: &str, zone: TimeZone) -> Result<Settings, Failure> {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name()).collect();
        let text = format!(
            "[[rule]]\nname = \"hook\"\nwhen = \"source={source}\"\nmatch = {names:?}\nmode = \
             \"{}\"\ndeadline = \"{}s\"\n",
            match mode {
                Mode::Shadow => "shadow",
                Mode::Armed => "armed",
            },
            self.look_for.as_secs().max(1),
        );
        let mut mistakes = Vec::new();
        let mut root = ConfigText::new(&text).root(&mut mistakes);
        let mut settings = Settings::read(&mut root, |_| None, &mut mistakes);
        if let Some(mistake) = mistakes.first() {
            return Err(Failure::usage(&mistake.reason));
        }
        settings.zone = zone;
        // A listing that fails is asked for again no longer than the session is looked for.
        settings.give_up = self.look_for;
        Ok(settings)
    }
}

/// The one case, and who carries out what is decided.
struct Case<'a> {
    responder: Responder,
    guard: &'a Guard,
    verify: Limits,
}

impl Case<'_> {
    async fn run(
        mut self,
        alert: Alert,
        client: &Client,
        mut stop: Stop,
    ) -> Result<Option<CaseReport>, Failure> {
        let (key, at) = (alert.dedupe_key(), now());
        let received = Received {
            number: 1,
            key,
            at,
            alert,
        };
        let mut effects = VecDeque::new();
        self.tell(&mut effects, Event::Alert(Arc::new(received)));
        loop {
            while let Some(effect) = effects.pop_front() {
                let event = match effect {
                    // The audit file has what must outlive this process.
                    Effect::Persist(_) => continue,
                    Effect::RequestListing => tokio::select! {
                        event = self.list(client) => event,
                        () = &mut stop => return Err(interrupted()),
                    },
                    Effect::StartTermination { case, session, .. } => {
                        self.terminate(case, *session, client, &mut stop).await?
                    }
                    Effect::Report(report) => return Ok(Some(*report)),
                    _ => continue,
                };
                self.tell(&mut effects, event);
            }
            let Some(wake) = self.responder.next_wake() else {
                return Ok(None);
            };
            tokio::select! {
                () = sleep(wake.since(now())) => {}
                () = &mut stop => return Err(interrupted()),
            }
            self.tell(&mut effects, Event::Tick);
        }
    }

    fn tell(&mut self, effects: &mut VecDeque<Effect>, event: Event) {
        // Nobody approves or denies here, and nothing else is ever rejected.
        effects.extend(self.responder.handle(event, now()).unwrap_or_default());
    }

    async fn list(&self, client: &Client) -> Event {
        let zone = &self.responder.settings().zone;
        let mut sessions = Sessions::new(now());
        let mut notes = Notes::default();
        let listed = client
            .list(&Filter::new().active(), |record| {
                sessions.push(record.to_session_noting(&mut notes), zone);
                ControlFlow::Continue(())
            })
            .await;
        match listed {
            Ok(_) => Event::Listing(Arc::new(sessions)),
            Err(error) => {
                stderr::warning(format!("the listing can't be read: {error}"));
                Event::ListingFailed
            }
        }
    }

    async fn terminate(
        &self,
        case: u64,
        session: Session,
        client: &Client,
        stop: &mut Stop,
    ) -> Result<Event, Failure> {
        let permit = self.guard.permit(vec![session.clone()], Vec::new())?;
        let told = |_: &Report| {};
        let mut done = self
            .guard
            .terminate(client, permit, self.verify.clone(), told, stop)
            .await;
        let Some(report) = done.reports.pop() else {
            return Err(interrupted());
        };
        let session_id = report.session_id.clone().or(session.session_id);
        let session_id = session_id.ok_or_else(|| {
            Failure::new(
                Exit::Failed,
                "the session has no id by which it can be ended",
            )
        })?;
        let is_refused = done.refused.contains(&session_id) && report.attempts == 0;
        Ok(Event::Ended(Box::new(Termination {
            case,
            session_id,
            outcome: report.outcome,
            withheld: is_refused.then(|| report.message.clone()),
            unreachable: report.is_unreachable(),
            attempts: report.attempts,
            message: report.message,
            after: None,
        })))
    }
}

fn now() -> Moment {
    Moment::from_millis(Timestamp::now().as_millisecond())
}

fn interrupted() -> Failure {
    Failure::new(Exit::Interrupted, "interrupted")
}

/// What became of the case, in one line and an exit code.
fn conclude(report: Option<&CaseReport>) -> Result<Exit, Failure> {
    let Some(report) = report else {
        stderr::note("the alert asks for no action");
        return Ok(Exit::Done);
    };
    let sessions: Vec<String> = report
        .sessions
        .iter()
        .map(|session| {
            format!(
                "session {} of {} on {}",
                session.id, session.user, session.device
            )
        })
        .collect();
    let line = match sessions.is_empty() {
        true => format!("{}: {}", report.end, report.why),
        false => format!("{}: {}: {}", report.end, sessions.join(", "), report.why),
    };
    let exit = match report.end {
        End::Terminated | End::AlreadyEnded | End::Shadow | End::MachineActor => {
            stderr::note(line);
            return Ok(Exit::Done);
        }
        End::NoSession | End::NotFound => Exit::NoSuchSession,
        End::Policy | End::HeldBack => Exit::Policy,
        End::Unconfirmed => Exit::Unconfirmed,
        End::Denied => Exit::NotAuthorized,
        End::NoListing => Exit::Unreachable,
        _ => Exit::Failed,
    };
    Err(Failure::new(exit, line))
}
