//! Drives [`pam_proto::termination`] with this client's connections and the system's clock.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use pam_adapter::drops::{self, PlannedDrop, Sought, Withheld};
use pam_proto::termination::{Coverage, Event, Limits, Report, Step, Target, Terminations, Ticket};
use pam_proto::{GetSession, Session, SessionRef, TerminateSession};

use crate::cancel::Cancel;
use crate::client::Client;
use crate::listing::Listing;

/// Stands by while sessions are terminated. `()` is one that does nothing.
///
/// Every method has a default, so a type implements what it needs.
pub trait Witness: Sync {
    /// Is called before each drop is sent: the place to write down what is about to happen.
    /// Several threads may call it at once. The drop is sent when it returns, and only then.
    ///
    /// # Errors
    /// A [`Withheld`] keeps the drop from being sent; its reason stands in the report.
    fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        let _ = drop;
        Ok(())
    }

    /// A session is done. Reports come one at a time, as soon as each is known.
    fn reported(&self, report: &Report) {
        let _ = report;
    }
}

impl Witness for () {}

/// What the threads tell the driver.
#[derive(Debug)]
pub(crate) enum News {
    Happened(Event),
    Cancelled,
}

impl Client {
    /// Terminates sessions and proves it: every one of them gets a report, and the reports come
    /// back in the order in which they became known.
    ///
    /// When it is cancelled, nothing more is sent; drops under way are awaited, and what is left is
    /// reported as it stands.
    ///
    /// A deadline of [`Limits`] that is shorter than this client's own is raised to it, so that
    /// an answer that the client still waits for is not given up. A look at the sessions that is
    /// under way when the last report is known ends by itself, at the latest with its deadline.
    pub fn terminate<T: Into<Target>>(
        &self,
        targets: impl IntoIterator<Item = T>,
        mut limits: Limits,
        witness: &impl Witness,
        cancel: &Cancel,
    ) -> Vec<Report> {
        limits.call_timeout = limits.call_timeout.max(self.transport().longest_call());
        let (sender, news) = mpsc::channel();
        cancel.tell(&sender);
        let mut driver = Driver {
            machine: Terminations::new(targets, limits, Duration::ZERO),
            origin: Instant::now(),
            looking: Looking(Arc::new(AtomicBool::new(true))),
            sender,
            news,
        };
        let mut reports = Vec::new();
        thread::scope(|scope| {
            loop {
                let wake = loop {
                    match driver.machine.next(driver.origin.elapsed()) {
                        Step::Report(report) => {
                            witness.reported(&report);
                            reports.push(*report);
                        }
                        Step::WaitUntil(time) => break time,
                        Step::Finished => return,
                        Step::Get { ticket, number } => driver.look(self, move |client| {
                            let get = GetSession::new(number);
                            let answer = client.answered(&get, client.at_once());
                            Some(drops::got(ticket, answer.map(|(_, session)| session)))
                        }),
                        Step::List { ticket, wanted } => {
                            let (origin, looking) = (driver.origin, driver.looking.clone());
                            driver.look(self, move |client| {
                                let began = origin.elapsed();
                                let (found, coverage) = look_for(client, wanted, &looking)?;
                                Some(Event::Listed {
                                    ticket,
                                    began,
                                    found,
                                    coverage,
                                })
                            });
                        }
                        step => {
                            if let Some((ticket, planned)) = PlannedDrop::of(step) {
                                let sender = driver.sender.clone();
                                scope.spawn(move || {
                                    let event = self.drop_session(ticket, planned, witness, cancel);
                                    let _ = sender.send(News::Happened(event));
                                });
                            }
                        }
                    }
                };
                driver.wait(wake);
            }
        });
        reports
    }

    fn drop_session(
        &self,
        ticket: Ticket,
        planned: PlannedDrop,
        witness: &impl Witness,
        cancel: &Cancel,
    ) -> Event {
        if let Err(withheld) = witness.before_drop(&planned) {
            return withheld.event(ticket);
        }
        // Writing it down may have taken longer than the caller had patience.
        if cancel.is_cancelled() {
            return Withheld::interrupted().event(ticket);
        }
        let drop = TerminateSession::new(planned.session_id);
        drops::dropped(ticket, self.answered(&drop, self.at_once()))
    }
}

struct Driver {
    machine: Terminations,
    origin: Instant,
    looking: Looking,
    sender: Sender<News>,
    news: Receiver<News>,
}

/// Whether what a look would find is still wanted.
#[derive(Clone)]
struct Looking(Arc<AtomicBool>);

impl Driver {
    /// A look changes nothing, so nobody waits for its end when it is not wanted any more.
    fn look(&self, client: &Client, look: impl FnOnce(&Client) -> Option<Event> + Send + 'static) {
        let (client, sender) = (client.clone(), self.sender.clone());
        thread::spawn(move || {
            if let Some(event) = look(&client) {
                let _ = sender.send(News::Happened(event));
            }
        });
    }

    /// Waits for news, at most until then.
    fn wait(&mut self, until: Duration) {
        // A time beyond the clock's range is one that only an event ends.
        let news = match self.origin.checked_add(until) {
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.news.recv_timeout(left)
            }
            None => self.news.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let event = match news {
            Ok(News::Happened(event)) => event,
            Ok(News::Cancelled) => Event::Cancelled,
            Err(_) => return,
        };
        self.machine.handle(event, self.origin.elapsed());
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.looking.0.store(false, Ordering::Relaxed);
    }
}

/// Reads the listing until all of these are found, or nobody wants to know any more.
fn look_for(
    client: &Client,
    wanted: Vec<SessionRef>,
    looking: &Looking,
) -> Option<(Vec<Session>, Coverage)> {
    let (filter, mut sought) = Sought::new(wanted);
    let mut listing = Listing::new(client, client.at_once(), &filter);
    while looking.0.load(Ordering::Relaxed) {
        let advanced = listing.advance(&mut |record| sought.take(&record));
        if let ControlFlow::Break(ended) = advanced {
            return Some(sought.ended(ended));
        }
    }
    None
}
