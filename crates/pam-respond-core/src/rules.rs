//! What the responder is told: rules, limits, and how it looks for sessions.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::tz::{Offset, TimeZone};
use pam_guard::Policy;
use pam_guard::policy::Attempt;
use serde::{Deserialize, Serialize};

use crate::config_text::{Mistake, Section};
use crate::correlate::Match;
use crate::moment::Moment;
use crate::when::When;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// The longest that reconnects can be dropped after a session was ended.
pub const KEEP_OUT_MAX: Duration = HOUR;

/// The longest cooldown, and so how far back a journal is read for what still counts.
pub const COOLDOWN_MAX: Duration = DAY;

/// How far a rule goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It only records what it would do.
    #[default]
    Shadow,
    /// It asks a person first; no answer is a no.
    Approve,
    /// It acts.
    Armed,
}

/// What happens when several sessions may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ambiguous {
    /// Nothing.
    #[default]
    None,
    /// A person picks.
    Ask,
    /// All that the alert contradicts in nothing are ended.
    All,
}

/// Which alerts lead to which sessions, and what is done about them.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, by which the journal knows it.
    pub name: String,
    /// The alerts that it is about.
    pub when: When,
    /// The fields in which alert and session must agree; the user by default.
    pub fields: Vec<Match>,
    /// How far it goes.
    pub mode: Mode,
    /// Why, for the policy, the audit and the reports.
    pub reason: String,
    /// The ticket that the policy may ask for.
    pub ticket: Option<String>,
    /// How long after an action nothing more is done about the same user.
    pub cooldown: Duration,
    /// How many sessions it may end in an hour.
    pub max_per_hour: u64,
    /// How long reconnects are dropped.
    pub keep_out: Duration,
    /// What happens when several sessions may be meant.
    pub ambiguous: Ambiguous,
    /// How long the listing is read anew until the session shows.
    pub deadline: Duration,
    /// How long a person may take to approve.
    pub approval_timeout: Duration,
    /// Where it begins in the file.
    pub line: usize,
}

/// Everything that decisions rest on.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The zone of the appliance's clock, whose times carry none.
    pub zone: TimeZone,
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// What protects sessions. Deny wins.
    pub policy: Policy,
    /// How many sessions of one user may be ended in an hour.
    pub per_user: u64,
    /// How many sessions may be ended in an hour.
    pub total: u64,
    /// How many cases may look for their session at once.
    pub waiting: u64,
    /// How many unconfirmed outcomes within `breaker_window` open the breaker.
    pub breaker_unconfirmed: u64,
    /// See above.
    pub breaker_window: Duration,
    /// How long the breaker stays open.
    pub breaker_open: Duration,
    /// How old a listing may be for an alert to be decided on it at once.
    pub fresh: Duration,
    /// How long after a listing the next one is asked for while an alert waits for its session.
    pub refresh: Duration,
    /// How far the clocks of a sender and of the appliance may be apart.
    pub skew: Duration,
    /// When an alert for which no listing could be read at all is given up.
    pub give_up: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            rules: Vec::new(),
            policy: Policy::default(),
            per_user: 3,
            total: 20,
            waiting: 100_000,
            breaker_unconfirmed: 3,
            breaker_window: 10 * MINUTE,
            breaker_open: 30 * MINUTE,
            fresh: 10 * SECOND,
            refresh: 5 * SECOND,
            skew: 2 * MINUTE,
            give_up: HOUR,
        }
    }
}

