//! What is said at the end, and what it rests on.

use std::fmt;
use std::time::Duration;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;

/// How a termination ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Verified: the record has an end, and a drop of ours may have caused it.
    Terminated,
    /// Verified: the record has an end, and no drop of ours is known to have caused it.
    AlreadyEnded,
    /// Not visible to this authorization, to which the listing is scoped; not the same as never
    /// existed.
    NotFound,
    /// A drop was accepted, lost in flight, or could not be sent or looked after, and no end is
    /// proven.
    Unconfirmed,
    /// No drop was accepted, and the session is proven alive.
    StillActive,
    /// Authentication or authorization was refused, and no drop can have been carried out.
    Denied,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 6] = [
        Self::Terminated,
        Self::AlreadyEnded,
        Self::NotFound,
        Self::Unconfirmed,
        Self::StillActive,
        Self::Denied,
    ];

    /// The name in reports: `terminated`, `already_ended`, `not_found`, `unconfirmed`,
    /// `still_active` or `denied`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminated => "terminated",
            Self::AlreadyEnded => "already_ended",
            Self::NotFound => "not_found",
            Self::Unconfirmed => "unconfirmed",
            Self::StillActive => "still_active",
            Self::Denied => "denied",
        }
    }

    /// Whether the end of the session was read from its record.
    #[must_use]
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Terminated | Self::AlreadyEnded)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The appliance's last answer to a drop, or to a look when no drop was answered. Empty when
/// nothing was answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Appliance {
    /// The HTTP status.
    pub http_status: Option<u16>,
    /// `response.error_code`.
    pub error_code: Option<i64>,
    /// `exception.code`.
    pub exception_code: Option<i64>,
    /// The message.
    pub message: Option<String>,
}

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The drop.
    Drop,
    /// One session, by row number.
    Get,
    /// The listing, shared with other sessions.
    List,
}

/// What a request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Finding {
    /// A drop: the appliance says that it is done.
    Accepted,
    /// A drop: the appliance says that it failed, which does not mean that it did.
    Refused,
    /// Refused for who asks.
    Denied,
    /// No answer, or none that can be read: it may have been carried out.
    Lost,
    /// Certainly not carried out.
    NotExecuted,
    /// A drop: held back by the driver and not sent.
    Withheld,
    /// A look: the record has no end.
    Active,
    /// A look: the record has an end.
    Ended,
    /// A look: there is no such record.
    Absent,
    /// A look that failed or was not complete.
    Failed,
    /// A look that began before the last drop was answered, and so proves nothing about it.
    Stale,
    /// The session was reported before the answer came.
    Abandoned,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exchange {
    /// What was asked.
    pub request: Request,
    /// When it was sent, counted from the beginning of this termination.
    #[serde(rename = "sent_ms", serialize_with = "milliseconds")]
    pub sent: Duration,
    /// How long the answer took.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Duration,
    /// The HTTP status of an answer that was not the wanted one, or of an accepted drop.
    pub http_status: Option<u16>,
    /// What it came to.
    pub finding: Finding,
    /// What was said: by the appliance, or by the adapter about the wire.
    pub message: Option<String>,
}

/// What an outcome rests on. Serialises whole, for an audit record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Evidence {
    /// Every request for this session, in the order of the answers.
    pub exchanges: Vec<Exchange>,
    /// The record as first seen.
    pub before: Option<Session>,
    /// The record as last seen after a drop, or the one with an end.
    pub after: Option<Session>,
}

/// The end of one termination.
///
/// Serialises as one flat object: `session_id`, `id`, `outcome`, `verified`, `attempts`,
/// `elapsed_ms`, `message`, `appliance`. The evidence is not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// What the caller called the session: more than one name when several were given for it.
    pub targets: Vec<SessionRef>,
    /// Its `session_id`, when known.
    pub session_id: Option<SessionId>,
    /// Its row number, when known.
    pub id: Option<SessionNumber>,
    /// How it ended.
    pub outcome: Outcome,
    /// Drops sent.
    pub attempts: u32,
    /// From the first to the last moment.
    pub elapsed: Duration,
    /// One line for a person: what is known, why, and what to do.
    pub message: String,
    /// The appliance's last word.
    pub appliance: Appliance,
    /// What it rests on.
    pub evidence: Evidence,
}

