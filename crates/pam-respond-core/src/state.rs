//! What is true now: the fold over the facts of the journal, and nothing else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pam_proto::{Session, SessionId};

use crate::correlate::Candidate;
use crate::expiring::Expiring;
use crate::moment::Moment;
use crate::record::{End, Entry, Received, Record, SessionEnd};
use crate::rules::Mode;
use crate::sessions::folded;

/// What limits count over, and how long a session that was ended is remembered: a listing may
/// lag.
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);

/// Reconnects dropped after one session was ended.
pub(crate) const KEEP_OUT_DROPS: u32 = 5;

/// One rule's treatment of one alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its number.
    pub number: u64,
    /// The alert.
    pub alert: Arc<Received>,
    /// The rule's name.
    pub rule: String,
    /// How far the rule went when it took the alert up.
    pub mode: Mode,
    /// When that was.
    pub opened: Moment,
    /// Until when the session is looked for.
    pub deadline: Moment,
    /// The case whose session's user came back.
    pub reconnect_of: Option<u64>,
    /// Where it stands.
    pub phase: Phase,
    /// What the listing said when something was decided.
    pub candidates: Vec<Candidate>,
    /// The sessions that are to be ended.
    pub(crate) targets: Vec<Target>,
    /// Sessions that are not to be ended after all, with the reason.
    pub(crate) spared: Vec<SessionEnd>,
}

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Phase {
    /// Its session is looked for.
    Searching,
    /// A person is asked.
    Pending {
        /// When no answer becomes a no.
        expires: Moment,
        /// The row numbers of the sessions that a yes means.
        proposed: Vec<String>,
        /// Who said yes.
        approved_by: Option<String>,
    },
    /// Its sessions are being ended.
    Acting,
}

/// A session that a case ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Target {
    pub(crate) session: Session,
    /// When it is tried again, where the appliance was out of reach.
    pub(crate) again: Option<Moment>,
    pub(crate) since: Moment,
    pub(crate) end: Option<SessionEnd>,
}

/// A user who is kept out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) case: u64,
    pub(crate) rule: String,
    pub(crate) alert: Arc<Received>,
    pub(crate) ended: Session,
    pub(crate) drops: u32,
    /// Sessions with which the user came back and which were dealt with.
    pub(crate) handled: BTreeSet<SessionId>,
}

/// A drop that counts against the limits.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counted {
    pub(crate) at: Moment,
    pub(crate) rule: String,
    pub(crate) user: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Halt {
    pub(crate) at: Moment,
    pub(crate) by: String,
    pub(crate) why: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) cases: BTreeMap<u64, Case>,
    /// Alerts that have no end yet, with the number of their open cases.
    pub(crate) alerts: BTreeMap<u64, (Arc<Received>, usize)>,
    pub(crate) last_case: u64,
    pub(crate) counted: CountedDrops,
    /// Which case ends a session.
    pub(crate) leases: BTreeMap<SessionId, u64>,
    /// Sessions that were ended, and by which case.
    pub(crate) ended: Expiring<SessionId, u64>,
    /// Sessions whose end was tried and not proven.
    pub(crate) unproven: Expiring<SessionId, ()>,
    /// Rules and the users about whom they do nothing more.
    pub(crate) cooldowns: Expiring<(String, String), ()>,
    /// Users who are kept out, by the case and the session that was ended.
    pub(crate) watches: Expiring<(u64, SessionId), Watch>,
    pub(crate) halt: Option<Halt>,
    pub(crate) unconfirmed: VecDeque<Moment>,
    pub(crate) breaker_until: Option<Moment>,
    /// Cases whose session is looked for.
    pub(crate) searching: BTreeSet<u64>,
}

impl State {
    /// An alert that waits for what becomes of it.
    pub(crate) fn receive(&mut self, alert: &Arc<Received>) {
        let waiting = (Arc::clone(alert), 0);
        self.alerts.entry(alert.number).or_insert(waiting);
    }

