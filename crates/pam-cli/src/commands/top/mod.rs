//! `pamctl top`: the sessions that run, live, and a key that ends one.

use std::cell::Cell;
use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::pin::Pin;
use std::time::Duration;

use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::civil::DateTime;
use pam_client::{CallError, Client};
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Outcome};
use pam_proto::{Session, SessionNumber};
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::appliance_time::Clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::filter;
use crate::guard::{Guard, GuardOptions};
use crate::online::{Online, Stop};
use crate::output::stderr;
use crate::pace::{Pace, random};
use crate::quantity;

mod app;
mod order;
mod screen;
mod view;

use app::{App, Reading, Row, Wish};
use screen::Screen;
use view::Palette;

/// Show the sessions that run, live, and terminate one with a key
///
/// The listing is read again and again. A session is terminated after a question, under the same
/// policy and with the same record as `session terminate`, and its outcome is proven. `P` in front
/// of a session: the policy protects it. `?` shows the keys.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl top
  pamctl top --filter 'credential=root and not origin in 10.0.0.0/8'
  pamctl top --interval 2s --reason 'exfiltration alert' --ticket INC-1042

Keys:
  up, down, k, j        move             Enter   details
  x, Delete             terminate        /       filter
  s, S                  order            r       read now
  ?                     help             q       quit")]
pub(crate) struct Top {
    /// Show only sessions that this filter means; `/` changes it
    #[arg(long, value_name = "EXPR", value_parser = filter::parse)]
    filter: Option<pam_guard::Filter>,
    /// How long to wait between two readings of the listing
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = quantity::deadline)]
    interval: Duration,
    /// How long to wait for the proof that a session ended
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = quantity::deadline)]
    verify_timeout: Duration,
    #[command(flatten)]
    guard: GuardOptions,
}

impl Top {
    pub(crate) fn run(self, online: &Online) -> Result<Exit, Failure> {
        if !(io::stdin().is_terminal() && io::stdout().is_terminal()) {
            return Err(Failure::usage(
                "top needs a terminal; use `pamctl session list` or `session watch`",
            ));
        }
        // Without a guard the sessions are shown all the same.
        let guard = Guard::open(&self.guard, "pamctl top", online);
        let clock = online.clock()?;
        let ended = online.run_until("", async |client, progress, stop| {
            progress.finish();
            self.live(client, &clock, guard, stop).await
        });
        // What was said meanwhile would have been drawn over.
        stderr::release();
        ended
    }

    async fn live(
        &self,
        client: &Client,
        clock: &Clock,
        guard: Result<Guard, Failure>,
        mut stop: Stop,
    ) -> Result<Exit, Failure> {
        let mut app = App::new(client.base().to_string(), self.filter.clone(), clock.now());
        let mut screen = Screen::open().map_err(unusable)?;
        stderr::hold();
        let palette = Palette::new(screen::has_colours());
        let mut keys = screen.keys();
        let mut pace = Pace::new(self.interval);
        let sleeping = Cell::new(false);
        let read_after = |wait: Duration| {
            let sleeping = &sleeping;
            Box::pin(async move {
                sleeping.set(true);
                sleep(wait).await;
                sleeping.set(false);
                running(client).await
            })
        };
        let mut reading: Pin<Box<dyn Future<Output = _>>> = read_after(Duration::ZERO);
        let (stopping, _) = watch::channel(false);
        let mut kills = FuturesUnordered::new();
        let mut second = interval(Duration::from_secs(1));
        second.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let exit = loop {
            screen
                .draw(|frame| view::draw(frame, &mut app, palette))
                .map_err(unusable)?;
            let wish = tokio::select! {
                () = &mut stop => Some(Wish::Interrupt),
                key = keys.recv() => match key {
                    Some(key) => key.and_then(|key| app.key(key)),
                    // The terminal is gone.
                    None => Some(Wish::Interrupt),
                },
                read = &mut reading => {
                    reading = read_after(take_in(&mut app, read, guard.as_ref().ok(), clock.now(), &mut pace));
                    None
                }
                Some((session, good, text)) = kills.next(), if !kills.is_empty() => {
                    stderr::note(&text);
                    app.done(session, good, text);
                    Some(Wish::Refresh)
                }
                _ = second.tick() => {
                    app.now = clock.now();
                    None
                }
            };
            match (wish, &guard) {
                (None, _) => {}
                (Some(Wish::Quit), _) => break Ok(Exit::Done),
                (Some(Wish::Interrupt), _) => {
                    break Err(Failure::new(Exit::Interrupted, "interrupted"));
                }
                (Some(Wish::Refresh), _) => {
                    if sleeping.get() {
                        reading = read_after(Duration::ZERO);
                    }
                }
                (Some(Wish::Ask(_) | Wish::Kill(_)), Err(failure)) => {
                    app.say(false, failure.line().unwrap_or_default());
                }
                (Some(Wish::Ask(session)), Ok(guard)) => ask(&mut app, guard, session),
                (Some(Wish::Kill(session)), Ok(guard)) => {
                    let stopped = stopping.subscribe();
                    kills.push(self.kill(client, guard, session, stopped));
                }
            }
        };
        drop(screen);
        if !kills.is_empty() {
            stderr::release();
            stderr::warning("stopping: nothing more is sent, drops under way are awaited");
            let _ = stopping.send(true);
            while let Some((_, _, text)) = kills.next().await {
                stderr::note(text);
            }
        }
        exit
    }

