//! From an alert to the session that it means.

use std::sync::Arc;
use std::time::Duration;

use pam_alert::State as AlertState;
use pam_proto::Session;

use super::Responder;
use super::verdict::Verdict;
use crate::correlate::{Choice, Found, Question, is_reconnect};
use crate::moment::Moment;
use crate::record::{End, Received, Record, SessionEnd};
use crate::rules::{Ambiguous, Mode};
use crate::sessions::{Key, Sessions, folded};
use crate::state::Case;

/// How many candidates a record keeps.
const CANDIDATES_KEPT: usize = 8;

impl Responder {
    /// Opens a case for every rule that is about the alert.
    pub(super) fn take_up(&mut self, alert: &Arc<Received>) {
        if alert.alert.state != AlertState::Firing {
            let why = "it reports the end of something".to_owned();
            return self.record(Record::Unmatched {
                alert: alert.number,
                why,
            });
        }
        let about: Vec<(String, Mode, Duration)> = self
            .settings
            .rules
            .iter()
            .filter(|rule| rule.when.holds(&alert.alert))
            .map(|rule| (rule.name.clone(), rule.mode, rule.deadline))
            .collect();
        if about.is_empty() {
            let why = "no rule is about it".to_owned();
            return self.record(Record::Unmatched {
                alert: alert.number,
                why,
            });
        }
        let first = self.state.last_case + 1;
        let mut opened = Vec::with_capacity(about.len());
        for (case, (rule, mode, deadline)) in (first..).zip(about) {
            self.record(Record::Opened {
                case,
                alert: alert.number,
                rule,
                mode,
                deadline: alert.at.plus(deadline),
                reconnect_of: None,
            });
            opened.push(case);
        }
        for case in opened {
            self.unlisted.insert(case);
            if alert.alert.is_machine_actor() {
                let why = "the actor is a script of the appliance, on which nothing is ever done";
                self.close(case, End::MachineActor, why.to_owned());
                continue;
            }
            let fresh = self.now.minus(self.settings.fresh);
            let sessions = self
                .sessions
                .clone()
                .filter(|sessions| sessions.began() >= fresh);
            let none = Sessions::default();
            self.search(case, sessions.as_deref().unwrap_or(&none));
            self.hold_back_beyond_limit(case);
        }
    }

    /// A case that waits is held in memory, so there is a limit; what can be decided at once is not
    /// held up by it.
    fn hold_back_beyond_limit(&mut self, case: u64) {
        let waiting = self.state.searching.len() as u64;
        let most = self.settings.waiting;
        if waiting > most && self.state.searching.contains(&case) {
            let why = format!("limit of waiting: {most} others look for their session");
            self.close(case, End::HeldBack, why);
        }
    }

    /// Looks for the session of a case among these; decides when that is possible.
    pub(super) fn search(&mut self, number: u64, sessions: &Sessions) {
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        if self.settings.rule(&case.rule).is_none() {
            return self.rule_gone(number);
        }
        let found = self.ask(case, sessions);
        let covers = sessions.began() >= case.alert.at;
        if covers {
            self.unlisted.remove(&number);
        }
        let certain = found.candidates.first().is_some_and(|best| !best.doubtful);
        let over = self.now >= case.deadline && !self.unlisted.contains(&number);
        match found.choice() {
            _ if found.hopeless => self.conclude(number, &found, sessions.began()),
            Choice::Clear => self.conclude(number, &found, sessions.began()),
            // What is in doubt may become clear when the listing has caught up.
            Choice::Ambiguous if covers && certain => {
                self.conclude(number, &found, sessions.began());
            }
            _ if over && covers => self.conclude(number, &found, sessions.began()),
            _ => {
                let last = case.alert.at.plus(self.settings.give_up);
                let due = if self.now < case.deadline {
                    case.deadline
                } else {
                    last
                };
                self.agenda.insert((due, number));
            }
        }
    }

    fn ask(&self, case: &Case, sessions: &Sessions) -> Found {
        let rule = self.settings.rule(&case.rule);
        let said = case.alert.alert.time;
        let at = said.and_then(|time| time.resolve(case.alert.at.timestamp(), &self.settings.zone));
        let question = Question {
            alert: &case.alert.alert,
            fields: rule.map_or(&[], |rule| &rule.fields),
            at: at.map_or(case.alert.at, Moment::from),
            skew: self.settings.skew,
        };
        question.ask(sessions)
    }

