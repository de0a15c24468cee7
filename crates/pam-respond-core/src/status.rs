//! How the responder stands, for people and for metrics.

use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::record::{End, SessionEnd};
use crate::responder::Responder;
use crate::rules::Mode;
use crate::state::Phase;

/// How the responder stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Status {
    /// The responder's time.
    pub now: Moment,
    /// Who halted it and why, where it is halted.
    pub halted: Option<String>,
    /// Until when the breaker is open, where it is.
    pub breaker_until: Option<Moment>,
    /// Alerts without an end.
    pub open_alerts: usize,
    /// Cases whose session is looked for.
    pub searching: usize,
    /// Cases for which a person is asked.
    pub pending: usize,
    /// Sessions that are being ended.
    pub acting: usize,
    /// Sessions ended, or tried to, in the last hour.
    pub last_hour: usize,
    /// How many of these are allowed.
    pub most_per_hour: u64,
    /// Users who are kept out.
    pub kept_out: usize,
    /// When the last listing was asked for, and how many sessions it had.
    pub listing: Option<(Moment, usize)>,
    /// The rules and how far each goes.
    pub rules: Vec<(String, Mode)>,
}

/// A case that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PendingCase {
    /// Its number, to approve or deny it.
    pub case: u64,
    /// The rule.
    pub rule: String,
    /// The rule's reason.
    pub reason: String,
    /// The alert's source, event and user.
    pub alert: String,
    /// When no answer becomes a no.
    pub expires: Moment,
    /// The row numbers of the sessions that a yes means; empty when they have to be named.
    pub proposed: Vec<String>,
    /// The candidates, the best first.
    pub candidates: Vec<SessionEnd>,
}

impl Responder {
    /// How it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = self.state();
        let settings = self.settings();
        let pending = state.cases.values();
        let pending = pending.filter(|case| matches!(case.phase, Phase::Pending { .. }));
        Status {
            now: self.time(),
            halted: state
                .halt
                .as_ref()
                .map(|halt| format!("by {} at {}: {}", halt.by, halt.at, halt.why)),
            breaker_until: state.breaker_until,
            open_alerts: state.alerts.len(),
            searching: state.searching.len(),
            pending: pending.count(),
            acting: state.leases.len(),
            last_hour: state.counted.len(),
            most_per_hour: settings.total,
            kept_out: state.watches.len(),
            listing: self
                .last_listing()
                .map(|listing| (listing.began(), listing.len())),
            rules: settings
                .rules
                .iter()
                .map(|rule| (rule.name.clone(), rule.mode))
                .collect(),
        }
    }

    /// The cases that wait for a person, the oldest first.
    #[must_use]
    pub fn pending(&self) -> Vec<PendingCase> {
        let cases = self.state().cases.values();
        let pending = cases.filter_map(|case| {
            let Phase::Pending {
                expires, proposed, ..
            } = &case.phase
            else {
                return None;
            };
            let alert = &case.alert.alert;
            let event = alert.event.as_ref();
            let event = event.and_then(|event| event.name.clone().or_else(|| event.id.clone()));
            let rule = self.settings().rule(&case.rule);
            Some(PendingCase {
                case: case.number,
                rule: case.rule.clone(),
                reason: rule.map(|rule| rule.reason.clone()).unwrap_or_default(),
                alert: on_one_line(
                    &[Some(alert.source.clone()), event, alert.user.clone()]
                        .into_iter()
                        .flatten()
                        .collect::<Vec<_>>()
                        .join(", "),
                ),
                expires: *expires,
                proposed: proposed.clone(),
                candidates: case
                    .candidates
                    .iter()
                    .map(|candidate| {
                        let why = candidate.reasons.join("; ");
                        SessionEnd::new(&candidate.session, End::Shadow, why)
                    })
                    .collect(),
            })
        });
        pending.collect()
    }

    /// A case that has no end yet.
    #[must_use]
    pub fn case(&self, number: u64) -> Option<&crate::Case> {
        self.state().cases.get(&number)
    }
}

/// A sender's words where a person is asked: they must not write lines of their own, such as
/// another question or another link.
fn on_one_line(text: &str) -> String {
    let shown = text.chars().map(|c| {
        let acts = c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if acts { ' ' } else { c }
    });
    shown.collect()
}