    /// Terminates a session under guard: its number, whether it ended, and what to say.
    async fn kill(
        &self,
        client: &Client,
        guard: &Guard,
        session: Box<Session>,
        mut stopped: watch::Receiver<bool>,
    ) -> (SessionNumber, bool, String) {
        let number = session.id;
        let about = format!("session {number} ({} on {})", session.user, session.device);
        let permit = match guard.permit(vec![*session], Vec::new()) {
            Ok(permit) => permit,
            Err(failure) => {
                let line = failure.line().unwrap_or_default();
                return (number, false, format!("{about}: {line}"));
            }
        };
        let mut limits = Limits::default();
        limits.verify_timeout = self.verify_timeout;
        let stop = async move {
            // When the sender is gone, so is the whole.
            let _ = stopped.wait_for(|stop| *stop).await;
        };
        let done = guard.terminate(client, permit, limits, |_| {}, stop).await;
        let Some(report) = done.reports.first() else {
            return (number, false, format!("{about}: nothing was reported"));
        };
        let good = matches!(report.outcome, Outcome::Terminated | Outcome::AlreadyEnded);
        let text = format!("{}: {about}: {}", report.outcome.name(), report.message);
        (number, good, text)
    }
}

/// Asks the question, unless the policy has the answer.
fn ask(app: &mut App, guard: &Guard, session: Box<Session>) {
    match guard.decide(vec![(*session).clone()], Vec::new()) {
        Ok(Ok(_)) => app.ask(session),
        Ok(Err(refused)) => {
            app.say(false, refused.of(session.id));
            guard.record_refusal(std::slice::from_ref(&session), &refused);
        }
        Err(failure) => app.say(false, failure.line().unwrap_or_default()),
    }
}

/// Shows what was read, and says when to read again.
fn take_in(
    app: &mut App,
    read: Result<Vec<Session>, CallError>,
    guard: Option<&Guard>,
    now: DateTime,
    pace: &mut Pace,
) -> Duration {
    match read {
        Ok(sessions) => {
            let rows = sessions.into_iter().map(|session| Row {
                protected: guard.and_then(|guard| guard.protects(&session)),
                session,
            });
            app.show(rows.collect(), now);
            app.reading = Reading::Good;
            pace.succeeded(random())
        }
        Err(error) => {
            let asked = error.reply().and_then(|reply| reply.retry_after);
            let failure = Failure::from(error);
            app.reading = Reading::Failed(failure.line().unwrap_or_default().to_owned());
            pace.failed(asked, random())
        }
    }
}

/// The sessions that run.
async fn running(client: &Client) -> Result<Vec<Session>, CallError> {
    let mut sessions = Vec::new();
    client
        .list(&Filter::new().active(), |record| {
            sessions.push(record.to_session());
            ControlFlow::Continue(())
        })
        .await?;
    Ok(sessions)
}

fn unusable(error: io::Error) -> Failure {
    Failure::new(Exit::Failed, format!("the terminal can't be used: {error}"))
}