    /// Decides on what was found.
    pub(super) fn conclude(&mut self, number: u64, found: &Found, listing: Moment) {
        let Some(case) = self.state.cases.get(&number) else {
            return;
        };
        let Some(rule) = self.settings.rule(&case.rule) else {
            return self.rule_gone(number);
        };
        let (mode, ambiguous, expires) = (
            rule.mode,
            rule.ambiguous,
            self.now.plus(rule.approval_timeout),
        );
        let choice = found.choice();
        let certain = found
            .candidates
            .iter()
            .filter(|candidate| !candidate.doubtful);
        let (meant, ask): (Vec<Session>, bool) = match (choice, ambiguous) {
            (Choice::None, _) | (Choice::Ambiguous, Ambiguous::None) => (Vec::new(), false),
            (Choice::Clear, _) => (certain.take(1).map(|c| c.session.clone()).collect(), false),
            (Choice::Ambiguous, Ambiguous::All) => (
                certain.map(|candidate| candidate.session.clone()).collect(),
                false,
            ),
            (Choice::Ambiguous, Ambiguous::Ask) => (Vec::new(), true),
        };
        let name = match choice {
            Choice::Clear => "clear",
            Choice::Ambiguous => "ambiguous",
            Choice::None => "none",
        };
        let kept = found.candidates.iter().take(CANDIDATES_KEPT).cloned();
        let is_machine = found
            .notes
            .iter()
            .any(|note| note.contains("script of the appliance"));
        self.record(Record::Found {
            case: number,
            listing,
            choice: name.to_owned(),
            count: found.candidates.len(),
            candidates: kept.collect(),
            notes: found.notes.iter().take(CANDIDATES_KEPT).cloned().collect(),
        });
        if meant.is_empty() && !ask {
            let (end, why) = match choice {
                Choice::None if is_machine => (
                    End::MachineActor,
                    "only sessions of scripts fit, and those are never ended".to_owned(),
                ),
                Choice::None => {
                    let notes = found.notes.first().cloned();
                    let why = notes.unwrap_or_else(|| "no live session fits".to_owned());
                    (End::NoSession, why)
                }
                _ => {
                    let count = found.candidates.len();
                    let doubtful = found.candidates.iter().all(|candidate| candidate.doubtful);
                    let why = if doubtful {
                        format!("{count} sessions fit, each contradicted by the alert in a field")
                    } else {
                        format!("{count} sessions may be meant, and none clearly")
                    };
                    (End::Ambiguous, why)
                }
            };
            return self.close(number, end, why);
        }
        match mode {
            Mode::Shadow => self.shadow(number, &meant, ask),
            Mode::Armed if !ask => self.act(number, meant),
            Mode::Armed | Mode::Approve => {
                if let Some(refused) = self.refused(number, &meant, found) {
                    for session in refused {
                        self.spare(number, session);
                    }
                    return self.settle(number);
                }
                let proposed = meant.iter().map(|session| session.id.to_string());
                self.record(Record::Asked {
                    case: number,
                    expires,
                    proposed: proposed.collect(),
                });
                self.agenda.insert((expires, number));
            }
        }
    }

    /// What becomes of the sessions that a person would be asked about, when the policy refuses each
    /// of them whatever the answer is. How many were ended in the last hour may have changed by then,
    /// so that does not count.
    fn refused(&self, number: u64, meant: &[Session], found: &Found) -> Option<Vec<SessionEnd>> {
        let rule = &self.state.cases.get(&number)?.rule;
        let rule = self.settings.rule(rule)?;
        let refusal = |session: &Session| {
            let alone = std::slice::from_ref(session);
            match self.policy(rule, session, alone, 0) {
                Verdict::Yes => None,
                Verdict::No(end, why) => Some(SessionEnd::new(session, end, why)),
            }
        };
        if meant.is_empty() {
            let candidates = found.candidates.iter().map(|candidate| &candidate.session);
            candidates.map(refusal).collect()
        } else {
            meant.iter().map(refusal).collect()
        }
    }

    /// Records what would have been done.
    fn shadow(&mut self, number: u64, meant: &[Session], ask: bool) {
        if ask {
            let why = "would ask a person which of the sessions is meant".to_owned();
            return self.close(number, End::Shadow, why);
        }
        let mut lines = Vec::new();
        for session in meant {
            let who = format!(
                "session {} of {} on {}",
                session.id, session.user, session.device
            );
            let (end, line) = match self.verdict(number, session, meant, self.state.counted.len()) {
                Verdict::Yes => (End::Shadow, format!("would end {who}")),
                Verdict::No(end, why) => (end, format!("would not end {who}: {why}")),
            };
            self.spare(number, SessionEnd::new(session, end, line.as_str()));
            lines.push(line);
        }
        self.close(number, End::Shadow, lines.join("; "));
    }

    pub(super) fn listed(&mut self, sessions: Arc<Sessions>) {
        self.listing_out = false;
        self.listing_failed = false;
        self.next_listing = self.now.plus(self.settings.refresh);
        if self
            .sessions
            .as_ref()
            .is_some_and(|last| last.began() > sessions.began())
        {
            return;
        }
        self.sessions = Some(Arc::clone(&sessions));
        let searching: Vec<u64> = self.state.searching.iter().copied().collect();
        for case in searching {
            self.search(case, &sessions);
        }
        self.reconnects(&sessions);
    }

    /// Opens a case for every session with which a user who is kept out came back.
    fn reconnects(&mut self, sessions: &Sessions) {
        let mut back = Vec::new();
        for watch in self.state.watches.values() {
            let Some(rule) = self.settings.rule(&watch.rule) else {
                continue;
            };
            let key = Key::User(folded(&watch.ended.user));
            for known in sessions.of(&key).iter().filter_map(|at| sessions.at(*at)) {
                let id = known.session.session_id.as_ref();
                let handled = id.is_none_or(|id| {
                    watch.handled.contains(id)
                        || self.state.leases.contains_key(id)
                        || self.state.ended.contains_key(id)
                });
                let zone = &self.settings.zone;
                if !handled && is_reconnect(known, &watch.ended, &rule.fields, zone) {
                    let mode = rule.mode;
                    let alert = Arc::clone(&watch.alert);
                    back.push((
                        alert,
                        watch.case,
                        watch.rule.clone(),
                        mode,
                        known.session.clone(),
                    ));
                }
            }
        }
        for (alert, earlier, rule, mode, session) in back {
            if mode == Mode::Shadow {
                continue;
            }
            let case = self.state.last_case + 1;
            self.state.receive(&alert);
            self.record(Record::Opened {
                case,
                alert: alert.number,
                rule,
                mode,
                deadline: self.now,
                reconnect_of: Some(earlier),
            });
            self.act(case, vec![session]);
        }
    }
}
