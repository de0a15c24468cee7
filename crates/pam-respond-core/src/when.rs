//! Which alerts a rule is about: the filter language of `pam-guard`, over the fields of an alert.

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use pam_alert::{Alert, Severity};
use pam_guard::FilterError;
use pam_guard::expression::{Expression, Kind, Words, parse};
use pam_proto::listing::{Glob, Network, Word};

/// A filter over alerts.
///
/// | form | meaning |
/// |---|---|
/// | `FIELD=VALUE`, `FIELD!=VALUE` | the field is this text, whatever its case |
/// | `FIELD~PATTERN`, `FIELD!~PATTERN` | it matches: `*` is any text, `?` one character |
/// | `FIELD in (A, B)` | it is one of these |
/// | `event=12` | the event's id, dots aside, or its name |
/// | `severity>=high` | `informational`, `low`, `medium`, `high`, `critical`, or a number of CEF |
/// | `ip=ADDRESS`, `origin in NETWORK` | an address, or a network in CIDR notation |
/// | `attr.NAME=VALUE` | what the sender wrote under a key of its own |
/// | `truncated` | the alert's end is missing |
/// | `not X`, `X and Y`, `X or Y`, `(X)` | `not` binds tighter than `and`, `and` tighter than `or` |
///
/// An alert that lacks a field meets no comparison with it, neither a positive nor a negative one.
///
/// ```
/// use pam_alert::{Alert, Severity};
/// use pam_respond_core::When;
///
/// let when: When = "severity>=high and user!~svc_*".parse()?;
/// let mut alert = Alert::new("siem");
/// alert.severity = Some(Severity::Critical);
/// assert!(!when.holds(&alert));
/// alert.user = Some("alice".into());
/// assert!(when.holds(&alert));
/// # Ok::<(), pam_guard::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    text: String,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Truncated,
    Compare {
        field: Field,
        test: Test,
        /// As it was written, for the trace.
        text: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Id,
    Source,
    Event,
    Severity,
    User,
    Credential,
    Host,
    Ip,
    Port,
    Origin,
    SessionId,
    Attribute(String),
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    Is(Vec<Word>),
    Like(Glob),
    Within(Vec<Network>),
    Severity(Vec<(Sign, Severity)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    Less,
    LessEqual,
    Equal,
    GreaterEqual,
    Greater,
}

impl When {
    /// Whether the rule is about this alert.
    #[must_use]
    pub fn holds(&self, alert: &Alert) -> bool {
        self.condition.answer(alert) == Some(true)
    }

    /// One that no alert meets.
    pub(crate) fn never() -> Self {
        Self {
            text: String::new(),
            condition: Condition::Any(Vec::new()),
        }
    }

    /// Why the rule is not about this alert: each comparison that failed, with what the alert
    /// says. Empty when it is.
    #[must_use]
    pub fn why_not(&self, alert: &Alert) -> Vec<String> {
        let mut reasons = Vec::new();
        if !self.holds(alert) {
            self.condition.failures(alert, true, &mut reasons);
        }
        reasons
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for When {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let text = text.trim_end();
        Ok(Self {
            text: text.to_owned(),
            condition: parse(text)?,
        })
    }
}

impl Condition {
    /// None where the alert does not say.
    fn answer(&self, alert: &Alert) -> Option<bool> {
        match self {
            Self::All(parts) => combined(parts, alert, false),
            Self::Any(parts) => combined(parts, alert, true),
            Self::Not(part) => part.answer(alert).map(|yes| !yes),
            Self::Truncated => Some(alert.truncated),
            Self::Compare { field, test, .. } => test.answer(field, alert),
        }
    }

    /// Collects what does not come out as `wanted`.
    fn failures(&self, alert: &Alert, wanted: bool, reasons: &mut Vec<String>) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.failures(alert, wanted, reasons);
                }
            }
            Self::Not(part) => part.failures(alert, !wanted, reasons),
            Self::Truncated if alert.truncated == wanted => {}
            Self::Truncated => reasons.push(format!("truncated is {}", alert.truncated)),
            Self::Compare { field, test, text } if test.answer(field, alert) != Some(wanted) => {
                let values = field.values(alert);
                reasons.push(if values.is_empty() {
                    format!("{text}: the alert has no {field}")
                } else {
                    format!("{text}: {field} is {}", values.join(" / "))
                });
            }
            Self::Compare { .. } => {}
        }
    }
}

