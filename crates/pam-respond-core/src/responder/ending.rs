//! From a decision to its recorded end.

use std::collections::BTreeMap;
use std::time::Duration;

use pam_proto::Session;

use super::verdict::Verdict;
use super::{Effect, Rejected, Responder, Termination};
use crate::record::{CaseReport, End, Record, SessionEnd};
use crate::state::{Phase, subject};

/// How long after a termination in which the appliance was out of reach the next one begins.
const AGAIN: Duration = Duration::from_secs(30);

impl Responder {
    /// Ends these sessions as far as that is allowed.
    pub(super) fn act(&mut self, number: u64, meant: Vec<Session>) {
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        let (alert, reconnect_of) = (case.alert.number, case.reconnect_of);
        // What was found before a person was asked may be old by now.
        let asked = matches!(case.phase, Phase::Pending { .. });
        let ended = self.state.counted.len();
        for session in &meant {
            match self.verdict(number, session, &meant, ended) {
                Verdict::No(end, why) => {
                    self.spare(number, SessionEnd::new(session, end, why));
                }
                Verdict::Yes => {
                    let Some(case) = self.state.cases.get(&number) else {
                        continue;
                    };
                    let rule = case.rule.clone();
                    let cooldown = self.settings.rule(&rule).map(|rule| rule.cooldown);
                    let cooldown = cooldown.filter(|span| !span.is_zero());
                    let id = session.session_id.as_ref();
                    let tried = id.is_some_and(|id| self.state.unproven.contains_key(id));
                    self.record(Record::Acting {
                        case: number,
                        alert,
                        rule,
                        user: subject(session),
                        cooldown: cooldown.map(|span| self.now.plus(span)),
                        reconnect_of,
                        session: session.clone(),
                    });
                    self.effects.push(Effect::StartTermination {
                        case: number,
                        session: Box::new(session.clone()),
                        look_first: asked || tried,
                    });
                }
            }
        }
        self.settle(number);
    }

    pub(super) fn spare(&mut self, number: u64, end: SessionEnd) {
        if let Some(case) = self.state.cases.get_mut(&number) {
            case.spared.push(end);
        }
    }

    pub(super) fn ended(&mut self, termination: Termination) {
        let Termination {
            case: number,
            session_id,
            outcome,
            withheld,
            unreachable,
            attempts,
            message,
            after,
        } = termination;
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        let target = case.targets.iter().find(|target| {
            target.session.session_id.as_ref() == Some(&session_id) && target.end.is_none()
        });
        let Some(target) = target else {
            return;
        };
        let proven = outcome.is_verified();
        let (rule, alert) = (case.rule.clone(), case.alert.number);
        let patience = target.since.plus(self.settings.give_up);
        if unreachable && withheld.is_none() && !proven && self.now.plus(AGAIN) < patience {
            let after = self.now.plus(AGAIN);
            self.record(Record::Again {
                case: number,
                session_id: session_id.to_string(),
                after,
                why: message,
            });
            self.agenda.insert((after, number));
            return;
        }
        let (end, why) = match withheld {
            Some(why) if !proven && attempts == 0 => (End::HeldBack, why),
            _ => (End::from(outcome), message),
        };
        let keep_out = self.settings.rule(&rule).map(|rule| rule.keep_out);
        let keep_out = keep_out.filter(|span| !span.is_zero() && end.is_proven());
        // A reconnect prolongs nothing: the first session's time is the whole of it.
        let until = keep_out
            .filter(|_| case.reconnect_of.is_none())
            .map(|span| self.now.plus(span));
        self.record(Record::Outcome {
            case: number,
            alert,
            rule,
            session_id: session_id.to_string(),
            end,
            why,
            attempts,
            after,
            keep_out: until,
        });
        let unconfirmed = self.state.unconfirmed.len();
        if u64::try_from(unconfirmed).unwrap_or(u64::MAX) >= self.settings.breaker_unconfirmed {
            self.record(Record::BreakerOpened {
                until: self.now.plus(self.settings.breaker_open),
                why: format!("{unconfirmed} outcomes in a row were unconfirmed"),
            });
        }
        self.settle(number);
    }

    pub(super) fn approve(
        &mut self,
        number: u64,
        by: String,
        named: &[String],
    ) -> Result<(), Rejected> {
        let case = self.state.cases.get(&number);
        let Some((case, proposed)) = case.and_then(|case| match &case.phase {
            Phase::Pending {
                expires, proposed, ..
            } if *expires > self.now => Some((case, proposed)),
            _ => None,
        }) else {
            return Err(Rejected::NotPending(number));
        };
        let wanted = if named.is_empty() { proposed } else { named };
        let candidate = |name: &String| {
            let mut candidates = case.candidates.iter();
            let found = candidates.find(|candidate| candidate.session.id.to_string() == *name);
            found
                .map(|candidate| candidate.session.clone())
                .ok_or_else(|| Rejected::NoCandidate {
                    case: number,
                    session: name.clone(),
                })
        };
        let mut meant = wanted
            .iter()
            .map(candidate)
            .collect::<Result<Vec<_>, _>>()?;
        if meant.is_empty() {
            match &case.candidates[..] {
                [only] => meant.push(only.session.clone()),
                several => {
                    let ids = several
                        .iter()
                        .map(|candidate| candidate.session.id.to_string());
                    return Err(Rejected::NameSessions {
                        case: number,
                        candidates: ids.collect::<Vec<_>>().join(", "),
                    });
                }
            }
        }
        self.record(Record::Answered {
            case: number,
            approved: true,
            by,
        });
        self.act(number, meant);
        Ok(())
    }