impl Report {
    /// Whether no request for this session was answered at all, by the appliance or a gateway.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        let silent = |exchange: &Exchange| {
            exchange.http_status.is_none()
                && matches!(
                    exchange.finding,
                    Finding::Lost | Finding::NotExecuted | Finding::Failed | Finding::Abandoned
                )
        };
        !self.evidence.exchanges.is_empty() && self.evidence.exchanges.iter().all(silent)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Report", 8)?;
        object.serialize_field("session_id", &self.session_id)?;
        object.serialize_field("id", &self.id)?;
        object.serialize_field("outcome", &self.outcome)?;
        object.serialize_field("verified", &self.outcome.is_verified())?;
        object.serialize_field("attempts", &self.attempts)?;
        object.serialize_field("elapsed_ms", &whole_milliseconds(self.elapsed))?;
        object.serialize_field("message", &self.message)?;
        object.serialize_field("appliance", &self.appliance)?;
        object.end()
    }
}

fn whole_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(whole_milliseconds(*duration))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn exchange(finding: Finding, http_status: Option<u16>) -> Exchange {
        Exchange {
            request: Request::Drop,
            sent: Duration::from_millis(12),
            took: Duration::from_micros(34_567),
            http_status,
            finding,
            message: None,
        }
    }

    fn report(exchanges: Vec<Exchange>) -> Report {
        Report {
            targets: vec!["540".parse().unwrap()],
            session_id: Some(SessionId::new("ab12").unwrap()),
            id: Some(SessionNumber::from(540)),
            outcome: Outcome::Terminated,
            attempts: 2,
            elapsed: Duration::from_micros(1_234_567),
            message: "the session ended".to_owned(),
            appliance: Appliance {
                http_status: Some(500),
                error_code: Some(1),
                exception_code: None,
                message: Some("An error occurred while droping session".to_owned()),
            },
            evidence: Evidence {
                exchanges,
                before: None,
                after: None,
            },
        }
    }

    #[test]
    fn a_report_is_one_flat_object() {
        let text = serde_json::to_string(&report(Vec::new())).unwrap();
        assert_eq!(
            text,
            r#"{"session_id":"ab12","id":"540","outcome":"terminated","verified":true,"#.to_owned()
                + r#""attempts":2,"elapsed_ms":1234,"message":"the session ended","appliance":"#
                + r#"{"http_status":500,"error_code":1,"exception_code":null,"#
                + r#""message":"An error occurred while droping session"}}"#
        );
    }

    #[test]
    fn what_is_not_known_is_null() {
        let unknown = Report {
            session_id: None,
            id: None,
            outcome: Outcome::Denied,
            appliance: Appliance::default(),
            ..report(Vec::new())
        };
        let value = serde_json::to_value(unknown).unwrap();
        assert_eq!(value["session_id"], json!(null));
        assert_eq!(value["id"], json!(null));
        assert_eq!(value["verified"], json!(false));
        assert_eq!(value["appliance"]["http_status"], json!(null));
    }

    #[test]
    fn outcomes_are_written_as_they_are_named() {
        let names: Vec<&str> = Outcome::ALL.into_iter().map(Outcome::name).collect();
        let expected = [
            "terminated",
            "already_ended",
            "not_found",
            "unconfirmed",
            "still_active",
            "denied",
        ];
        assert_eq!(names, expected);
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
            assert_eq!(outcome.to_string(), outcome.name());
        }
        let verified = Outcome::ALL.map(Outcome::is_verified);
        assert_eq!(verified, [true, true, false, false, false, false]);
    }

    #[test]
    fn evidence_is_written_whole() {
        let report = report(vec![exchange(Finding::NotExecuted, None)]);
        assert_eq!(
            serde_json::to_value(&report.evidence).unwrap(),
            json!({"exchanges": [{"request": "drop", "sent_ms": 12, "took_ms": 34,
                "http_status": null, "finding": "not_executed", "message": null}],
                "before": null, "after": null})
        );
    }

    #[test]
    fn unreachable_is_when_nobody_answered() {
        let silent = [
            Finding::Lost,
            Finding::NotExecuted,
            Finding::Failed,
            Finding::Abandoned,
        ];
        let all = silent.map(|finding| exchange(finding, None)).to_vec();
        assert!(report(all).is_unreachable());
        assert!(!report(Vec::new()).is_unreachable());
        for (finding, status) in [
            (Finding::Lost, Some(502)),
            (Finding::Active, None),
            (Finding::Absent, None),
            (Finding::Stale, None),
            (Finding::Accepted, Some(200)),
            (Finding::Withheld, None),
        ] {
            let some = vec![exchange(Finding::Lost, None), exchange(finding, status)];
            assert!(!report(some).is_unreachable(), "{finding:?}");
        }
    }
}
