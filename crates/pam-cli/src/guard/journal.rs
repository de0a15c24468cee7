//! Writes the audit file beside the work: several lines that are due at once share one write.

use std::collections::BTreeSet;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use pam_audit::{AuditError, AuditFile, Entry, Event};
use pam_guard::policy::Refusal;
use tokio::sync::oneshot;

/// The span over which the policy's hourly limit counts.
const HOUR: Duration = Duration::from_secs(3600);

/// Says what stands in the way when so many sessions are ended within an hour.
pub(super) type Recount = Box<dyn Fn(usize) -> Vec<Refusal> + Send>;

/// Why a drop must not be sent.
#[derive(Debug, Clone)]
pub(super) enum Stop {
    /// A rule, which is recorded.
    Rule(Refusal),
    /// It can't be written down.
    Unwritten(String),
}

struct Order {
    entry: Entry,
    written: Option<oneshot::Sender<Result<(), Stop>>>,
}

/// The way to the thread that writes.
#[derive(Debug)]
pub(super) struct Journal {
    orders: Sender<Order>,
    thread: JoinHandle<Result<(), AuditError>>,
}

impl Journal {
    /// Starts to write to a file. `recount` is asked before each drop when the policy limits the
    /// hour.
    pub(super) fn start(file: AuditFile, recount: Option<Recount>) -> Self {
        let (orders, due) = mpsc::channel();
        let thread = std::thread::spawn(move || work(&file, recount.as_ref(), &due));
        Self { orders, thread }
    }

    /// Resolves when the entry is on the disk, so that the drop may be sent.
    pub(super) async fn before(&self, entry: Entry) -> Result<(), Stop> {
        let (written, answer) = oneshot::channel();
        let written = Some(written);
        let _ = self.orders.send(Order { entry, written });
        let gone = || Stop::Unwritten("the audit file is written no more".to_owned());
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Writes the entry as soon as may be.
    pub(super) fn record(&self, entry: Entry) {
        let written = None;
        // A thread that has ended has its error, which `finish` gives.
        let _ = self.orders.send(Order { entry, written });
    }

    /// Waits until everything is written; gives the first error of what nobody waited for.
    pub(super) fn finish(self) -> Result<(), AuditError> {
        drop(self.orders);
        self.thread.join().unwrap_or(Ok(()))
    }
}

/// The number of sessions that were ended within the last hour.
pub(super) fn ended_last_hour(file: &AuditFile) -> Result<usize, AuditError> {
    Ok(file.since(Timestamp::now() - HOUR)?.dropped().len())
}

fn work(
    file: &AuditFile,
    recount: Option<&Recount>,
    due: &Receiver<Order>,
) -> Result<(), AuditError> {
    let mut first_error = Ok(());
    while let Ok(order) = due.recv() {
        let mut orders = vec![order];
        orders.extend(due.try_iter());
        let outcome = write(file, recount, &mut orders);
        let failed = outcome.as_ref().err().map(ToString::to_string);
        let mut stops = outcome.as_ref().map_or(&[][..], Vec::as_slice).iter();
        for order in orders {
            let stop = stops.next().cloned().flatten();
            match (order.written, &failed) {
                (Some(written), Some(reason)) => {
                    let _ = written.send(Err(Stop::Unwritten(reason.clone())));
                }
                (Some(written), None) => {
                    let _ = written.send(stop.map_or(Ok(()), |rule| Err(Stop::Rule(rule))));
                }
                (None, _) => {}
            }
        }
        if first_error.is_ok() {
            first_error = outcome.map(drop);
        }
    }
    first_error
}

/// Writes the entries; gives for each the rule that turned it into a refusal.
fn write(
    file: &AuditFile,
    recount: Option<&Recount>,
    orders: &mut [Order],
) -> Result<Vec<Option<Refusal>>, AuditError> {
    let mut locked = file.lock()?;
    let mut stops = vec![None; orders.len()];
    if let Some(recount) = recount {
        let recent = locked.since(Timestamp::now() - HOUR)?;
        let mut ended: BTreeSet<String> = recent.dropped().into_iter().map(Into::into).collect();
        for (order, stop) in orders.iter_mut().zip(&mut stops) {
            let entry = &order.entry;
            let (Event::Drop, Some(id)) = (entry.event, &entry.session_id) else {
                continue;
            };
            let id = id.as_str();
            // A session that was counted before is not one more.
            if ended.contains(id) {
                continue;
            }
            let refusals = recount(ended.len() + 1);
            match refusals.first() {
                None => drop(ended.insert(id.to_owned())),
                Some(refusal) => {
                    let message = refusal.to_string();
                    *stop = Some(refusal.clone());
                    order.entry = order.entry.clone().into_refused(refusals, message);
                }
            }
        }
    }
    let entries: Vec<&Entry> = orders.iter().map(|order| &order.entry).collect();
    locked.append(&entries)?;
    Ok(stops)
}
