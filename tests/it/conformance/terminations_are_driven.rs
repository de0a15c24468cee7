//! The driver of the state machine; what the machine decides is tested where it is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pam_adapter::drops::{PlannedDrop, Withheld};
use pam_proto::termination::{Limits, Outcome, Report};
use pam_proto::{SessionId, SessionRef};
use tokio::sync::oneshot;

use super::appliance::{Appliance, DROPPED, Seen, Step, answer, listing, ok, record};
use super::{Adapter, Witness, never, nobody};

/// Sessions 0 to 9, and what is left of them.
#[derive(Clone, Default)]
struct Sessions(Arc<Mutex<BTreeSet<usize>>>);

impl Sessions {
    fn all_active() -> Self {
        Self(Arc::new(Mutex::new((0..10).collect())))
    }

    fn end(&self, seen: &Seen) {
        let path = seen.line().split(' ').nth(1).unwrap();
        let number = path.rsplit_once("session-").unwrap().1.parse().unwrap();
        self.0.lock().unwrap().remove(&number);
    }

    fn listing(&self) -> Vec<u8> {
        let active = self.0.lock().unwrap();
        let records = (0..10).map(|number| record(number, active.contains(&number)));
        answer("200 OK", "", listing(records))
    }

    fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }
}

fn honest(sessions: &Sessions) -> Appliance {
    let sessions = sessions.clone();
    Appliance::start(move |seen| {
        if seen.line().starts_with("DELETE") {
            sessions.end(seen);
            return vec![Step::Send(ok())];
        }
        vec![Step::Send(sessions.listing())]
    })
}

fn targets(numbers: impl IntoIterator<Item = usize>) -> Vec<SessionRef> {
    let id = |number| SessionId::new(format!("session-{number}")).unwrap();
    numbers
        .into_iter()
        .map(|number| SessionRef::Id(id(number)))
        .collect()
}

fn drops(appliance: &Appliance) -> usize {
    let is_drop = |seen: &&Seen| seen.line().starts_with("DELETE");
    appliance.seen().iter().filter(is_drop).count()
}

#[derive(Default)]
struct Minutes {
    planned: Mutex<Vec<String>>,
    reported: Mutex<Vec<Outcome>>,
}

impl Witness for Minutes {
    fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        // A slow disk must not let the drop slip past.
        std::thread::sleep(Duration::from_millis(5));
        if drop.session_id.as_str() == "session-9" {
            return Err(Withheld {
                reason: "the policy protects it".to_owned(),
            });
        }
        self.planned
            .lock()
            .unwrap()
            .push(drop.session_id.to_string());
        Ok(())
    }

    fn reported(&self, report: &Report) {
        self.reported.lock().unwrap().push(report.outcome);
    }
}

pub(super) fn every_session_is_dropped_once_and_proven_ended_with_one_listing<A: Adapter>() {
    let sessions = Sessions::all_active();
    let appliance = honest(&sessions);
    let client = appliance.client::<A>();
    let minutes = Arc::new(Minutes::default());
    let reports = client.terminate(
        targets(0..9),
        Limits::default(),
        Arc::clone(&minutes) as Arc<dyn Witness>,
        never(),
    );
    assert_eq!(reports.len(), 9);
    assert!(
        reports
            .iter()
            .all(|report| report.outcome == Outcome::Terminated)
    );
    assert_eq!(minutes.planned.lock().unwrap().len(), 9);
    assert_eq!(minutes.reported.lock().unwrap().len(), 9);
    assert_eq!((drops(&appliance), sessions.left()), (9, 1));
    assert!(appliance.seen().len() <= 11, "{}", appliance.seen().len());
}

pub(super) fn no_more_at_once_than_the_limits_say<A: Adapter>() {
    let sessions = Sessions::all_active();
    let appliance = honest(&sessions);
    let mut limits = Limits::default();
    limits.jobs = 2;
    let reports = appliance
        .client::<A>()
        .terminate(targets(0..10), limits, nobody(), never());
    assert_eq!(reports.len(), 10);
    // Two for drops and one for the listing.
    assert!(appliance.connections() <= 3, "{}", appliance.connections());
}

