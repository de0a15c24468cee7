//! Seeds of a simulated run: crashes at any moment, lost replies, listings that lag, duplicate and
//! reordered alerts, reconnects, halts, an appliance that is down.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pam_alert::Alert;
use pam_proto::{Session, SessionId};
use pam_respond_core::{
    Effect, End, Event, Incoming, Journal as _, MemoryJournal, Moment, Record, Responder, Sessions,
    Settings, Termination,
};

use crate::world::{Random, Running, Truth, World};
use crate::{at, settings};

const RULES: &str = r#"
[[rule]]
name = "armed"
when = "event=12"
match = ["user", "device"]
mode = "armed"
cooldown = "5m"
max_per_hour = 6
keep_out = "10m"

[[rule]]
name = "all of a user"
when = "event=31"
mode = "armed"
ambiguous = "all"
max_per_hour = 4

[[rule]]
name = "asks"
when = "event=88"
mode = "approve"
ambiguous = "ask"
approval_timeout = "10m"

[[rule]]
name = "watches"
when = "severity>=low"
ambiguous = "all"

[limits]
per_user = 3
total = 9

[breaker]
unconfirmed = 3
window = "10m"
open_for = "10m"
"#;

const POLICY: &str = "[[protect]]\nname = \"the boss\"\nusers = [\"ceo\"]\n";

const HOUR: Duration = Duration::from_secs(3_600);

/// What came of all seeds together.
#[derive(Debug, Default)]
struct Figures {
    alerts: usize,
    duplicates: usize,
    crashes: usize,
    drops: u32,
    effective: u32,
    withheld: usize,
    ends: BTreeMap<End, usize>,
    reconnects: usize,
}

struct Run {
    random: Random,
    now: Moment,
    settings: Settings,
    world: World,
    journal: MemoryJournal,
    responder: Responder,
    running: Vec<Running>,
    listing: Option<(Moment, Option<Sessions>)>,
    alerts: Vec<(Moment, Incoming)>,
    halted: bool,
    /// Which case may drop which session, by an independent reading of alert, rule and answers.
    approved: BTreeSet<u64>,
    figures: Figures,
}

impl Run {
    fn new(seed: u64) -> Self {
        let settings = settings(RULES, POLICY);
        Self {
            random: Random(seed),
            now: at(0),
            responder: Responder::new(settings.clone(), at(0)),
            settings,
            world: World::default(),
            journal: MemoryJournal::new(),
            running: Vec::new(),
            listing: None,
            alerts: Vec::new(),
            halted: false,
            approved: BTreeSet::new(),
            figures: Figures::default(),
        }
    }