impl Settings {
    /// Takes the keys that are the core's from a configuration: `time_zone`, `[[rule]]`,
    /// `[limits]`, `[breaker]` and `[listing]`. `zone` knows zones by their IANA names.
    pub fn read(
        root: &mut Section<'_>,
        zone: impl Fn(&str) -> Option<TimeZone>,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let mut settings = Self::default();
        if let Some((line, name)) = root.text("time_zone", mistakes) {
            match offset(&name).or_else(|| zone(&name)) {
                Some(zone) => settings.zone = zone,
                None => mistakes.push(Mistake {
                    line,
                    reason: format!(
                        "`{name}` is no time zone; write an IANA name such as \
                         \"America/Sao_Paulo\", an offset such as \"-03:00\", or \"UTC\""
                    ),
                }),
            }
        }
        if let Some(mut limits) = root.section("limits", mistakes) {
            set(
                &mut settings.per_user,
                limits.count("per_user", 0..=10_000, mistakes),
            );
            set(
                &mut settings.total,
                limits.count("total", 0..=100_000, mistakes),
            );
            let waiting = limits.count("waiting", 1..=1_000_000, mistakes);
            set(&mut settings.waiting, waiting);
            limits.finish(mistakes);
        }
        if let Some(mut breaker) = root.section("breaker", mistakes) {
            let unconfirmed = breaker.count("unconfirmed", 1..=1_000, mistakes);
            set(&mut settings.breaker_unconfirmed, unconfirmed);
            let window = breaker.duration("window", SECOND..=DAY, mistakes);
            set(&mut settings.breaker_window, window);
            let open = breaker.duration("open_for", SECOND..=7 * DAY, mistakes);
            set(&mut settings.breaker_open, open);
            breaker.finish(mistakes);
        }
        if let Some(mut listing) = root.section("listing", mistakes) {
            let fresh = listing.duration("fresh", Duration::ZERO..=HOUR, mistakes);
            set(&mut settings.fresh, fresh);
            let refresh = listing.duration("refresh", SECOND / 10..=HOUR, mistakes);
            set(&mut settings.refresh, refresh);
            let skew = listing.duration("clock_skew", Duration::ZERO..=DAY, mistakes);
            set(&mut settings.skew, skew);
            let give_up = listing.duration("give_up", MINUTE..=DAY, mistakes);
            set(&mut settings.give_up, give_up);
            listing.finish(mistakes);
        }
        let mut lines = BTreeMap::new();
        for section in root.sections("rule", mistakes) {
            let Some(rule) = Rule::read(section, mistakes) else {
                continue;
            };
            if let Some(first) = lines.insert(rule.name.clone(), rule.line) {
                mistakes.push(Mistake {
                    line: rule.line,
                    reason: format!("the rule of line {first} is named `{}` too", rule.name),
                });
            }
            settings.rules.push(rule);
        }
        settings
    }

    /// Rules that the policy refuses whatever the session, because of their reason or ticket.
    #[must_use]
    pub fn refused_by_policy(&self, now: Moment) -> Vec<Mistake> {
        let refused = self.rules.iter().flat_map(|rule| {
            let decision = self.policy.check(&[], &self.attempt(rule, now, 0));
            let refusals = decision.refusals.into_iter();
            refusals.map(|refusal| Mistake {
                line: rule.line,
                reason: format!("rule `{}` can never act: {refusal}", rule.name),
            })
        });
        refused.collect()
    }

    pub(crate) fn attempt<'r>(&self, rule: &'r Rule, now: Moment, ended: usize) -> Attempt<'r> {
        Attempt {
            reason: Some(&rule.reason),
            ticket: rule.ticket.as_deref(),
            now: now.civil(&self.zone),
            ended_last_hour: ended,
            unseen: 0,
            break_glass: false,
        }
    }

    pub(crate) fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.name == name)
    }
}

impl Rule {
    fn read(mut section: Section<'_>, mistakes: &mut Vec<Mistake>) -> Option<Self> {
        let line = section.line;
        let name = section
            .required_text("name", mistakes)
            .map(|(_, name)| name);
        let when = section
            .required_text("when", mistakes)
            .and_then(|(line, text)| match text.parse::<When>() {
                Ok(when) => Some(when),
                Err(error) => {
                    let reason = format!("`when`: {error}");
                    mistakes.push(Mistake { line, reason });
                    None
                }
            });
        let fields = match section.texts("match", mistakes) {
            Some((line, names)) => fields(line, &names, mistakes),
            None => vec![Match::User],
        };
        let modes = [
            ("shadow", Mode::Shadow),
            ("approve", Mode::Approve),
            ("armed", Mode::Armed),
        ];
        let ambiguous = [
            ("none", Ambiguous::None),
            ("ask", Ambiguous::Ask),
            ("all", Ambiguous::All),
        ];
        let rule = Self {
            mode: section.word("mode", &modes, mistakes).unwrap_or_default(),
            reason: section
                .text("reason", mistakes)
                .map(|(_, reason)| reason)
                .unwrap_or_else(|| format!("rule {}", name.as_deref().unwrap_or_default())),
            ticket: section.text("ticket", mistakes).map(|(_, ticket)| ticket),
            cooldown: section
                .duration("cooldown", Duration::ZERO..=COOLDOWN_MAX, mistakes)
                .unwrap_or_default(),
            max_per_hour: section
                .count("max_per_hour", 0..=10_000, mistakes)
                .unwrap_or(10),
            keep_out: section
                .duration("keep_out", Duration::ZERO..=KEEP_OUT_MAX, mistakes)
                .unwrap_or_default(),
            ambiguous: section
                .word("ambiguous", &ambiguous, mistakes)
                .unwrap_or_default(),
            deadline: section
                .duration("deadline", SECOND..=HOUR, mistakes)
                .unwrap_or(5 * MINUTE),
            approval_timeout: section
                .duration("approval_timeout", SECOND..=DAY, mistakes)
                .unwrap_or(15 * MINUTE),
            name: name.unwrap_or_default(),
            when: when.unwrap_or_else(When::never),
            fields,
            line,
        };
        section.finish(mistakes);
        (!rule.name.is_empty()).then_some(rule)
    }
}