pub(super) fn what_the_witness_withholds_is_not_sent_and_says_why<A: Adapter>() {
    let sessions = Sessions::all_active();
    let appliance = honest(&sessions);
    let reports = appliance.client::<A>().terminate(
        targets([9]),
        Limits::default(),
        Arc::new(Minutes::default()),
        never(),
    );
    assert_eq!(drops(&appliance), 0);
    assert_eq!(sessions.left(), 10);
    assert!(
        reports[0].message.contains("the policy protects it"),
        "{}",
        reports[0].message
    );
    assert!(!reports[0].outcome.is_verified());
}

pub(super) fn a_lost_reply_is_looked_after_and_not_repeated<A: Adapter>() {
    let sessions = Sessions::all_active();
    let held = sessions.clone();
    let appliance = Appliance::start(move |seen| {
        if seen.line().starts_with("DELETE") {
            held.end(seen);
            return vec![Step::Close];
        }
        vec![Step::Send(held.listing())]
    });
    let reports =
        appliance
            .client::<A>()
            .terminate(targets([3]), Limits::default(), nobody(), never());
    assert_eq!(reports[0].outcome, Outcome::Terminated, "{reports:?}");
    assert_eq!(drops(&appliance), 1);
}

pub(super) fn an_unreachable_appliance_is_reported_for_every_session<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let client = appliance.client::<A>();
    drop(appliance);
    let mut limits = Limits::default();
    limits.attempts = 1;
    limits.verify_timeout = Duration::from_millis(100);
    limits.find_timeout = Duration::from_millis(100);
    limits.backoff.first = Duration::from_millis(10);
    let reports = client.terminate(targets(0..3), limits, nobody(), never());
    assert_eq!(reports.len(), 3);
    for report in reports {
        assert_eq!(report.outcome, Outcome::Unconfirmed);
        assert!(report.is_unreachable());
        assert!(
            report.message.contains("refused the connection"),
            "{}",
            report.message
        );
    }
}

/// Takes so long to write a drop down that the interruption comes first.
struct SlowMinutes;

impl Witness for SlowMinutes {
    fn before_drop(&self, _: &PlannedDrop) -> Result<(), Withheld> {
        std::thread::sleep(Duration::from_millis(100));
        Ok(())
    }
}

pub(super) fn what_was_not_sent_before_an_interruption_is_not_sent_after_it<A: Adapter>() {
    let sessions = Sessions::all_active();
    let appliance = honest(&sessions);
    let client = appliance.client::<A>();
    let (interrupt, interrupted) = oneshot::channel();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        let _ = interrupt.send(());
    });
    let witness = Arc::new(SlowMinutes);
    let reports = client.terminate(targets(0..3), Limits::default(), witness, interrupted);
    assert_eq!(reports.len(), 3);
    assert_eq!((drops(&appliance), sessions.left()), (0, 10));
}

pub(super) fn an_interruption_awaits_what_is_under_way_and_reports_the_rest<A: Adapter>() {
    let (arrived, interrupt) = oneshot::channel::<()>();
    let arrived = Mutex::new(Some(arrived));
    let appliance = Appliance::start(move |_| {
        if let Some(arrived) = arrived.lock().unwrap().take() {
            let _ = arrived.send(());
        }
        vec![
            Step::Pause(Duration::from_millis(50)),
            Step::Send(answer("200 OK", "", DROPPED)),
        ]
    });
    let mut limits = Limits::default();
    limits.jobs = 1;
    let client = appliance.client::<A>();
    let reports = client.terminate(targets(0..5), limits, nobody(), interrupt);
    assert_eq!(reports.len(), 5);
    assert_eq!(drops(&appliance), 1);
    let accepted = reports
        .iter()
        .filter(|report| report.appliance.http_status == Some(200));
    assert_eq!(accepted.count(), 1);
    assert!(
        reports
            .iter()
            .all(|report| report.outcome == Outcome::Unconfirmed)
    );
}
