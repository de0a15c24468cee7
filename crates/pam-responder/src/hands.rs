//! What the engine decides is done here: listings are read and sessions ended.

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use pam_audit::{AuditFile, Context, Entry, PolicyNote, Purpose};
use pam_client::{Client, PlannedDrop, Withheld, Witness};
use pam_proto::Session;
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Target};
use pam_respond_core::{CaseReport, End, Event, Moment, PendingCase, Sessions, Termination};
use tokio::sync::{Notify, Semaphore, mpsc, oneshot};

use crate::clock::Clock;
use crate::engine::{Engine, Hands, Order};
use crate::metrics::Metrics;

/// Terminations under way at once.
const JOBS: usize = 8;

/// The hands of the engine.
pub(crate) struct Appliance {
    pub(crate) client: Client,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) wanted: Arc<Notify>,
    pub(crate) jobs: Arc<Semaphore>,
    pub(crate) reports: mpsc::Sender<CaseReport>,
    pub(crate) questions: mpsc::Sender<PendingCase>,
    /// What ended, where it is traced.
    pub(crate) traced: Option<mpsc::Sender<CaseReport>>,
    pub(crate) runtime: tokio::runtime::Handle,
}

impl Appliance {
    pub(crate) fn jobs() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(JOBS))
    }
}

/// Where evidence goes: what came while a line was written is written together.
#[derive(Debug)]
pub(crate) struct Audit {
    lines: Option<mpsc::Sender<Line>>,
    context: RwLock<Context>,
}

/// A line, and who is told when it is on the disk.
type Line = (Entry, oneshot::Sender<Result<(), String>>);

/// How many lines are written together at most, and how many may wait.
const LINES: usize = 256;

impl Audit {
    /// Starts the thread that writes it.
    pub(crate) fn start(file: Option<AuditFile>, context: Context) -> std::io::Result<Self> {
        let lines = match file {
            None => None,
            Some(file) => {
                let (lines, queue) = mpsc::channel(LINES);
                std::thread::Builder::new()
                    .name("audit".to_owned())
                    .spawn(move || write_lines(&file, queue))?;
                Some(lines)
            }
        };
        let context = RwLock::new(context);
        Ok(Self { lines, context })
    }

    /// Another policy is in force from now on.
    pub(crate) fn follow(&self, policy: Option<PolicyNote>) {
        let mut context = self.context.write().unwrap_or_else(PoisonError::into_inner);
        context.policy = policy;
    }

    fn context(&self) -> Context {
        let context = self.context.read().unwrap_or_else(PoisonError::into_inner);
        context.clone()
    }

    /// Writes one line; it is on the disk when this returns.
    async fn write(&self, entry: Entry) -> Result<(), String> {
        let Some(lines) = &self.lines else {
            return Ok(());
        };
        let gone = || "the audit is closed".to_owned();
        let (told, written) = oneshot::channel();
        lines.send((entry, told)).await.map_err(|_| gone())?;
        written.await.map_err(|_| gone())?
    }
}

fn write_lines(file: &AuditFile, mut queue: mpsc::Receiver<Line>) {
    let mut lines = Vec::with_capacity(LINES);
    while queue.blocking_recv_many(&mut lines, LINES) > 0 {
        let (entries, told): (Vec<Entry>, Vec<_>) = lines.drain(..).unzip();
        let written = file.append(&entries).map(|_| ());
        let written = written.map_err(|error| error.to_string());
        for told in told {
            let _ = told.send(written.clone());
        }
    }
}

/// Stands by while a session is ended.
struct Guard {
    case: u64,
    session: Session,
    engine: Engine,
    audit: Arc<Audit>,
    metrics: Arc<Metrics>,
    received: Option<Moment>,
    clock: Arc<Clock>,
    purpose: Purpose,
    withheld: std::sync::Mutex<Option<String>>,
}

impl Witness for Guard {
    async fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        let withhold = |reason: String| {
            let mut withheld = self.withheld.lock();
            if let Ok(withheld) = &mut withheld {
                **withheld = Some(reason.clone());
            }
            Withheld { reason }
        };
        let (case, id) = (self.case, drop.session_id.clone());
        let allowed = self.engine.may_drop(case, id, drop.record.clone()).await;
        allowed.map_err(withhold)?;
        let record = drop.record.as_deref().unwrap_or(&self.session);
        let (context, id) = (&self.audit.context(), &drop.session_id);
        let line = Entry::drop(context, &self.purpose, id, Some(record), drop.attempt);
        let written = self.audit.write(line).await;
        written.map_err(|error| withhold(format!("the audit line can't be written: {error}")))?;
        // The last thing before the drop, as writing may have taken a while.
        self.engine.brake().is_on().map_err(withhold)?;
        if let (Some(received), 1) = (self.received, drop.attempt) {
            self.metrics.dropped(self.clock.now().since(received));
        }
        Ok(())
    }
}

