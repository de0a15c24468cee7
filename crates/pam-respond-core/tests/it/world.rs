//! A world in which time passes: sessions that start, run and end, and an appliance that shows them
//! late, loses replies and fails. Everything comes from a seed.

use std::time::Duration;

use pam_proto::Session;
use pam_proto::termination::{
    Accepted, Coverage, Event as TerminationEvent, Failure, Limits, Report, Step, Target,
    Terminations,
};
use pam_respond_core::{Moment, Sessions};
use serde_json::json;

/// SplitMix64: good enough to shuffle a world, and the same everywhere.
#[derive(Debug, Clone)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

pub(crate) const USERS: [&str; 6] = ["ana", "bob", "carla", "davi", "ceo", "asc_12"];
pub(crate) const DEVICES: [&str; 4] =
    ["192.0.2.1:22", "192.0.2.2:22", "192.0.2.3:3389", "db1:1521"];

/// A session as it really is.
#[derive(Debug, Clone)]
pub(crate) struct Truth {
    pub(crate) number: u64,
    pub(crate) user: String,
    pub(crate) device: String,
    pub(crate) credential: String,
    pub(crate) started: Moment,
    pub(crate) ended: Option<Moment>,
    pub(crate) effective_drops: u32,
    pub(crate) drops: u32,
}

impl Truth {
    pub(crate) fn session_id(&self) -> String {
        format!("{:040x}", self.number)
    }

    /// The record as the appliance would have shown it then.
    pub(crate) fn record(&self, then: Moment) -> Option<Session> {
        let shown = |moment: Moment| {
            let text = moment.timestamp().to_string();
            format!("{} {}", &text[..10], &text[11..19])
        };
        if self.started > then {
            return None;
        }
        let end = self.ended.filter(|end| *end <= then).map(shown);
        let record = json!({
            "id": self.number.to_string(), "session_id": self.session_id(), "user": self.user,
            "origin_ip": "198.51.100.7", "credential": self.credential, "device": self.device,
            "protocol": "ssh", "proxy": "Terminal Proxy", "start": shown(self.started),
            "end": end,
        });
        Some(Session::from_value(&record).unwrap())
    }
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) sessions: Vec<Truth>,
    /// The appliance answers nothing.
    pub(crate) down: bool,
}

impl World {
    pub(crate) fn start(&mut self, random: &mut Random, now: Moment) -> usize {
        let user = *random.pick(&USERS);
        let device = *random.pick(&DEVICES);
        self.start_as(user, device, now)
    }

    pub(crate) fn start_as(&mut self, user: &str, device: &str, now: Moment) -> usize {
        let number = self.sessions.len() as u64 + 1;
        self.sessions.push(Truth {
            number,
            user: user.to_owned(),
            device: device.to_owned(),
            credential: "root".to_owned(),
            started: now,
            ended: None,
            effective_drops: 0,
            drops: 0,
        });
        self.sessions.len() - 1
    }

    pub(crate) fn running(&self) -> Vec<usize> {
        let running = self.sessions.iter().enumerate();
        running
            .filter(|(_, session)| session.ended.is_none())
            .map(|(at, _)| at)
            .collect()
    }

    /// The listing as it stood then.
    pub(crate) fn listing(&self, began: Moment, lag: Duration) -> Sessions {
        let then = began.minus(lag);
        let mut sessions = Sessions::new(began);
        for record in self.sessions.iter().filter_map(|truth| truth.record(then)) {
            if record.is_active() {
                sessions.push(record, &jiff::tz::TimeZone::UTC);
            }
        }
        sessions
    }

    /// The drop arrives.
    fn drop_arrives(&mut self, session_id: &str, now: Moment) {
        let mut sessions = self.sessions.iter_mut();
        let Some(truth) = sessions.find(|truth| truth.session_id() == session_id) else {
            return;
        };
        truth.drops += 1;
        if truth.ended.is_none() {
            truth.ended = Some(now);
            truth.effective_drops += 1;
        }
    }
}

/// A termination under way: the real machine, with this world as its appliance.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) case: u64,
    pub(crate) session: Session,
    began: Moment,
    machine: Terminations,
    answers: Vec<(Moment, TerminationEvent)>,
    pub(crate) withheld: Option<String>,
    pub(crate) wake: Moment,
}

