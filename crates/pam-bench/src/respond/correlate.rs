//! What it costs to find the session that an alert means, by how many are listed and by what
//! happened before.

use std::io;
use std::sync::Arc;

use pam_alert::{Alert, Event as AlertEvent};
use pam_proto::Session;
use pam_proto::termination::Outcome;
use pam_respond_core::config_text::ConfigText;
use pam_respond_core::{
    Effect, Event, Moment, Received, Responder, Sessions, Settings, Termination,
};
use serde_json::json;

use super::BENCH;
use crate::race::{Contestant, race};
use crate::report::{Goal, Report};

/// One rule that only says what it would do, and one that does it.
const RULES: &str = "
[limits]
per_user = 10000
total = 100000
[[rule]]
name = \"shadow\"
when = \"event=12\"
match = [\"user\", \"device\"]
[[rule]]
name = \"armed\"
when = \"event=13\"
match = [\"user\"]
mode = \"armed\"
max_per_hour = 10000
";

/// How many sessions of each user are listed, of which one fits the alert.
const OF_A_USER: usize = 4;

const FEW: &str = "100 sessions are listed";
const FRESH: &str = "nothing happened before";

pub(super) fn run(report: &mut Report) -> io::Result<()> {
    let now = Moment::from_millis(1_795_000_000_000);
    let listings = report.effort.pick(
        &[
            (FEW, 100),
            ("10,000 sessions are listed", 10_000),
            ("1,000,000 sessions are listed", 1_000_000),
        ][..],
        &[(FEW, 100), ("10,000 sessions are listed", 10_000)],
    );
    let mut contestants = Vec::new();
    for (name, sessions) in listings {
        let mut asked = Asked::new(*sessions, now)?;
        report.same(name, asked.finds()?, true);
        let contestant = Contestant::new(name, move || asked.next());
        contestants.push(contestant.goal(Goal::AtMost(2.0, FEW)));
    }
    race(report, BENCH, "correlation", 300, contestants);

    let (decided, ended) = report.effort.pick((1_000_000, 10_000), (1_000, 1_000));
    // The same listing for each, so that only the history differs.
    let listed = ended * OF_A_USER;
    let fresh = Asked::new(listed, now)?;
    let mut after_alerts = Asked::new(listed, now)?;
    for _ in 0..decided {
        after_alerts.next();
    }
    let mut after_drops = Asked::new(listed, now)?;
    let dropped = after_drops.drop_all(ended)?;
    report.same("sessions ended before", dropped, ended);
    let names = report.effort.pick(
        [
            "1,000,000 alerts were decided before",
            "10,000 sessions were ended before",
        ],
        [
            "1,000 alerts were decided before",
            "1,000 sessions were ended before",
        ],
    );
    let mut contestants = vec![];
    for (name, mut asked) in [
        (FRESH, fresh),
        (names[0], after_alerts),
        (names[1], after_drops),
    ] {
        let contestant = Contestant::new(name, move || asked.next());
        contestants.push(contestant.goal(Goal::AtMost(2.0, FRESH)));
    }
    race(report, BENCH, "history", 300, contestants);
    Ok(())
}

/// A responder that is told one alert after another, each about another user.
struct Asked {
    responder: Responder,
    users: usize,
    number: u64,
    now: Moment,
}

impl Asked {
    fn new(sessions: usize, now: Moment) -> io::Result<Self> {
        let mut mistakes = Vec::new();
        let mut root = ConfigText::new(RULES).root(&mut mistakes);
        let settings = Settings::read(&mut root, |_| None, &mut mistakes);
        if let Some(mistake) = mistakes.first() {
            return Err(io::Error::other(format!("{mistake:?}")));
        }
        let mut responder = Responder::new(settings, now);
        let mut listing = Sessions::new(now);
        for number in 0..sessions {
            let session = Session::from_value(&session(number)).map_err(io::Error::other)?;
            listing.push(session, &responder.settings().zone);
        }
        let listed = Event::Listing(Arc::new(listing));
        responder.handle(listed, now).map_err(io::Error::other)?;
        Ok(Self {
            responder,
            users: (sessions / OF_A_USER).max(1),
            number: 0,
            now,
        })
    }

    /// The next alert; gives what is to be done.
    fn next(&mut self) -> Vec<Effect> {
        // Users far apart in the listing, so that none is near in memory by chance.
        let user =
            usize::try_from(self.number.wrapping_mul(7_919)).unwrap_or_default() % self.users;
        self.tell("12", user)
    }

    fn tell(&mut self, event: &str, user: usize) -> Vec<Effect> {
        self.number += 1;
        let mut alert = Alert::new("vault");
        alert.event = Some(AlertEvent::new(Some(event.to_owned()), None));
        alert.user = Some(format!("user-{user}"));
        alert.device.ip = format!("192.0.2.{}", user % OF_A_USER).parse().ok();
        let received = Received {
            number: self.number,
            key: format!("{:064x}", self.number),
            at: self.now,
            alert,
        };
        let told = Event::Alert(Arc::new(received));
        self.responder.handle(told, self.now).unwrap_or_default()
    }

    /// Whether an alert finds the one session that it means.
    fn finds(&mut self) -> io::Result<bool> {
        let reports = self.next().into_iter().filter_map(|effect| match effect {
            Effect::Report(report) => Some(report),
            _ => None,
        });
        let found: Vec<usize> = reports.map(|report| report.sessions.len()).collect();
        Ok(found == [1])
    }

    /// Has one session of each of so many users ended; gives how many were.
    fn drop_all(&mut self, users: usize) -> io::Result<usize> {
        let mut dropped = 0;
        for user in 0..users {
            for effect in self.tell("13", user) {
                let Effect::StartTermination { case, session, .. } = effect else {
                    continue;
                };
                dropped += 1;
                let ended = Termination {
                    case,
                    session_id: session
                        .session_id
                        .ok_or_else(|| io::Error::other("no id"))?,
                    outcome: Outcome::Terminated,
                    withheld: None,
                    unreachable: false,
                    attempts: 1,
                    message: String::new(),
                    after: None,
                };
                let ended = Event::Ended(Box::new(ended));
                self.responder
                    .handle(ended, self.now)
                    .map_err(io::Error::other)?;
            }
        }
        Ok(dropped)
    }
}

fn session(number: usize) -> serde_json::Value {
    json!({
        "id": (number + 1).to_string(),
        "session_id": format!("{number:040x}"),
        "user": format!("user-{}", number / OF_A_USER),
        "origin_ip": "198.51.100.4",
        "credential": "root",
        "device": format!("192.0.2.{}:22", number % OF_A_USER),
        "protocol": "ssh",
        "start": "2026-11-18 10:00:00",
        "end": null,
    })
}
