//! What the machine asks of its driver and what the driver answers.

use std::time::Duration;

use crate::error::ReplyError;
use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;

use super::report::Report;

/// Ties an [`Event`] to the [`Step`] that it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// Whether a session with a known `session_id` is looked at before the first drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Start {
    /// Drop at once. A row number is still looked up first: the drop takes the `session_id`.
    #[default]
    Drop,
    /// Look first, drop only what is shown active: after a crash, when an earlier drop may have
    /// been sent, or when something must be decided from the current record.
    Look,
}

/// One session to terminate.
///
/// ```
/// use pam_proto::termination::Target;
///
/// let by_number: Target = "540".parse::<pam_proto::SessionRef>()?.into();
/// let after_a_crash = by_number.look_first();
/// # Ok::<(), pam_proto::InvalidSessionId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) name: SessionRef,
    pub(super) record: Option<Box<Session>>,
    pub(super) start: Start,
}

impl Target {
    /// A session whose record was seen, in a listing that was filtered, say. Both of its names
    /// are then known, and the record is the one "before".
    #[must_use]
    pub fn seen(record: Session) -> Self {
        let name = match &record.session_id {
            Some(id) => SessionRef::Id(id.clone()),
            None => SessionRef::Number(record.id),
        };
        Self {
            name,
            record: Some(Box::new(record)),
            start: Start::Drop,
        }
    }

    /// The same, looked at before anything is sent.
    #[must_use]
    pub fn look_first(self) -> Self {
        Self {
            start: Start::Look,
            ..self
        }
    }
}

impl From<SessionRef> for Target {
    fn from(name: SessionRef) -> Self {
        Self {
            name,
            record: None,
            start: Start::Drop,
        }
    }
}

/// What to do next. Several steps may be under way at once: ask until the answer is
/// [`Step::WaitUntil`] or [`Step::Finished`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Send the drop of this session; answer with [`Event::Dropped`]. What must be written down
    /// before a drop is sent is written down now; a drop that may not be sent after all is
    /// answered with [`Event::Withheld`].
    Drop {
        /// To answer with.
        ticket: Ticket,
        /// What the caller called the session.
        target: SessionRef,
        /// What to send.
        session_id: SessionId,
        /// The record as last seen, when it was.
        record: Option<Box<Session>>,
        /// 1 for the first drop of this session.
        attempt: u32,
    },
    /// Read one session by its row number; answer with [`Event::Got`].
    Get {
        /// To answer with.
        ticket: Ticket,
        /// What to ask for.
        number: SessionNumber,
    },
    /// Read the listing and pick these sessions; answer with [`Event::Listed`]. The reading may
    /// stop when all are found.
    List {
        /// To answer with.
        ticket: Ticket,
        /// The sessions to pick, each by the name that decides its identity.
        wanted: Vec<SessionRef>,
    },
    /// This session is done.
    Report(Box<Report>),
    /// Nothing to do before this time, unless an event comes first.
    WaitUntil(Duration),
    /// Every session is reported. Requests that are still under way are looks that nobody waits
    /// for; drop them.
    Finished,
}

/// Why a request has no good answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The appliance, or a gateway before it, answered something else.
    Reply(ReplyError),
    /// No answer came, and the request may have been carried out: the connection broke, or the
    /// time was over.
    Lost {
        /// The cause, in the adapter's words.
        reason: String,
    },
    /// The request was certainly not carried out: the connection could not be made, or a route
    /// family was proven wrong.
    NotExecuted {
        /// The cause, in the adapter's words.
        reason: String,
    },
}

/// The appliance's word that it carried a drop out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The HTTP status.
    pub http_status: u16,
    /// Its message, kept as it is.
    pub message: String,
}

/// How much of a listing was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Coverage {
    /// All of it: a session that was not found is not in it.
    Whole,
    /// As far as was wanted: it says nothing about a session that was not found.
    Part,
    /// It broke off or did not come; what was found before still counts.
    Failed(Failure),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The answer to [`Step::Drop`].
    Dropped {
        /// The step's.
        ticket: Ticket,
        /// What came.
        answer: Result<Accepted, Failure>,
    },
    /// The driver did not send the drop and will not: a brake, a policy, a full disk.
    Withheld {
        /// The step's.
        ticket: Ticket,
        /// Why, for the report.
        reason: String,
    },
    /// The answer to [`Step::Get`].
    Got {
        /// The step's.
        ticket: Ticket,
        /// What came.
        answer: Result<Box<Session>, Failure>,
    },
    /// The answer to [`Step::List`].
    Listed {
        /// The step's.
        ticket: Ticket,
        /// When the listing was asked for; a driver that shares one listing among several
        /// machines may have begun it before the step.
        began: Duration,
        /// The wanted sessions in it; others are ignored.
        found: Vec<Session>,
        /// How much of it was read.
        coverage: Coverage,
    },
    /// Stop: nothing more is sent. Drops under way are awaited, everything else is reported as
    /// it stands.
    Cancelled,
}
