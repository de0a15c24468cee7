//! The thread that writes the journal: what came while it wrote goes into the next commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use pam_respond_core::{CaseReport, Entry, Incoming, Journal as _, Moment};
use tokio::sync::{mpsc, oneshot};

use crate::sqlite::{self, JournalError, SqliteJournal};

/// What is written in one commit at most.
const BATCH: usize = 1_024;

/// How many writes may wait.
const QUEUE: usize = 8_192;

type Reply<T> = oneshot::Sender<Result<T, Arc<JournalError>>>;

enum Write {
    Accept(Arc<Vec<Incoming>>, Reply<Vec<Option<u64>>>),
    Append(Arc<Vec<Entry>>, Reply<()>),
    Reported(u64),
    Unreported(usize, Reply<Vec<CaseReport>>),
    Forget(Moment),
    Close(oneshot::Sender<()>),
}

/// What is done in a commit.
enum Work {
    Accept(Arc<Vec<Incoming>>),
    Append(Arc<Vec<Entry>>),
    Reported(u64),
}

/// Who is told when the commit is durable, or that it is not.
enum Answer {
    Accepted(Reply<Vec<Option<u64>>>),
    Appended(Reply<()>),
    Nobody,
}

/// The way to the writing thread.
#[derive(Clone)]
pub(crate) struct Writer {
    writes: mpsc::Sender<Write>,
    failing: Arc<AtomicBool>,
    commits: Arc<AtomicU64>,
}

/// Why a write was not made.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum WriteError {
    #[error(transparent)]
    Journal(#[from] Arc<JournalError>),
    #[error("the journal is closed")]
    Closed,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(journal: SqliteJournal) -> std::io::Result<Self> {
        let (writes, queue) = mpsc::channel(QUEUE);
        let writer = Self {
            writes,
            failing: Arc::new(AtomicBool::new(false)),
            commits: Arc::new(AtomicU64::new(0)),
        };
        let (failing, commits) = (Arc::clone(&writer.failing), Arc::clone(&writer.commits));
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || write(journal, queue, &failing, &commits))?;
        Ok(writer)
    }

    /// Takes alerts in and gives their numbers, none to one that is known already; they are durable
    /// when this returns.
    pub(crate) async fn accept(
        &self,
        alerts: Arc<Vec<Incoming>>,
    ) -> Result<Vec<Option<u64>>, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Write::Accept(alerts, reply), answer).await
    }

    /// Writes entries; they are durable when this returns.
    pub(crate) async fn append(&self, entries: Arc<Vec<Entry>>) -> Result<(), WriteError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Write::Append(entries, reply), answer).await
    }

    /// The reports that were not delivered yet.
    pub(crate) async fn unreported(&self, most: usize) -> Result<Vec<CaseReport>, WriteError> {
        let (reply, answer) = oneshot::channel();
        self.ask(Write::Unreported(most, reply), answer).await
    }

    /// Marks a report as delivered.
    pub(crate) async fn reported(&self, case: u64) {
        // Not being marked means being delivered again.
        let _ = self.writes.send(Write::Reported(case)).await;
    }

    /// Forgets what ended before.
    pub(crate) async fn forget(&self, before: Moment) {
        let _ = self.writes.send(Write::Forget(before)).await;
    }

    /// Closes the journal when everything before is written; nothing is written after.
    pub(crate) async fn close(&self) {
        let (reply, closed) = oneshot::channel();
        let _ = self.writes.send(Write::Close(reply)).await;
        let _ = closed.await;
    }

    /// Whether the last commit failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    /// How many writes wait.
    pub(crate) fn waiting(&self) -> usize {
        QUEUE - self.writes.capacity()
    }

    /// Commits so far.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    async fn ask<T>(
        &self,
        write: Write,
        answer: oneshot::Receiver<Result<T, Arc<JournalError>>>,
    ) -> Result<T, WriteError> {
        let sent = self.writes.send(write).await;
        sent.map_err(|_| WriteError::Closed)?;
        let answer = answer.await.map_err(|_| WriteError::Closed)?;
        Ok(answer?)
    }
}

fn write(
    mut journal: SqliteJournal,
    mut queue: mpsc::Receiver<Write>,
    failing: &AtomicBool,
    commits: &AtomicU64,
) {
    let mut batch = Vec::with_capacity(BATCH);
    let mut closing = None;
    while queue.blocking_recv_many(&mut batch, BATCH) > 0 {
        let (mut works, mut answers, mut reads) = (Vec::new(), Vec::new(), Vec::new());
        for write in batch.drain(..) {
            let (work, answer) = match write {
                Write::Accept(alerts, reply) => (Work::Accept(alerts), Answer::Accepted(reply)),
                Write::Append(entries, reply) => (Work::Append(entries), Answer::Appended(reply)),
                Write::Reported(case) => (Work::Reported(case), Answer::Nobody),
                Write::Unreported(most, reply) => {
                    reads.push((most, reply));
                    continue;
                }
                Write::Close(reply) => {
                    closing = Some(reply);
                    continue;
                }
                Write::Forget(before) => {
                    if let Err(error) = journal.forget(before) {
                        tracing::warn!(%error, "nothing was forgotten");
                    }
                    continue;
                }
            };
            works.push(work);
            answers.push(answer);
        }
        if !works.is_empty() {
            commit(&mut journal, works, answers, failing, commits);
        }
        // What is read is what was written before it was asked.
        for (most, reply) in reads {
            let _ = reply.send(journal.unreported(most).map_err(Arc::new));
        }
        if closing.is_some() {
            break;
        }
    }
    // Its lock is free for the next one before whoever asked goes on.
    drop(journal);
    if let Some(closed) = closing {
        let _ = closed.send(());
    }
}

fn commit(
    journal: &mut SqliteJournal,
    works: Vec<Work>,
    answers: Vec<Answer>,
    failing: &AtomicBool,
    commits: &AtomicU64,
) {
    let done = journal.batch(|transaction| {
        let done = works.into_iter().map(|work| match work {
            Work::Accept(alerts) => sqlite::accept(transaction, &alerts),
            Work::Append(entries) => sqlite::append(transaction, &entries).map(|()| Vec::new()),
            Work::Reported(case) => sqlite::reported(transaction, case).map(|()| Vec::new()),
        });
        done.collect::<rusqlite::Result<Vec<_>>>()
    });
    failing.store(done.is_err(), Ordering::Relaxed);
    match done {
        Ok(done) => {
            commits.fetch_add(1, Ordering::Relaxed);
            for (accepted, answer) in done.into_iter().zip(answers) {
                match answer {
                    Answer::Accepted(reply) => drop(reply.send(Ok(accepted))),
                    Answer::Appended(reply) => drop(reply.send(Ok(()))),
                    Answer::Nobody => {}
                }
            }
        }
        Err(error) => {
            tracing::error!(%error, "nothing was written");
            let error = Arc::new(error);
            for answer in answers {
                match answer {
                    Answer::Accepted(reply) => drop(reply.send(Err(Arc::clone(&error)))),
                    Answer::Appended(reply) => drop(reply.send(Err(Arc::clone(&error)))),
                    Answer::Nobody => {}
                }
            }
            // A full disk is not asked a thousand times a second.
            thread::sleep(Duration::from_millis(50));
        }
    }
}