    pub(super) fn deny(&mut self, number: u64, by: String) -> Result<(), Rejected> {
        let case = self.state.cases.get(&number);
        if !case.is_some_and(|case| matches!(case.phase, Phase::Pending { .. })) {
            return Err(Rejected::NotPending(number));
        }
        let why = format!("denied by {by}");
        self.record(Record::Answered {
            case: number,
            approved: false,
            by,
        });
        self.close(number, End::Rejected, why);
        Ok(())
    }

    /// Looks after the cases whose time has come.
    pub(super) fn look_after(&mut self) {
        while let Some((due, number)) = self.agenda.first().copied() {
            if due > self.now {
                return;
            }
            self.agenda.pop_first();
            self.look_after_one(number);
        }
    }

    fn look_after_one(&mut self, number: u64) {
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        match &case.phase {
            Phase::Searching => {
                if self.unlisted.contains(&number) {
                    let last = case.alert.at.plus(self.settings.give_up);
                    if self.now >= last {
                        let why = "no listing could be read in all that time".to_owned();
                        self.close(number, End::NoListing, why);
                    } else {
                        self.agenda.insert((last, number));
                    }
                } else if let Some(sessions) = self.sessions.clone() {
                    self.search(number, &sessions);
                }
            }
            Phase::Pending { expires, .. } if self.now >= *expires => {
                self.record(Record::Answered {
                    case: number,
                    approved: false,
                    by: "the clock".to_owned(),
                });
                let why = "nobody answered in time, which is a no".to_owned();
                self.close(number, End::Expired, why);
            }
            Phase::Pending { .. } => {}
            Phase::Acting => self.try_again(number),
        }
    }

    /// Goes on with terminations that found the appliance out of reach.
    fn try_again(&mut self, number: u64) {
        let now = self.now;
        let Some(case) = self.state.cases.get_mut(&number) else {
            return;
        };
        for target in &mut case.targets {
            if target.end.is_none() && target.again.is_some_and(|after| after <= now) {
                target.again = None;
                self.effects.push(Effect::StartTermination {
                    case: number,
                    session: Box::new(target.session.clone()),
                    look_first: true,
                });
            }
        }
    }

    /// After a restart: what was under way is gone on with.
    pub(super) fn go_on(&mut self, number: u64) {
        let Some(case) = self.state.cases.get_mut(&number) else {
            return;
        };
        match &case.phase {
            Phase::Searching => {
                let due = case.deadline;
                self.agenda.insert((due, number));
            }
            Phase::Pending { expires, .. } => {
                let due = *expires;
                self.agenda.insert((due, number));
            }
            Phase::Acting => {
                for target in case
                    .targets
                    .iter_mut()
                    .filter(|target| target.end.is_none())
                {
                    target.again = None;
                    self.effects.push(Effect::StartTermination {
                        case: number,
                        session: Box::new(target.session.clone()),
                        look_first: true,
                    });
                }
                self.settle(number);
            }
        }
    }

    pub(super) fn rule_gone(&mut self, number: u64) {
        let why = "the rule is no longer in the configuration".to_owned();
        self.close(number, End::RuleGone, why);
    }

    /// Closes a case all of whose sessions have their end.
    pub(super) fn settle(&mut self, number: u64) {
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        if case.targets.iter().any(|target| target.end.is_none()) {
            return;
        }
        let done = case.targets.iter().filter_map(|target| target.end.as_ref());
        let all: Vec<&SessionEnd> = done.chain(&case.spared).collect();
        let mut ends: BTreeMap<End, usize> = BTreeMap::new();
        for session in &all {
            *ends.entry(session.end).or_default() += 1;
        }
        let (end, why) = match &all[..] {
            [] => (End::HeldBack, "nothing was left to do".to_owned()),
            [only] => (only.end, only.why.clone()),
            [first, ..] if ends.len() == 1 => (first.end, format!("{} sessions", all.len())),
            _ => {
                let counts = ends.iter().map(|(end, count)| format!("{count} {end}"));
                (End::Mixed, counts.collect::<Vec<_>>().join(", "))
            }
        };
        self.close(number, end, why);
    }

    pub(super) fn close(&mut self, number: u64, end: End, why: String) {
        self.unlisted.remove(&number);
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        let done = case.targets.iter().filter_map(|target| target.end.clone());
        let rule = self.settings.rule(&case.rule);
        let report = CaseReport {
            case: number,
            alert: case.alert.number,
            key: case.alert.key.clone(),
            alert_id: case.alert.alert.id.clone(),
            source: case.alert.alert.source.clone(),
            rule: case.rule.clone(),
            reason: rule.map(|rule| rule.reason.clone()).unwrap_or_default(),
            end,
            why,
            received: case.alert.at,
            closed: self.now,
            reconnect_of: case.reconnect_of,
            sessions: done.chain(case.spared.iter().cloned()).collect(),
        };
        let alert = report.alert;
        let report = Box::new(report);
        self.record(Record::Closed {
            report: report.clone(),
        });
        self.effects.push(Effect::Report(report));
        if self
            .state
            .alerts
            .get(&alert)
            .is_some_and(|(_, open)| *open == 0)
        {
            self.record(Record::Ended { alert });
        }
    }
}