    /// Takes a fact. One about a case that is not open only counts.
    pub(crate) fn apply(&mut self, entry: &Entry) {
        let at = entry.at;
        match &entry.record {
            Record::Unmatched { alert, .. } | Record::Ended { alert } => {
                self.alerts.remove(alert);
            }
            Record::Opened {
                case,
                alert,
                rule,
                mode,
                deadline,
                reconnect_of,
            } => {
                self.last_case = self.last_case.max(*case);
                let Some((received, open)) = self.alerts.get_mut(alert) else {
                    return;
                };
                *open += 1;
                let opened = Case {
                    number: *case,
                    alert: Arc::clone(received),
                    rule: rule.clone(),
                    mode: *mode,
                    opened: at,
                    deadline: *deadline,
                    reconnect_of: *reconnect_of,
                    phase: Phase::Searching,
                    candidates: Vec::new(),
                    targets: Vec::new(),
                    spared: Vec::new(),
                };
                self.cases.insert(*case, opened);
                self.searching.insert(*case);
            }
            Record::Found {
                case, candidates, ..
            } => {
                if let Some(case) = self.cases.get_mut(case) {
                    case.candidates.clone_from(candidates);
                }
            }
            Record::Asked {
                case,
                expires,
                proposed,
            } => {
                self.searching.remove(case);
                if let Some(case) = self.cases.get_mut(case) {
                    case.phase = Phase::Pending {
                        expires: *expires,
                        proposed: proposed.clone(),
                        approved_by: None,
                    };
                }
            }
            Record::Answered { case, approved, by } => {
                let phase = self.cases.get_mut(case).map(|case| &mut case.phase);
                if let Some(Phase::Pending { approved_by, .. }) = phase {
                    *approved_by = approved.then(|| by.clone());
                }
            }
            Record::Acting { .. } => self.acting(&entry.record, at),
            Record::Again {
                case,
                session_id,
                after,
                ..
            } => {
                if let Some(target) = self.target(*case, session_id) {
                    target.again = Some(*after);
                }
            }
            Record::Outcome { .. } => self.outcome(&entry.record, at),
            Record::Closed { report } => {
                if let Some(earlier) = report.reconnect_of {
                    let watches = self.watches.values_mut();
                    for watch in watches.filter(|watch| watch.case == earlier) {
                        let ids = report.sessions.iter().map(|end| end.session_id.as_str());
                        watch
                            .handled
                            .extend(ids.filter_map(|id| SessionId::new(id).ok()));
                    }
                }
                self.closed(report.case);
            }
            Record::Halted { by, why } => {
                let (by, why) = (by.clone(), why.clone());
                self.halt = Some(Halt { at, by, why });
            }
            Record::Resumed { .. } => {
                self.halt = None;
                self.breaker_until = None;
                self.unconfirmed.clear();
            }
            Record::BreakerOpened { until, .. } => {
                self.breaker_until = Some(*until);
                self.unconfirmed.clear();
            }
        }
    }

    fn acting(&mut self, record: &Record, at: Moment) {
        let Record::Acting {
            case,
            rule,
            user,
            cooldown,
            reconnect_of,
            session,
            ..
        } = record
        else {
            return;
        };
        self.counted.push(Counted {
            at,
            rule: rule.clone(),
            user: user.clone(),
        });
        if let Some(until) = cooldown {
            let subject = (rule.clone(), user.clone());
            self.cooldowns.insert(subject, *until, ());
        }
        if let Some(earlier) = reconnect_of {
            let watches = self.watches.values_mut();
            for watch in watches.filter(|watch| watch.case == *earlier) {
                watch.drops += 1;
            }
            self.watches.retain(|watch| watch.drops < KEEP_OUT_DROPS);
        }
        let Some(id) = session.session_id.clone() else {
            return;
        };
        self.searching.remove(case);
        if let Some(case) = self.cases.get_mut(case) {
            case.phase = Phase::Acting;
            case.targets.push(Target {
                session: session.clone(),
                again: None,
                since: at,
                end: None,
            });
            self.leases.insert(id, case.number);
        }
    }