/// One `decisive` answer settles it, whatever else is unknown.
fn combined(parts: &[Condition], alert: &Alert, decisive: bool) -> Option<bool> {
    let mut unknown = false;
    for part in parts {
        match part.answer(alert) {
            Some(answer) if answer == decisive => return Some(decisive),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!decisive)
}

impl Test {
    fn answer(&self, field: &Field, alert: &Alert) -> Option<bool> {
        if let Self::Severity(wanted) = self {
            let severity = alert.severity?;
            return Some(
                wanted
                    .iter()
                    .any(|(sign, step)| sign.holds(severity.cmp(step))),
            );
        }
        if let Self::Within(networks) = self {
            let address: IpAddr = match field {
                Field::Origin => alert.origin?,
                _ => alert.device.ip?,
            };
            return Some(networks.iter().any(|network| network.contains(address)));
        }
        let values = field.values(alert);
        if values.is_empty() {
            return None;
        }
        let id = |value: &str| value.replace('.', "");
        Some(values.iter().any(|value| match self {
            Self::Is(words) => words.iter().any(|word| {
                word.matches(value)
                    || *field == Field::Event
                        && alert
                            .event
                            .as_ref()
                            .is_some_and(|event| event.has_id(&id(&word.to_string())))
            }),
            Self::Like(glob) => glob.matches(value),
            Self::Within(_) | Self::Severity(_) => false,
        }))
    }
}

impl Sign {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::GreaterEqual => order.is_ge(),
            Self::Greater => order.is_gt(),
        }
    }
}

impl Field {
    fn named(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "id" => Self::Id,
            "source" => Self::Source,
            "event" => Self::Event,
            "severity" => Self::Severity,
            "user" => Self::User,
            "credential" => Self::Credential,
            "host" => Self::Host,
            "ip" => Self::Ip,
            "port" => Self::Port,
            "origin" => Self::Origin,
            "session_id" => Self::SessionId,
            // Keys of senders differ in case as they like.
            _ => {
                let (attr, key) = word.split_once('.')?;
                let named = attr.eq_ignore_ascii_case("attr") && !key.is_empty();
                return named.then(|| Self::Attribute(key.to_lowercase()));
            }
        })
    }

    /// What the alert says; more than one text where a field has two names.
    fn values(&self, alert: &Alert) -> Vec<String> {
        let one = |value: &Option<String>| value.iter().cloned().collect();
        let shown = |value: Option<String>| value.into_iter().collect();
        match self {
            Self::Id => one(&alert.id),
            Self::Source => vec![alert.source.clone()],
            Self::Event => {
                let event = alert.event.iter();
                event
                    .flat_map(|event| [event.id.clone(), event.name.clone()])
                    .flatten()
                    .collect()
            }
            Self::Severity => shown(alert.severity.map(|severity| severity.as_str().to_owned())),
            Self::User => one(&alert.user),
            Self::Credential => one(&alert.credential),
            Self::Host => one(&alert.device.host),
            Self::Ip => shown(alert.device.ip.map(|ip| ip.to_string())),
            Self::Port => shown(alert.device.port.map(|port| port.to_string())),
            Self::Origin => shown(alert.origin.map(|ip| ip.to_string())),
            Self::SessionId => one(&alert.session_id),
            Self::Attribute(key) => {
                let named = alert.attributes.iter();
                named
                    .filter(|(name, _)| name.to_lowercase() == *key)
                    .map(|(_, value)| value.clone())
                    .collect()
            }
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Id => "id",
            Self::Source => "source",
            Self::Event => "event",
            Self::Severity => "severity",
            Self::User => "user",
            Self::Credential => "credential",
            Self::Host => "host",
            Self::Ip => "ip",
            Self::Port => "port",
            Self::Origin => "origin",
            Self::SessionId => "session_id",
            Self::Attribute(key) => return write!(f, "attr.{key}"),
        })
    }
}

impl Expression for Condition {
    const FIELDS: &'static str = "id, source, event, severity, user, credential, host, ip, port, \
                                  origin, session_id, attr.NAME or truncated";

    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }

    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }

    fn not(part: Self) -> Self {
        Self::Not(Box::new(part))
    }

    fn comparison(words: &mut Words, first: &str, column: usize) -> Result<Self, FilterError> {
        if first.eq_ignore_ascii_case("truncated") {
            return Ok(Self::Truncated);
        }
        match Field::named(first) {
            Some(field) => comparison(words, field),
            None => Err(FilterError::new(
                column,
                format!("unknown field `{first}`; use {}", Self::FIELDS),
            )),
        }
    }
}