impl Running {
    pub(crate) fn new(case: u64, session: Session, look_first: bool, now: Moment) -> Self {
        let target = Target::seen(session.clone());
        let target = if look_first {
            target.look_first()
        } else {
            target
        };
        Self {
            case,
            session,
            began: now,
            machine: Terminations::new([target], Limits::default(), Duration::ZERO),
            answers: Vec::new(),
            withheld: None,
            wake: now,
        }
    }

    /// Goes on until there is nothing to do at this time. `may_drop` is asked before each drop.
    pub(crate) fn go_on(
        &mut self,
        world: &mut World,
        random: &mut Random,
        now: Moment,
        may_drop: &mut dyn FnMut(&World, &Session) -> Result<(), String>,
    ) -> Option<Report> {
        let elapsed = now.since(self.began);
        self.answers.sort_by_key(|(due, _)| *due);
        while self.answers.first().is_some_and(|(due, _)| *due <= now) {
            let (_, event) = self.answers.remove(0);
            self.machine.handle(event, elapsed);
        }
        loop {
            let delay = Duration::from_millis(random.below(900) + 5);
            match self.machine.next(elapsed) {
                Step::Drop {
                    ticket,
                    session_id,
                    record,
                    ..
                } => {
                    let seen = record.as_deref().unwrap_or(&self.session).clone();
                    if let Err(reason) = may_drop(world, &seen) {
                        self.withheld = Some(reason.clone());
                        self.machine
                            .handle(TerminationEvent::Withheld { ticket, reason }, elapsed);
                        continue;
                    }
                    let answer = if world.down {
                        let reason = "connection refused".to_owned();
                        Err(Failure::NotExecuted { reason })
                    } else {
                        let lost = random.one_in(6);
                        if !(lost && random.one_in(2)) {
                            world.drop_arrives(session_id.as_str(), now);
                        }
                        if lost {
                            let reason = "the connection broke".to_owned();
                            Err(Failure::Lost { reason })
                        } else {
                            Ok(Accepted {
                                http_status: 200,
                                message: String::new(),
                            })
                        }
                    };
                    let event = TerminationEvent::Dropped { ticket, answer };
                    self.answers.push((now.plus(delay), event));
                }
                Step::Get { ticket, number } => {
                    let lag = Duration::from_millis(random.below(1_500));
                    let mut sessions = world.sessions.iter();
                    let truth =
                        sessions.find(|truth| truth.number.to_string() == number.to_string());
                    let record = truth.and_then(|truth| truth.record(now.minus(lag)));
                    let answer = match record {
                        Some(record) if !world.down && !random.one_in(10) => Ok(Box::new(record)),
                        _ => Err(Failure::Lost {
                            reason: "no answer".to_owned(),
                        }),
                    };
                    let event = TerminationEvent::Got { ticket, answer };
                    self.answers.push((now.plus(delay), event));
                }
                Step::List { ticket, .. } => {
                    let found: Vec<Session> = world
                        .sessions
                        .iter()
                        .filter_map(|truth| truth.record(now))
                        .filter(|record| record.session_id == self.session.session_id)
                        .collect();
                    let coverage = if world.down {
                        Coverage::Failed(Failure::Lost {
                            reason: "no answer".to_owned(),
                        })
                    } else {
                        Coverage::Whole
                    };
                    let event = TerminationEvent::Listed {
                        ticket,
                        began: elapsed,
                        found: if world.down { Vec::new() } else { found },
                        coverage,
                    };
                    self.answers.push((now.plus(delay), event));
                }
                Step::Report(report) => return Some(*report),
                Step::WaitUntil(until) => {
                    let answer = self.answers.iter().map(|(due, _)| *due).min();
                    let until = self.began.plus(until.min(Duration::from_secs(86_400)));
                    self.wake = answer.map_or(until, |due| due.min(until));
                    self.wake = self.wake.max(now.plus(Duration::from_millis(1)));
                    return None;
                }
                Step::Finished => return None,
                step => panic!("unknown step {step:?}"),
            }
        }
    }
}