    /// Carries effects out, or dies in between.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        // The process dies before anything is durable, or right after.
        if self.random.one_in(150) {
            if self.random.one_in(2)
                && let Some(Effect::Persist(entries)) = effects.first()
            {
                self.journal.append(entries).unwrap();
            }
            return self.crash();
        }
        for effect in effects {
            match effect {
                Effect::Persist(entries) => self.journal.append(&entries).unwrap(),
                Effect::RequestListing => {
                    assert!(self.listing.is_none(), "two listings at once");
                    let took = Duration::from_millis(200 + self.random.below(6_000));
                    let lag = Duration::from_millis(self.random.below(8_000));
                    let failed = self.world.down || self.random.one_in(12);
                    let listing = (!failed).then(|| self.world.listing(self.now, lag));
                    self.listing = Some((self.now.plus(took), listing));
                }
                Effect::StartTermination {
                    case,
                    session,
                    look_first,
                } => {
                    let running = Running::new(case, *session, look_first, self.now);
                    self.running.push(running);
                }
                Effect::Report(_) => {}
                other => panic!("unknown effect {other:?}"),
            }
        }
    }

    /// Everything in memory is gone; requests under way may still be carried out.
    fn crash(&mut self) {
        self.figures.crashes += 1;
        self.running.clear();
        self.listing = None;
        self.now = self
            .now
            .plus(Duration::from_millis(self.random.below(20_000)));
        let since = self.now.minus(24 * HOUR);
        let replay = self.journal.replay(since).unwrap();
        // The clock of the machine may have been set back meanwhile.
        let clock = if self.random.one_in(4) {
            self.now.minus(HOUR)
        } else {
            self.now
        };
        let (responder, effects) = Responder::resume(self.settings.clone(), replay, clock);
        self.responder = responder;
        // What follows must not die at once again, or the seed would never end.
        for effect in effects {
            match effect {
                Effect::Persist(entries) => self.journal.append(&entries).unwrap(),
                Effect::RequestListing => {
                    let listing = self.world.listing(self.now, Duration::ZERO);
                    self.listing = Some((self.now.plus(Duration::from_secs(1)), Some(listing)));
                }
                Effect::StartTermination {
                    case,
                    session,
                    look_first,
                } => {
                    assert!(
                        look_first,
                        "a termination was resumed without looking first"
                    );
                    self.running
                        .push(Running::new(case, *session, true, self.now));
                }
                _ => {}
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let effects = self.responder.handle(event, self.now).unwrap();
        self.carry_out(effects);
    }

    fn step(&mut self, busy: bool) {
        self.now = self
            .now
            .plus(Duration::from_millis(100 + self.random.below(3_000)));
        if busy {
            self.happen();
        }
        self.deliver();
        if self
            .listing
            .as_ref()
            .is_some_and(|(due, _)| *due <= self.now)
        {
            let (_, listing) = self.listing.take().unwrap();
            let event = match listing {
                Some(sessions) => Event::Listing(Arc::new(sessions)),
                None => Event::ListingFailed,
            };
            self.handle(event);
        }
        self.terminate();
        if self
            .responder
            .next_wake()
            .is_some_and(|wake| wake <= self.now)
        {
            self.handle(Event::Tick);
        }
        self.answer();
    }

    /// What people and sessions do.
    fn happen(&mut self) {
        if self.random.one_in(6) {
            self.world.start(&mut self.random, self.now);
        }
        if self.random.one_in(15) {
            let running = self.world.running();
            if !running.is_empty() {
                let at = *self.random.pick(&running);
                self.world.sessions[at].ended = Some(self.now);
            }
        }
        if self.random.one_in(8) {
            self.raise();
        }
        if self.random.one_in(120) {
            self.world.down = !self.world.down;
        }
        if self.random.one_in(150) {
            let by = "operator".to_owned();
            self.halted = !self.halted;
            self.handle(if self.halted {
                let why = "drill".to_owned();
                Event::Halt { by, why }
            } else {
                Event::Resume { by }
            });
            // A halt counts when it is durable; who asked asks again when the process died.
            let status = self.responder.status();
            self.halted = status.halted.is_some();
        }
        if self.random.one_in(400) {
            self.crash();
        }
        // Users who were thrown out come back.
        let dropped: Vec<Truth> = self
            .world
            .sessions
            .iter()
            .filter(|truth| {
                truth.effective_drops > 0
                    && truth.ended > Some(self.now.minus(Duration::from_secs(3)))
            })
            .cloned()
            .collect();
        for truth in dropped {
            if self.random.one_in(3) {
                self.world.start_as(&truth.user, &truth.device, self.now);
            }
        }
    }

    /// Something is noticed and told, perhaps twice, perhaps late.
    fn raise(&mut self) {
        let mut alert = Alert::new("vault");
        let event = *self.random.pick(&["12", "12", "31", "88", "5"]);
        // Now and then about a session that never was.
        let about = self.random.below(self.world.sessions.len() as u64 + 1);
        let truth = self
            .world
            .sessions
            .iter()
            .find(|truth| truth.number == about);
        alert.id = Some(format!("a{}", self.random.next()));
        alert.event = Some(pam_alert::Event::new(Some(event.to_owned()), None));
        alert.severity = self.random.one_in(3).then_some(pam_alert::Severity::High);
        alert.user = Some(truth.map_or("nobody".to_owned(), |truth| truth.user.clone()));
        if !self.random.one_in(4) {
            let device = truth.map_or("192.0.2.99:22", |truth| truth.device.as_str());
            let (host, port) = device.split_once(':').unwrap();
            match host.parse() {
                Ok(ip) => alert.device.ip = Some(ip),
                Err(_) => alert.device.host = Some(host.to_owned()),
            }
            alert.device.port = port.parse().ok();
        }
        let time = self.now.timestamp().to_string().parse().ok();
        alert.time = time;
        let incoming = Incoming {
            key: alert.dedupe_key(),
            at: self.now,
            alert,
        };
        let copies = 1 + self.random.below(3) / 2;
        for _ in 0..copies {
            let late = Duration::from_millis(self.random.below(9_000));
            self.alerts.push((self.now.plus(late), incoming.clone()));
        }
    }

    fn deliver(&mut self) {
        let (due, later) = std::mem::take(&mut self.alerts)
            .into_iter()
            .partition(|(due, _)| *due <= self.now);
        self.alerts = later;
        let due: Vec<(Moment, Incoming)> = due;
        for (_, mut incoming) in due {
            incoming.at = self.now;
            let accepted = self.journal.accept(vec![incoming]).unwrap();
            match accepted.into_iter().next().flatten() {
                // It is acknowledged now; the process may die before it is looked at.
                Some(_) if self.random.one_in(60) => self.crash(),
                Some(received) => {
                    self.figures.alerts += 1;
                    self.handle(Event::Alert(Arc::new(received)));
                }
                None => self.figures.duplicates += 1,
            }
        }
    }

    fn terminate(&mut self) {
        let mut index = 0;
        while index < self.running.len() {
            if self.running[index].wake > self.now {
                index += 1;
                continue;
            }
            let mut running = self.running.remove(index);
            let (responder, now, halted) = (&self.responder, self.now, self.halted);
            let (case, id) = (running.case, running.session.session_id.clone().unwrap());
            let (journal, approved) = (&self.journal, &self.approved);
            let mut may_drop = |world: &World, seen: &Session| {
                responder.may_drop(case, &id, Some(seen), now)?;
                assert!(!halted, "a drop while halted");
                covered(journal, approved, world, case, &id);
                Ok(())
            };
            let report = running.go_on(&mut self.world, &mut self.random, now, &mut may_drop);
            match report {
                None => {
                    self.running.insert(index, running);
                    index += 1;
                }
                Some(report) => {
                    self.figures.withheld += usize::from(running.withheld.is_some());
                    let ended = Termination {
                        case,
                        session_id: id,
                        outcome: report.outcome,
                        withheld: running.withheld,
                        unreachable: report.is_unreachable(),
                        attempts: report.attempts,
                        message: report.message,
                        after: report.evidence.after,
                    };
                    self.handle(Event::Ended(Box::new(ended)));
                }
            }
        }
    }

    /// People answer some of what they are asked.
    fn answer(&mut self) {
        for pending in self.responder.pending() {
            if !self.random.one_in(60) {
                continue;
            }
            let case = pending.case;
            let by = "alice".to_owned();
            if self.random.one_in(3) {
                self.handle(Event::Deny { case, by });
            } else {
                let sessions = match &pending.candidates[..] {
                    several if pending.proposed.is_empty() => {
                        vec![self.random.pick(several).id.clone()]
                    }
                    _ => Vec::new(),
                };
                self.approved.insert(case);
                self.handle(Event::Approve { case, by, sessions });
            }
            return;
        }
    }

    /// Everything comes to its end when nothing new happens.
    fn finish(&mut self) {
        self.world.down = false;
        if self.halted {
            self.halted = false;
            self.handle(Event::Resume {
                by: "operator".to_owned(),
            });
        }
        for _ in 0..6_000 {
            let open = self.journal.alerts().any(|(_, ended)| !ended);
            if !open && self.running.is_empty() && self.alerts.is_empty() {
                break;
            }
            self.step(false);
        }
    }

    fn check(&mut self, seed: u64) {
        for (alert, ended) in self.journal.alerts() {
            assert!(
                ended,
                "seed {seed}: alert {} has no end: {alert:?}",
                alert.number
            );
        }
        let mut opened: BTreeMap<u64, u64> = BTreeMap::new();
        let mut closed: BTreeMap<u64, End> = BTreeMap::new();
        let mut unmatched = BTreeSet::new();
        let mut acting: Vec<(Moment, String, String)> = Vec::new();
        for entry in self.journal.entries() {
            match &entry.record {
                Record::Opened {
                    case,
                    alert,
                    reconnect_of,
                    ..
                } => {
                    assert_eq!(
                        opened.insert(*case, *alert),
                        None,
                        "seed {seed}: case twice"
                    );
                    self.figures.reconnects += usize::from(reconnect_of.is_some());
                }
                Record::Unmatched { alert, .. } => {
                    assert!(unmatched.insert(*alert), "seed {seed}: unmatched twice");
                }
                Record::Closed { report } => {
                    let first = closed.insert(report.case, report.end);
                    assert_eq!(
                        first, None,
                        "seed {seed}: case {} closed twice",
                        report.case
                    );
                }
                Record::Acting { rule, user, .. } => {
                    acting.push((entry.at, rule.clone(), user.clone()));
                }
                _ => {}
            }
        }
        for case in opened.keys() {
            assert!(
                closed.contains_key(case),
                "seed {seed}: case {case} has no end"
            );
        }
        for (alert, _) in self.journal.alerts() {
            let has_case = opened.values().any(|opened| *opened == alert.number);
            assert!(
                has_case != unmatched.contains(&alert.number),
                "seed {seed}: {alert:?}"
            );
        }
        for end in closed.values() {
            *self.figures.ends.entry(*end).or_default() += 1;
        }
        self.check_limits(seed, &acting);
        for truth in &self.world.sessions {
            assert!(truth.effective_drops <= 1, "seed {seed}: {truth:?}");
            assert!(
                truth.user != "ceo" || truth.drops == 0,
                "seed {seed}: {truth:?}"
            );
            assert!(
                truth.user != "asc_12" || truth.drops == 0,
                "seed {seed}: {truth:?}"
            );
            self.figures.drops += truth.drops;
            self.figures.effective += truth.effective_drops;
        }
    }

    /// In no hour more than allowed.
    fn check_limits(&self, seed: u64, acting: &[(Moment, String, String)]) {
        for (from, ..) in acting {
            let hour: Vec<_> = acting
                .iter()
                .filter(|(at, ..)| at >= from && at.since(*from) < HOUR)
                .collect();
            assert!(hour.len() <= 9, "seed {seed}: {} in an hour", hour.len());
            for (rule, most) in [("armed", 6), ("all of a user", 4)] {
                let count = hour.iter().filter(|(_, name, _)| name == rule).count();
                assert!(count <= most, "seed {seed}: {count} by {rule}");
            }
            let (_, _, first) = hour[0];
            let count = hour.iter().filter(|(_, _, user)| user == first).count();
            assert!(count <= 3, "seed {seed}: {count} of {first}");
        }
        for (index, (at, rule, user)) in acting.iter().enumerate() {
            let before = acting[..index].iter().rev();
            let mut before = before.filter(|(_, r, u)| r == rule && u == user);
            if let (true, Some((last, ..))) = (rule == "armed", before.next()) {
                let reconnect = self.is_reconnect(*at, user);
                let pause = at.since(*last);
                assert!(
                    pause >= Duration::from_secs(300) || reconnect,
                    "seed {seed}: cooldown of {user} broken after {pause:?}"
                );
            }
        }
    }

    fn is_reconnect(&self, at: Moment, name: &str) -> bool {
        self.journal.entries().any(|entry| {
            entry.at == at
                && matches!(&entry.record, Record::Acting { user, reconnect_of: Some(_), .. } if user == name)
        })
    }
}

/// Whether a drop is one that the alert, the rule and the answers cover, read anew from the
/// journal and the truth.
fn covered(
    journal: &MemoryJournal,
    approved: &BTreeSet<u64>,
    world: &World,
    case: u64,
    id: &SessionId,
) {
    let mut entries = journal.entries();
    let opened = entries.find_map(|entry| match &entry.record {
        Record::Opened {
            case: number,
            alert,
            rule,
            reconnect_of,
            ..
        } if *number == case => Some((*alert, rule.clone(), *reconnect_of)),
        _ => None,
    });
    let (alert, rule, reconnect_of) = opened.expect("the case is in the journal");
    let acting = journal.entries().any(|entry| {
        matches!(&entry.record, Record::Acting { case: number, session, .. }
            if *number == case && session.session_id.as_ref() == Some(id))
    });
    assert!(acting, "a drop that was not written down before");
    let (alert, _) = journal
        .alerts()
        .find(|(received, _)| received.number == alert)
        .unwrap();
    let alert = &alert.alert;
    let truth = world
        .sessions
        .iter()
        .find(|truth| truth.session_id() == id.as_str())
        .unwrap();
    assert_eq!(Some(truth.user.as_str()), alert.user.as_deref());
    let event = alert.event.as_ref().and_then(|event| event.id.as_deref());
    let (host, _) = truth.device.split_once(':').unwrap();
    let same_device = match (alert.device.ip, &alert.device.host) {
        (Some(ip), _) => ip.to_string() == host,
        (_, Some(name)) => name == host,
        _ => false,
    };
    match rule.as_str() {
        "armed" => assert!(event == Some("12") && same_device),
        "all of a user" => assert_eq!(event, Some("31")),
        "asks" => assert!(event == Some("88") && approved.contains(&case)),
        other => panic!("rule {other} is in shadow"),
    }
    if let Some(earlier) = reconnect_of {
        let ended = journal.entries().any(|entry| {
            matches!(&entry.record, Record::Outcome { case: number, end, .. }
                if *number == earlier && end.is_proven())
        });
        assert!(ended, "kept out before anything was ended");
    }
}

#[test]
fn a_thousand_seeds_keep_every_promise() {
    let seeds: u64 = std::env::var("PAM_RESPOND_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok())
        .unwrap_or(1_000);
    let mut total = Figures::default();
    for seed in 0..seeds {
        let mut run = Run::new(seed);
        for _ in 0..4 {
            run.world.start(&mut run.random, run.now);
        }
        for _ in 0..300 {
            run.step(true);
        }
        run.finish();
        run.check(seed);
        let figures = run.figures;
        total.alerts += figures.alerts;
        total.duplicates += figures.duplicates;
        total.crashes += figures.crashes;
        total.drops += figures.drops;
        total.effective += figures.effective;
        total.withheld += figures.withheld;
        total.reconnects += figures.reconnects;
        for (end, count) in figures.ends {
            *total.ends.entry(end).or_default() += count;
        }
    }
    println!("{seeds} seeds: {total:?}");
    // A world in which nothing happens proves nothing.
    for end in [
        End::Terminated,
        End::AlreadyEnded,
        End::Shadow,
        End::NoSession,
        End::Ambiguous,
        End::MachineActor,
        End::Policy,
        End::HeldBack,
        End::Covered,
        End::Rejected,
        End::Expired,
    ] {
        assert!(
            total.ends.contains_key(&end),
            "{end} never happened: {total:?}"
        );
    }
    assert!(total.crashes > 0 && total.duplicates > 0 && total.withheld > 0);
    assert!(total.reconnects > 0 && total.effective > 0);
}