impl Hands for Appliance {
    fn request_listing(&self) {
        self.wanted.notify_one();
    }

    fn start_termination(&self, order: Order) {
        let (client, engine) = (self.client.clone(), self.engine.clone());
        let (audit, jobs) = (Arc::clone(&self.audit), Arc::clone(&self.jobs));
        let (metrics, clock) = (Arc::clone(&self.metrics), Arc::clone(&self.clock));
        self.runtime.spawn(async move {
            let permit = jobs.acquire().await;
            let Order {
                case,
                session,
                look_first,
                purpose,
                received,
            } = order;
            let guard = Guard {
                case,
                session: session.clone(),
                engine: engine.clone(),
                audit: Arc::clone(&audit),
                metrics,
                received,
                clock,
                purpose: purpose.clone(),
                withheld: std::sync::Mutex::new(None),
            };
            let Some(session_id) = session.session_id.clone() else {
                return;
            };
            let target = Target::seen(session);
            let target = if look_first {
                target.look_first()
            } else {
                target
            };
            let never = std::future::pending();
            let mut reports = client
                .terminate([target], Limits::default(), &guard, never)
                .await;
            let Some(report) = reports.pop() else {
                return;
            };
            // The next one may call the appliance while this one is written down.
            drop(permit);
            let line = Entry::outcome(&audit.context(), &purpose, &report);
            if let Err(error) = audit.write(line).await {
                tracing::error!(case, error, "the outcome could not be written to the audit");
            }
            let withheld = guard.withheld.into_inner().unwrap_or_default();
            let event = Event::Ended(Box::new(Termination {
                case,
                session_id,
                outcome: report.outcome,
                withheld,
                unreachable: report.is_unreachable(),
                attempts: report.attempts,
                message: report.message,
                after: report.evidence.after,
            }));
            engine.tell(event).await;
        });
    }

    fn ask(&self, case: PendingCase) {
        if self.questions.try_send(case).is_err() {
            tracing::warn!("too many questions wait; `pamctl respond pending` lists them all");
        }
    }

    fn report(&self, report: CaseReport) {
        let refused = matches!(
            report.end,
            End::Policy | End::HeldBack | End::Rejected | End::Expired
        );
        if refused {
            let audit = Arc::clone(&self.audit);
            let report = report.clone();
            self.runtime.spawn(async move {
                let purpose = Purpose {
                    trigger: serde_json::to_value(&report).ok(),
                    why: Some(report.reason),
                    ..Purpose::default()
                };
                let line = Entry::refused(&audit.context(), &purpose, None, Vec::new(), report.why);
                if let Err(error) = audit.write(line).await {
                    tracing::error!(error, "a refusal could not be written to the audit");
                }
            });
        }
        if let Some(traced) = &self.traced
            && traced.try_send(report.clone()).is_err()
        {
            self.metrics.traces_lost(1);
        }
        // A queue that is full is no loss: the journal holds every report until it is delivered.
        let _ = self.reports.try_send(report);
    }
}

/// Reads the listing when it is wanted, and every so often, one at a time.
pub(crate) async fn list(
    client: Client,
    engine: Engine,
    clock: Arc<Clock>,
    wanted: Arc<Notify>,
    zone: jiff::tz::TimeZone,
    every: Option<Duration>,
    metrics: Arc<Metrics>,
) {
    let running = Filter::new().active();
    loop {
        let began = clock.now();
        let mut sessions = Sessions::new(began);
        let read = client.list(&running, |record| {
            sessions.push(record.to_session(), &zone);
            ControlFlow::Continue(())
        });
        match read.await {
            Ok(_) => {
                metrics.listed(began);
                engine.tell(Event::Listing(Arc::new(sessions))).await;
            }
            Err(error) => {
                tracing::warn!(%error, "the listing could not be read");
                metrics.listing_failed();
                engine.tell(Event::ListingFailed).await;
            }
        }
        match every {
            Some(every) => {
                let _ = tokio::time::timeout(every, wanted.notified()).await;
            }
            None => wanted.notified().await,
        }
    }
}
