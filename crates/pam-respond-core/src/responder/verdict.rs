//! Whether a session may be ended: the policy, the brakes, and what other cases do.

use pam_proto::{Session, SessionId};

use super::Responder;
use crate::moment::Moment;
use crate::record::End;
use crate::rules::{Mode, Rule};
use crate::state::{Case, subject};

/// Whether a session may be ended, and if not, why.
pub(super) enum Verdict {
    Yes,
    No(End, String),
}

impl Responder {
    /// Whether the drop of this session may be sent now: asked immediately before, with the
    /// session's record as last seen.
    ///
    /// # Errors
    /// Why not, in one line.
    pub fn may_drop(
        &self,
        case: u64,
        id: &SessionId,
        record: Option<&Session>,
        now: Moment,
    ) -> Result<(), String> {
        let now = self.now.max(now);
        if let Some(halt) = &self.state.halt {
            return Err(format!("halted by {}: {}", halt.by, halt.why));
        }
        if self.state.breaker_until.is_some_and(|until| until > now) {
            return Err("the breaker is open".to_owned());
        }
        let open = self.state.cases.get(&case);
        let Some(case) = open.filter(|_| self.state.leases.get(id) == Some(&case)) else {
            return Err("no case is to end this session".to_owned());
        };
        let Some(rule) = self.settings.rule(&case.rule) else {
            return Err(format!("the rule `{}` is gone", case.rule));
        };
        if rule.mode == Mode::Shadow {
            return Err(format!("the rule `{}` is in shadow now", case.rule));
        }
        let mut targets = case.targets.iter().map(|target| &target.session);
        let known = targets.find(|session| session.session_id.as_ref() == Some(id));
        // What was seen then and what is seen now: deny wins.
        for session in known.into_iter().chain(record) {
            let alone = std::slice::from_ref(session);
            if let Verdict::No(_, why) = self.policy(rule, session, alone, 0) {
                return Err(why);
            }
        }
        Ok(())
    }

    /// Whether a session may be ended, everything considered.
    pub(super) fn verdict(
        &self,
        number: u64,
        session: &Session,
        meant: &[Session],
        ended: usize,
    ) -> Verdict {
        let Some(case) = self.state.cases.get(&number) else {
            return Verdict::No(End::HeldBack, "the case is closed".to_owned());
        };
        let Some(rule) = self.settings.rule(&case.rule) else {
            let why = format!("the rule `{}` is gone", case.rule);
            return Verdict::No(End::RuleGone, why);
        };
        let Some(id) = &session.session_id else {
            return Verdict::No(End::HeldBack, "it has no id to be ended by".to_owned());
        };
        if let Some(other) = self.state.leases.get(id) {
            return Verdict::No(End::Covered, format!("case {other} is ending it"));
        }
        if let Some(other) = self.state.ended.get(id) {
            return Verdict::No(End::Covered, format!("case {other} has ended it"));
        }
        match self.policy(rule, session, meant, ended) {
            Verdict::Yes => self.brakes(case, rule, session),
            no => no,
        }
    }

    /// What the policy says of one session of an attempt on several.
    pub(super) fn policy(
        &self,
        rule: &Rule,
        session: &Session,
        meant: &[Session],
        ended: usize,
    ) -> Verdict {
        let attempt = self.settings.attempt(rule, self.now, ended);
        let decision = self.settings.policy.check(meant, &attempt);
        let mut refusals = decision.refusals.iter();
        let refusal =
            refusals.find(|refusal| refusal.session.is_none_or(|refused| refused == session.id));
        match refusal {
            None => Verdict::Yes,
            Some(refusal) => Verdict::No(End::Policy, refusal.to_string()),
        }
    }

    fn brakes(&self, case: &Case, rule: &Rule, session: &Session) -> Verdict {
        let held = |why: String| Verdict::No(End::HeldBack, why);
        if let Some(halt) = &self.state.halt {
            return held(format!("halted by {}: {}", halt.by, halt.why));
        }
        if let Some(until) = self.state.breaker_until.filter(|until| *until > self.now) {
            return held(format!("the breaker is open until {until}"));
        }
        let user = subject(session);
        let cooldown = self.state.cooldowns.end(&(rule.name.clone(), user.clone()));
        if let (Some(until), None) = (
            cooldown.filter(|until| *until > self.now),
            case.reconnect_of,
        ) {
            // Another session of the very same decision is no second action.
            let own = case
                .targets
                .iter()
                .any(|target| subject(&target.session) == user);
            if !own {
                return held(format!("cooldown of {user} until {until}"));
            }
        }
        let limits = [
            ("rule", rule.max_per_hour),
            ("user", self.settings.per_user),
            ("total", self.settings.total),
        ];
        let counts = self.state.counted.counts(&rule.name, &user);
        for ((name, most), count) in limits.into_iter().zip(counts) {
            if count >= most {
                return held(format!(
                    "limit per {name}: {count} of {most} in the last hour"
                ));
            }
        }
        Verdict::Yes
    }
}