/// Reads what follows a field.
fn comparison(words: &mut Words, field: Field) -> Result<Condition, FilterError> {
    let at = words.column();
    if words.keyword("in") {
        let values = words.list()?;
        let shown: Vec<&str> = values.iter().map(|(value, _)| value.as_str()).collect();
        let text = format!("{field} in ({})", shown.join(", "));
        let test = is(&field, values)?;
        return Ok(Condition::Compare { field, test, text });
    }
    let operator = words.next();
    let sign = match operator {
        Some(Kind::Less) => Some((Sign::Less, "<")),
        Some(Kind::LessEqual) => Some((Sign::LessEqual, "<=")),
        Some(Kind::Greater) => Some((Sign::Greater, ">")),
        Some(Kind::GreaterEqual) => Some((Sign::GreaterEqual, ">=")),
        _ => None,
    };
    let (test, text) = match operator {
        Some(Kind::Equal | Kind::NotEqual) => {
            let value = words.value()?;
            let text = format!("{field}={}", value.0);
            (is(&field, vec![value])?, text)
        }
        Some(Kind::Like | Kind::NotLike) => {
            let (value, _) = words.value()?;
            let text = format!("{field}~{value}");
            (Test::Like(Glob::new(value)), text)
        }
        _ => match sign {
            Some((sign, written)) if field == Field::Severity => {
                let (value, column) = words.value()?;
                let text = format!("{field}{written}{value}");
                (Test::Severity(vec![(sign, step(&value, column)?)]), text)
            }
            Some(_) => return Err(FilterError::new(at, "only `severity` has an order")),
            None => {
                let reason = format!("expected =, !=, ~, !~ or in behind `{field}`");
                return Err(FilterError::new(at, reason));
            }
        },
    };
    let compare = Condition::Compare { field, test, text };
    Ok(match operator {
        Some(Kind::NotEqual | Kind::NotLike) => Condition::not(compare),
        _ => compare,
    })
}

fn is(field: &Field, values: Vec<(String, usize)>) -> Result<Test, FilterError> {
    match field {
        Field::Severity => {
            let steps = values.into_iter();
            let steps = steps.map(|(value, column)| Ok((Sign::Equal, step(&value, column)?)));
            Ok(Test::Severity(steps.collect::<Result<_, _>>()?))
        }
        Field::Ip | Field::Origin => {
            let networks = values.into_iter().map(|(value, column)| {
                let network = value.parse::<Network>();
                network.map_err(|error| FilterError::new(column, format!("`{value}`: {error}")))
            });
            Ok(Test::Within(networks.collect::<Result<_, _>>()?))
        }
        _ => Ok(Test::Is(
            values
                .into_iter()
                .map(|(value, _)| Word::new(value))
                .collect(),
        )),
    }
}

fn step(value: &str, column: usize) -> Result<Severity, FilterError> {
    Severity::from_cef(value).ok_or_else(|| {
        let reason = format!(
            "`{value}` is no severity; write informational, low, medium, high, critical or 0 to 10"
        );
        FilterError::new(column, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert() -> Alert {
        serde_json::from_str(
            r#"{"source":"vault","event":{"id":"336.501","name":"Command detected - High"},
                "severity":"high","user":"Alice","device":{"ip":"192.0.2.7","port":22},
                "attributes":{"Cs6":"incident"}}"#,
        )
        .unwrap()
    }

    #[test]
    fn what_holds_and_what_does_not() {
        let table = [
            ("user=alice", true),
            ("user!=alice", false),
            ("not user=bob", true),
            ("event=336501", true),
            ("event in (12, 336.501)", true),
            ("event~\"command*\"", true),
            ("severity>=high", true),
            ("severity>8", false),
            ("severity in (low, high)", true),
            ("ip in 192.0.2.0/24 and port=22", true),
            ("attr.cs6=INCIDENT", true),
            // What is absent meets neither a comparison nor its contrary.
            ("credential=root", false),
            ("credential!=root", false),
            ("not credential=root", false),
            ("credential=root or user=alice", true),
            ("truncated", false),
            ("not truncated", true),
        ];
        for (text, expected) in table {
            let when: When = text.parse().unwrap();
            assert_eq!(when.holds(&alert()), expected, "{text}");
            assert_eq!(when.why_not(&alert()).is_empty(), expected, "{text}");
        }
    }

    #[test]
    fn a_mistake_names_its_column() {
        let table = [
            ("usr=alice", 1, "unknown field `usr`"),
            ("user>3", 5, "only `severity` has an order"),
            ("severity>=worst", 11, "no severity"),
            ("origin=nowhere", 8, "nowhere"),
            ("user=alice and", 15, "ends where a field"),
            ("(user=a", 1, "never closed"),
            ("user=a user=b", 8, "expected `and`"),
            ("", 1, "ends where a field"),
        ];
        for (text, column, part) in table {
            let error = text.parse::<When>().unwrap_err();
            assert_eq!(error.column, column, "{text}: {error}");
            assert!(error.reason.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_trace_says_what_the_alert_has_instead() {
        let when: When = "severity>=critical and credential=root".parse().unwrap();
        assert_eq!(
            when.why_not(&alert()),
            [
                "severity>=critical: severity is high",
                "credential=root: the alert has no credential"
            ]
        );
    }
}