    fn outcome(&mut self, record: &Record, at: Moment) {
        let Record::Outcome {
            case,
            alert,
            rule,
            session_id,
            end,
            why,
            after,
            keep_out,
            ..
        } = record
        else {
            return;
        };
        let Ok(id) = SessionId::new(session_id.as_str()) else {
            return;
        };
        self.leases.remove(&id);
        if let Some(target) = self.target(*case, session_id) {
            target.again = None;
            target.end = Some(SessionEnd::new(&target.session, *end, why.as_str()));
        }
        match end {
            End::Terminated | End::AlreadyEnded => {
                self.unproven.remove(&id);
                self.ended.insert(id.clone(), at.plus(HOUR), *case);
                self.unconfirmed.clear();
            }
            End::HeldBack => {}
            End::Unconfirmed => {
                self.unproven.insert(id.clone(), at.plus(HOUR), ());
                self.unconfirmed.push_back(at);
            }
            _ => self.unproven.insert(id.clone(), at.plus(HOUR), ()),
        }
        let received = self.alerts.get(alert).map(|(received, _)| received);
        if let (Some(until), Some(ended), Some(alert)) = (keep_out, after, received) {
            let watch = Watch {
                case: *case,
                rule: rule.clone(),
                alert: Arc::clone(alert),
                ended: ended.clone(),
                drops: 0,
                handled: BTreeSet::new(),
            };
            self.watches.insert((*case, id), *until, watch);
        }
    }

    fn closed(&mut self, number: u64) {
        self.searching.remove(&number);
        let Some(case) = self.cases.remove(&number) else {
            return;
        };
        for target in &case.targets {
            let id = target.session.session_id.as_ref();
            if let Some(id) = id.filter(|id| self.leases.get(id) == Some(&number)) {
                self.leases.remove(id);
            }
        }
        if let Some((_, open)) = self.alerts.get_mut(&case.alert.number) {
            *open = open.saturating_sub(1);
        }
    }

    pub(crate) fn target(&mut self, case: u64, session_id: &str) -> Option<&mut Target> {
        let case = self.cases.get_mut(&case)?;
        let is = |target: &&mut Target| {
            let id = target.session.session_id.as_ref();
            id.is_some_and(|id| id.as_str() == session_id)
        };
        case.targets.iter_mut().find(is)
    }

    /// Forgets what no longer counts.
    pub(crate) fn prune(&mut self, now: Moment, window: Duration) {
        self.counted.forget(now.minus(HOUR));
        let window = now.minus(window);
        while self.unconfirmed.front().is_some_and(|at| *at <= window) {
            self.unconfirmed.pop_front();
        }
        self.ended.forget(now);
        self.unproven.forget(now);
        self.cooldowns.forget(now);
        self.watches.forget(now);
        self.breaker_until = self.breaker_until.filter(|until| *until > now);
    }
}

/// The drops of the last hour, counted as they come and go.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CountedDrops {
    drops: VecDeque<Counted>,
    of_rule: BTreeMap<String, u64>,
    of_user: BTreeMap<String, u64>,
}

impl CountedDrops {
    pub(crate) fn len(&self) -> usize {
        self.drops.len()
    }

    fn push(&mut self, counted: Counted) {
        *self.of_rule.entry(counted.rule.clone()).or_default() += 1;
        *self.of_user.entry(counted.user.clone()).or_default() += 1;
        self.drops.push_back(counted);
    }

    /// Forgets those that were then or before.
    fn forget(&mut self, then: Moment) {
        while self.drops.front().is_some_and(|counted| counted.at <= then) {
            let Some(counted) = self.drops.pop_front() else {
                return;
            };
            one_less(&mut self.of_rule, &counted.rule);
            one_less(&mut self.of_user, &counted.user);
        }
    }

    /// How many count against a rule, against a user, and in all.
    pub(crate) fn counts(&self, rule: &str, user: &str) -> [u64; 3] {
        let count = |of: &BTreeMap<String, u64>, name| of.get(name).copied().unwrap_or(0);
        let all = u64::try_from(self.drops.len()).unwrap_or(u64::MAX);
        [count(&self.of_rule, rule), count(&self.of_user, user), all]
    }
}

fn one_less(counts: &mut BTreeMap<String, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(name);
        }
    }
}

/// Whose limit and cooldown a session counts against.
pub(crate) fn subject(session: &Session) -> String {
    folded(&session.user)
}