fn fields(line: usize, names: &[String], mistakes: &mut Vec<Mistake>) -> Vec<Match> {
    let mut fields = Vec::new();
    let mut known = 0;
    for name in names {
        match Match::ALL.into_iter().find(|field| field.name() == name) {
            Some(field) => {
                known += 1;
                if !fields.contains(&field) {
                    fields.push(field);
                }
            }
            None => {
                let all = Match::ALL.map(|field| format!("`{field}`")).join(", ");
                let reason = format!("`match`: `{name}` is none of {all}");
                mistakes.push(Mistake { line, reason });
            }
        }
    }
    if known == names.len() && fields.iter().all(|field| *field == Match::Port) {
        let reason = "`match` needs a field beside the port, or every session would agree";
        mistakes.push(Mistake {
            line,
            reason: reason.to_owned(),
        });
    }
    fields
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

/// `UTC`, `Z`, `+02:00` or `-0300`.
fn offset(name: &str) -> Option<TimeZone> {
    if matches!(name, "UTC" | "Z") {
        return Some(TimeZone::UTC);
    }
    let (sign, digits) = match name.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (i32, i32) = (digits[..2].parse().ok()?, digits[2..].parse().ok()?);
    let seconds = sign * (hours * 3_600 + minutes * 60);
    (minutes < 60)
        .then(|| Offset::from_seconds(seconds).ok())
        .flatten()
        .map(TimeZone::fixed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_text::ConfigText;

    fn read(text: &str) -> (Settings, Vec<Mistake>) {
        let mut mistakes = Vec::new();
        let mut root = ConfigText::new(text).root(&mut mistakes);
        let settings = Settings::read(&mut root, |_| None, &mut mistakes);
        root.finish(&mut mistakes);
        mistakes.sort();
        (settings, mistakes)
    }

    #[test]
    fn what_is_not_said_is_careful() {
        let (settings, mistakes) = read("[[rule]]\nname = \"r\"\nwhen = \"severity>=high\"\n");
        assert_eq!(mistakes, []);
        let rule = &settings.rules[0];
        assert_eq!((rule.mode, rule.ambiguous), (Mode::Shadow, Ambiguous::None));
        assert_eq!(rule.fields, [Match::User]);
        assert_eq!((rule.keep_out, rule.max_per_hour), (Duration::ZERO, 10));
    }

    #[test]
    fn every_mistake_has_its_line() {
        let text = "\
time_zone = \"Mars/Olympus\"
[[rule]]
when = \"usr=x\"
match = [\"user\", \"hostname\"]
mode = \"on\"
keep_out = \"2h\"
[[rule]]
name = \"a\"
when = \"user=x\"
match = \"port\"
ambigous = \"ask\"
[limits]
total = -1
";
        let (_, mistakes) = read(text);
        let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5, 6, 10, 11, 13], "{mistakes:#?}");
    }

    #[test]
    fn a_rule_on_the_port_alone_is_a_mistake() {
        let (_, mistakes) = read("[[rule]]\nname=\"a\"\nwhen=\"user=x\"\nmatch=[\"port\"]\n");
        assert_eq!(mistakes[0].line, 4);
    }

    #[test]
    fn offsets_are_zones() {
        let (settings, mistakes) = read("time_zone = \"-03:30\"\n");
        assert_eq!(mistakes, []);
        let noon = Moment::of_civil("2024-05-06 12:00:00", &settings.zone).unwrap();
        assert_eq!(noon.to_string(), "2024-05-06T15:30:00Z");
    }

    #[test]
    fn a_rule_whose_reason_the_policy_refuses_is_told_before_it_is_needed() {
        let (mut settings, _) = read("[[rule]]\nname = \"r\"\nwhen = \"user=x\"\nreason = \"x\"\n");
        settings.policy = Policy::parse("[require]\nreason = '.{10,}'\n").unwrap();
        let refused = settings.refused_by_policy(Moment::default());
        assert_eq!(refused[0].line, 1);
        assert!(refused[0].reason.contains("require.reason"), "{refused:?}");
    }
}
