//! What happens beside the termination machine: the last word of the rules, and the record.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use pam_audit::Entry;
use pam_client::{PlannedDrop, Withheld, Witness};
use pam_guard::policy::Refusal;
use pam_proto::SessionId;
use pam_proto::termination::Report;

use super::journal::{Journal, Recount, Stop};
use super::{Guard, refused_line};
use crate::output::stderr;

/// Stands by while sessions are terminated.
pub(super) struct Watch<'a, T> {
    guard: &'a Guard,
    journal: Option<Journal>,
    /// What broken glass lifted of the attempt as a whole.
    lifted: Vec<Refusal>,
    refused: Mutex<BTreeSet<SessionId>>,
    told: T,
}

impl<'a, T: Fn(&Report) + Sync> Watch<'a, T> {
    pub(super) fn new(guard: &'a Guard, lifted: Vec<Refusal>, told: T) -> Self {
        let journal = guard.audit.clone();
        let whole = |refusal: &Refusal| refusal.session.is_none();
        Self {
            journal: journal.map(|file| Journal::start(file, recount(guard))),
            guard,
            lifted: lifted.into_iter().filter(whole).collect(),
            refused: Mutex::default(),
            told,
        }
    }

    /// Waits until everything is recorded; gives the sessions whose drops were kept back.
    pub(super) fn finish(self) -> BTreeSet<SessionId> {
        if let Some(Err(error)) = self.journal.map(Journal::finish) {
            stderr::warning(format!("{error}; not everything that was done is recorded"));
        }
        let refused = self.refused.into_inner();
        refused.unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the hour again before each drop, where the policy limits it.
fn recount(guard: &Guard) -> Option<Recount> {
    let rules = guard.rules.as_ref();
    let rules = rules
        .filter(|rules| rules.file.policy.limits_the_hour())?
        .clone();
    let purpose = guard.purpose.clone();
    Some(Box::new(move |ended| {
        let policy = &rules.file.policy;
        policy.recount(ended, &rules.attempt(&purpose)).refusals
    }))
}

impl<T: Fn(&Report) + Sync> Watch<'_, T> {
    /// What the rules say of a session right before its drop: what is lifted, or what refuses.
    fn last_word(&self, planned: &PlannedDrop) -> Result<Vec<Refusal>, Vec<Refusal>> {
        let (Some(rules), Some(record)) = (&self.guard.rules, &planned.record) else {
            return Ok(Vec::new());
        };
        let attempt = rules.attempt(&self.guard.purpose);
        let again = rules.file.policy.recheck(record, &attempt);
        if again.is_allowed() {
            Ok(again.lifted)
        } else {
            Err(again.refusals)
        }
    }

    /// The refusal as a person reads it.
    fn line(&self, refusal: &Refusal) -> String {
        match &self.guard.rules {
            Some(rules) => refused_line(&rules.file.note, refusal),
            None => refusal.to_string(),
        }
    }

    /// Whether a drop may be sent that can't be recorded.
    fn may_go_unrecorded(&self) -> bool {
        let rules = self.guard.rules.as_ref();
        // What is not recorded is not counted.
        self.guard.optional && !rules.is_some_and(|rules| rules.file.policy.limits_the_hour())
    }

    fn withhold(&self, planned: &PlannedDrop, reason: String) -> Withheld {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(planned.session_id.clone());
        Withheld { reason }
    }

    fn refuse(&self, planned: &PlannedDrop, refusals: Vec<Refusal>, reason: String) -> Withheld {
        if let Some(journal) = &self.journal {
            journal.record(self.entry(planned).into_refused(refusals, reason.clone()));
        }
        self.withhold(planned, reason)
    }

    fn entry(&self, planned: &PlannedDrop) -> Entry {
        let (context, purpose) = (&self.guard.context, &self.guard.purpose);
        let record = planned.record.as_deref();
        Entry::drop(
            context,
            purpose,
            &planned.session_id,
            record,
            planned.attempt,
        )
    }
}

impl<T: Fn(&Report) + Sync> Witness for Watch<'_, T> {
    async fn before_drop(&self, planned: &PlannedDrop) -> Result<(), Withheld> {
        if self.guard.needs_records() && planned.record.is_none() {
            let reason = "its record was not seen, so it is unknown whether the policy protects it";
            return Err(self.refuse(planned, Vec::new(), reason.to_owned()));
        }
        let lifted = match self.last_word(planned) {
            Ok(lifted) => lifted,
            Err(refusals) => {
                let first = refusals.first();
                let reason = first.map(|refusal| self.line(refusal)).unwrap_or_default();
                return Err(self.refuse(planned, refusals, reason));
            }
        };
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let mut entry = self.entry(planned);
        entry.lifted = self.lifted.iter().cloned().chain(lifted).collect();
        match journal.before(entry).await {
            Ok(()) => Ok(()),
            Err(Stop::Rule(refusal)) => Err(self.withhold(planned, self.line(&refusal))),
            Err(Stop::Unwritten(line)) if self.may_go_unrecorded() => {
                stderr::warning(format!("{line}; the drop is sent unrecorded"));
                Ok(())
            }
            Err(Stop::Unwritten(line)) => Err(self.withhold(planned, line)),
        }
    }

    fn reported(&self, report: &Report) {
        if let Some(journal) = &self.journal {
            let (context, purpose) = (&self.guard.context, &self.guard.purpose);
            journal.record(Entry::outcome(context, purpose, report));
        }
        (self.told)(report);
    }
}
