//! The one task in which decisions are made: events in, entries to the journal, and only when they
//! are durable the effects.
//!
//! While the journal writes what was decided, the next decisions are made; they are written
//! together when it is done, and in their order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pam_audit::Purpose;
use pam_proto::{Session, SessionId};
use pam_respond_core::{
    Case, CaseReport, Effect, Entry, Event, Moment, PendingCase, Record, Rejected, Responder,
    Status,
};
use tokio::sync::{mpsc, oneshot};

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::writer::{WriteError, Writer};

/// How many events may wait.
const QUEUE: usize = 4_096;

/// How many events are decided on between two commits.
const BATCH: usize = 512;

/// How many entries may wait for the journal before no more is decided.
const UNWRITTEN: usize = 8_192;

/// How long after a commit that failed the next one is tried.
const PAUSE: Duration = Duration::from_secs(1);

/// What became of a command.
type Obeyed = Result<(), Rejected>;

/// What the engine is asked.
enum Ask {
    /// Something happened.
    Event(Event),
    /// Something that may be rejected; answered when it is durable.
    Command(Event, oneshot::Sender<Obeyed>),
    /// Whether a drop may be sent.
    MayDrop {
        case: u64,
        id: SessionId,
        record: Option<Box<Session>>,
        reply: oneshot::Sender<Result<(), String>>,
    },
    /// Whether everything that was decided is written: answered when it is.
    Settled(oneshot::Sender<()>),
    Status(oneshot::Sender<Status>),
    Pending(oneshot::Sender<Vec<PendingCase>>),
}

/// The way to the engine.
#[derive(Clone)]
pub(crate) struct Engine {
    asks: mpsc::Sender<Ask>,
    brake: Brake,
}

/// What stops every drop at once, whatever the engine is busy with: its own halt, and a file.
#[derive(Debug, Clone)]
pub(crate) struct Brake {
    halted: Arc<AtomicBool>,
    file: Option<PathBuf>,
}

impl Brake {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self {
            halted: Arc::new(AtomicBool::new(false)),
            file,
        }
    }

    /// Why nothing may be dropped now.
    pub(crate) fn is_on(&self) -> Result<(), String> {
        if self.halted.load(Ordering::SeqCst) {
            return Err("the responder is halted".to_owned());
        }
        match &self.file {
            // A file of which it is unknown whether it exists counts as one that does.
            Some(file) if file.try_exists().unwrap_or(true) => {
                Err(format!("the halt file {} exists", file.display()))
            }
            _ => Ok(()),
        }
    }
}

/// A session that is to be ended.
pub(crate) struct Order {
    pub(crate) case: u64,
    pub(crate) session: Session,
    pub(crate) look_first: bool,
    /// Why, for the audit.
    pub(crate) purpose: Purpose,
    /// When the alert arrived, where the case is still known.
    pub(crate) received: Option<Moment>,
}

/// Carries effects out.
pub(crate) trait Hands: Send + 'static {
    fn request_listing(&self);
    fn start_termination(&self, order: Order);
    fn report(&self, report: CaseReport);
    fn ask(&self, case: PendingCase);
}

impl Engine {
    pub(crate) fn new(brake: Brake) -> (Self, Inbox) {
        let (asks, inbox) = mpsc::channel(QUEUE);
        (Self { asks, brake }, Inbox(inbox))
    }

    pub(crate) async fn tell(&self, event: Event) {
        let _ = self.asks.send(Ask::Event(event)).await;
    }

    /// A command of a person; `Err` in words when it is rejected or the engine is gone.
    pub(crate) async fn command(&self, event: Event) -> Result<(), String> {
        // A halt counts from now on, not from when its turn comes.
        if let Event::Halt { .. } = event {
            self.brake.halted.store(true, Ordering::SeqCst);
        }
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Command(event, reply), answer)
            .await?
            .map_err(|rejected| rejected.to_string())
    }

    pub(crate) async fn may_drop(
        &self,
        case: u64,
        id: SessionId,
        record: Option<Box<Session>>,
    ) -> Result<(), String> {
        self.brake.is_on()?;
        let (reply, answer) = oneshot::channel();
        let ask = Ask::MayDrop {
            case,
            id,
            record,
            reply,
        };
        self.ask(ask, answer).await?
    }

    pub(crate) fn brake(&self) -> &Brake {
        &self.brake
    }

    /// Waits until everything that was decided is written.
    pub(crate) async fn settled(&self) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Settled(reply), answer).await
    }

    pub(crate) async fn status(&self) -> Result<Status, String> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Status(reply), answer).await
    }

    pub(crate) async fn pending(&self) -> Result<Vec<PendingCase>, String> {
        let (reply, answer) = oneshot::channel();
        self.ask(Ask::Pending(reply), answer).await
    }

    /// How many events wait.
    pub(crate) fn waiting(&self) -> usize {
        QUEUE - self.asks.capacity()
    }

    async fn ask<T>(&self, ask: Ask, answer: oneshot::Receiver<T>) -> Result<T, String> {
        let gone = "the responder is shutting down".to_owned();
        self.asks.send(ask).await.map_err(|_| gone.clone())?;
        answer.await.map_err(|_| gone)
    }
}

/// What waits for the engine.
pub(crate) struct Inbox(mpsc::Receiver<Ask>);

/// The engine itself.
pub(crate) struct Running<H> {
    pub(crate) responder: Responder,
    pub(crate) writer: Writer,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) hands: H,
    pub(crate) brake: Brake,
    /// The time of the last turn, for the watchdog.
    pub(crate) alive: Arc<AtomicBool>,
}

/// What was decided and not carried out yet.
#[derive(Default)]
struct Decided {
    entries: Vec<Entry>,
    /// What may be done when the entries are durable.
    effects: Vec<Effect>,
    replies: Vec<Reply>,
}

/// Who is told when it is.
enum Reply {
    Command(oneshot::Sender<Obeyed>, Obeyed),
    Settled(oneshot::Sender<()>),
}

impl Decided {
    fn take(&mut self, effects: impl IntoIterator<Item = Effect>) {
        for effect in effects {
            match effect {
                Effect::Persist(entries) => self.entries.extend(entries),
                effect => self.effects.push(effect),
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.effects.is_empty() && self.replies.is_empty()
    }
}

/// Entries on their way into the journal; false when it is closed.
type Writing = Pin<Box<dyn Future<Output = bool> + Send>>;

impl<H: Hands> Running<H> {
    /// Decides until nobody can ask any more. `first` is what a resumed responder does.
    pub(crate) async fn run(mut self, mut inbox: Inbox, first: Vec<Effect>) {
        let mut next = Decided::default();
        next.take(first);
        // Whoever was asked before a restart may never have heard of it.
        let pending = self.responder.pending();
        self.ask(pending.iter().map(|pending| pending.case).collect());
        self.follow_halt();
        let mut asks = Vec::with_capacity(BATCH);
        let mut under_way: Option<(Decided, Writing)> = None;
        loop {
            if under_way.is_none() && !next.is_empty() {
                let decided = std::mem::take(&mut next);
                self.log(&decided.entries);
                let writing = write(self.writer.clone(), decided.entries.clone());
                under_way = Some((decided, writing));
            }
            let wake = self.responder.next_wake();
            let pause = wake.map_or(Duration::from_secs(5), |wake| self.clock.until(wake));
            // At least every few seconds, so that the watchdog sees that it lives.
            let pause = pause.min(Duration::from_secs(5));
            tokio::select! {
                biased;
                written = written(&mut under_way) => {
                    match (under_way.take(), written) {
                        (Some((decided, _)), true) => self.carry_out(decided),
                        _ => return,
                    }
                    continue;
                }
                count = inbox.0.recv_many(&mut asks, BATCH), if next.entries.len() < UNWRITTEN => {
                    if count == 0 {
                        return;
                    }
                }
                () = tokio::time::sleep(pause) => {}
            }
            for ask in asks.drain(..) {
                self.answer(ask, &mut next);
            }
            let effects = self.handle(Event::Tick);
            next.take(effects);
            self.follow_halt();
            self.alive.store(true, Ordering::Relaxed);
        }
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        let now = self.clock.now();
        self.responder.handle(event, now).unwrap_or_default()
    }

    fn follow_halt(&self) {
        let halted = self.responder.is_halted();
        self.brake.halted.store(halted, Ordering::SeqCst);
    }

    fn answer(&mut self, ask: Ask, next: &mut Decided) {
        match ask {
            Ask::Event(event) => next.take(self.handle(event)),
            Ask::Command(event, reply) => {
                let result = self.responder.handle(event, self.clock.now());
                let result = result.map(|effects| next.take(effects));
                next.replies.push(Reply::Command(reply, result));
            }
            Ask::Settled(reply) => next.replies.push(Reply::Settled(reply)),
            Ask::MayDrop {
                case,
                id,
                record,
                reply,
            } => {
                let now = self.clock.now();
                let _ = reply.send(self.responder.may_drop(case, &id, record.as_deref(), now));
            }
            Ask::Status(reply) => drop(reply.send(self.responder.status())),
            Ask::Pending(reply) => drop(reply.send(self.responder.pending())),
        }
    }

    /// Does what was decided, now that it is written.
    fn carry_out(&self, decided: Decided) {
        let asked = decided
            .entries
            .iter()
            .filter_map(|entry| match &entry.record {
                Record::Asked { case, .. } => Some(*case),
                _ => None,
            });
        self.ask(asked.collect());
        for effect in decided.effects {
            match effect {
                Effect::RequestListing => self.hands.request_listing(),
                Effect::StartTermination {
                    case,
                    session,
                    look_first,
                } => {
                    let known = self.responder.case(case);
                    self.hands.start_termination(Order {
                        case,
                        session: *session,
                        look_first,
                        purpose: known.map(|case| self.purpose(case)).unwrap_or_default(),
                        received: known.map(|case| case.alert.at),
                    });
                }
                Effect::Report(report) => {
                    self.metrics.ended(&report);
                    self.hands.report(*report);
                }
                _ => {}
            }
        }
        for reply in decided.replies {
            match reply {
                Reply::Command(reply, obeyed) => drop(reply.send(obeyed)),
                Reply::Settled(reply) => drop(reply.send(())),
            }
        }
    }

    /// Has people asked about these cases, as far as they still wait for an answer.
    fn ask(&self, cases: BTreeSet<u64>) {
        if cases.is_empty() {
            return;
        }
        let pending = self.responder.pending().into_iter();
        for case in pending.filter(|pending| cases.contains(&pending.case)) {
            self.hands.ask(case);
        }
    }

    /// One line a fact, each with the key of its alert: the trace from the alert to its end.
    fn log(&self, entries: &[Entry]) {
        let mut traces: BTreeMap<u64, &str> = BTreeMap::new();
        for record in entries.iter().map(|entry| &entry.record) {
            let trace = match record {
                Record::Closed { report } => Some(report.key.as_str()),
                _ => {
                    let case = record.case().and_then(|case| self.responder.case(case));
                    case.map(|case| case.alert.key.as_str())
                }
            };
            if let (Some(case), Some(trace)) = (record.case(), trace) {
                traces.insert(case, trace);
            }
        }
        for record in entries.iter().map(|entry| &entry.record) {
            let (case, kind) = (record.case(), record.kind());
            let trace = case.and_then(|case| traces.get(&case)).copied();
            match record {
                // What there may be thousands of a second.
                Record::Unmatched { alert, .. } | Record::Ended { alert } => {
                    tracing::debug!(alert, kind, "{record}");
                }
                _ => tracing::info!(case, trace, kind, "{record}"),
            }
        }
    }

    /// What asked for a termination, for the audit.
    fn purpose(&self, case: &Case) -> Purpose {
        let alert = &case.alert;
        let rules = &self.responder.settings().rules;
        let rule = rules.iter().find(|rule| rule.name == case.rule);
        let trigger = serde_json::json!({
            "case": case.number,
            "rule": case.rule,
            "alert": {
                "number": alert.number,
                "key": alert.key,
                "id": alert.alert.id,
                "source": alert.alert.source,
                "event": alert.alert.event,
                "user": alert.alert.user,
            },
            "candidates": case.candidates,
            "reconnect_of": case.reconnect_of,
        });
        Purpose {
            trigger: Some(trigger),
            why: rule.map(|rule| rule.reason.clone()),
            ticket: rule.and_then(|rule| rule.ticket.clone()),
            break_glass: None,
        }
    }
}

/// What is not written is not done: neither now nor, for want of time, without its record.
fn write(writer: Writer, entries: Vec<Entry>) -> Writing {
    Box::pin(async move {
        if entries.is_empty() {
            return true;
        }
        let entries = Arc::new(entries);
        loop {
            match writer.append(Arc::clone(&entries)).await {
                Ok(()) => return true,
                Err(WriteError::Closed) => return false,
                Err(error) => {
                    tracing::error!(%error, "decisions wait until they can be written");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

/// Waits for the entries under way; for ever where there are none.
async fn written(under_way: &mut Option<(Decided, Writing)>) -> bool {
    match under_way {
        Some((_, writing)) => writing.as_mut().await,
        None => std::future::pending().await,
    }
}
