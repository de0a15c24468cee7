//! What is known of one session, and what follows from it. Everything that decides is here or
//! in the case; the log beside it is for the report only.

use std::time::Duration;

use crate::error::{Fault, ReplyError};

use super::report::Outcome;
use super::step::{Accepted, Failure};

/// What an answer to a drop means for the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Answer {
    /// The appliance says that it is done.
    Accepted,
    /// The appliance says that it is not done. `maybe`: it may be done all the same.
    Refused { maybe: bool },
    /// Nobody can say.
    Lost,
    /// Certainly not done, for a reason that lies neither in the session nor in who asks.
    NotExecuted,
    /// Not done, because of who asks.
    Denied,
}

impl Answer {
    pub(super) fn of(answer: &Result<Accepted, Failure>) -> Self {
        match answer {
            Ok(_) => Self::Accepted,
            Err(Failure::Lost { .. }) => Self::Lost,
            Err(Failure::NotExecuted { .. }) => Self::NotExecuted,
            Err(Failure::Reply(reply)) => Self::of_reply(reply),
        }
    }

    fn of_reply(reply: &ReplyError) -> Self {
        match reply.fault {
            _ if reply.is_auth() => Self::Denied,
            Fault::RateLimited | Fault::ResourceNotFound | Fault::Redirect => Self::NotExecuted,
            // An invalid id and a failed drop get one answer, and what an ended session gets is
            // not documented (A2A API specification, "Terminate a session").
            Fault::DropFailed | Fault::Unexpected | Fault::Refused => Self::Refused { maybe: true },
            // Somebody other than the appliance answered, or nobody can tell what was answered.
            _ if reply.may_have_executed() => Self::Lost,
            // Lockdown is among these; it ends every session by itself, so a look comes next.
            _ => Self::Refused { maybe: false },
        }
    }

    /// Whether the session may have ended by this drop.
    pub(super) fn may_have_executed(self) -> bool {
        matches!(
            self,
            Self::Accepted | Self::Lost | Self::Refused { maybe: true }
        )
    }
}

/// Why a case is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// The record has an end; the look that showed it began then.
    Ended(Duration),
    /// A complete look did not show the session, which was never seen.
    NotVisible,
    /// It is not shown, but it was seen before, or a drop may have ended it.
    NotShown,
    /// The appliance shows no `session_id` to drop.
    Nameless,
    /// The drop was denied.
    Denied,
    /// Looking was denied.
    LookDenied,
    /// No look succeeded.
    LooksFailed,
    /// No drop and no look is left.
    Exhausted,
    /// The time is over.
    TimeOver,
    /// The appliance asks for a longer wait than there is time.
    Held,
    /// Verification is off.
    Unverified,
    /// The driver held the drop back.
    Withheld,
    /// Cancelled.
    Cancelled,
}

/// The facts of one session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct Facts {
    /// A record of it was seen at some time.
    pub(super) seen: bool,
    /// A look of ours showed a record without an end at some time.
    pub(super) seen_active: bool,
    /// When the latest look began, if it showed the session active.
    pub(super) active: Option<Duration>,
    /// The latest look was complete and did not show the session.
    pub(super) absent: bool,
    /// When a drop was first sent that may have been carried out.
    pub(super) first_effect: Option<Duration>,
    /// When the last drop was answered or lost.
    pub(super) answered: Option<Duration>,
    /// A drop was accepted.
    pub(super) accepted: bool,
    /// The answer to the last drop that may have been carried out.
    pub(super) effect: Option<Answer>,
    /// A drop whose answer is not known, at any time.
    pub(super) lost: bool,
    /// The answer to the last drop.
    pub(super) last: Option<Answer>,
}

impl Facts {
    /// Takes the answer to a drop.
    pub(super) fn answered(&mut self, answer: Answer, sent: Duration, now: Duration) {
        self.answered = Some(now);
        self.last = Some(answer);
        self.active = None;
        self.accepted |= answer == Answer::Accepted;
        self.lost |= answer == Answer::Lost;
        if answer.may_have_executed() {
            self.effect = Some(answer);
            self.first_effect.get_or_insert(sent);
        }
    }

    /// Whether any drop may have been carried out.
    pub(super) fn may_have_executed(&self) -> bool {
        self.effect.is_some()
    }

    /// Whether the appliance may still be about to carry a drop out that it did not refuse.
    pub(super) fn may_still_execute(&self) -> bool {
        self.accepted || self.lost
    }

    /// Whether a look that began then can say anything about the last drop. One that began
    /// before the answer, or before the loss was noticed, may have read the record before the
    /// drop reached it.
    pub(super) fn is_after_drop(&self, began: Duration) -> bool {
        self.answered.is_none_or(|answered| began >= answered)
    }

    /// Whether a look that began then is late enough for its "active" to count.
    pub(super) fn is_settled(&self, began: Duration, settle: Duration) -> bool {
        self.answered
            .is_none_or(|answered| began >= answered.saturating_add(settle))
    }

    /// The outcome of a case that is closed for this reason.
    pub(super) fn outcome(&self, close: Close) -> Outcome {
        match close {
            Close::Ended(began) if self.ended_by_us(began) => Outcome::Terminated,
            Close::Ended(_) => Outcome::AlreadyEnded,
            Close::NotVisible => Outcome::NotFound,
            Close::Nameless => Outcome::StillActive,
            Close::Unverified | Close::Cancelled | Close::Withheld => self.unless_denied(),
            Close::LookDenied if self.effect.is_none() => Outcome::Denied,
            _ => match self.last {
                Some(Answer::Denied) if self.effect.is_none() => Outcome::Denied,
                Some(Answer::Denied) if self.is_proven_active() => Outcome::Denied,
                Some(_) if self.is_proven_active() => Outcome::StillActive,
                _ => Outcome::Unconfirmed,
            },
        }
    }

    fn unless_denied(&self) -> Outcome {
        if self.last == Some(Answer::Denied) && self.effect.is_none() {
            Outcome::Denied
        } else {
            Outcome::Unconfirmed
        }
    }

    /// The end may be ours when a drop was accepted or lost, or when one that was refused was
    /// sent while the session ran. A look that began before such a drop says nothing of its
    /// effect: the session ended without it.
    fn ended_by_us(&self, began: Duration) -> bool {
        self.first_effect.is_some_and(|sent| began >= sent)
            && (self.may_still_execute() || self.seen_active)
    }

    /// The latest look showed the session active, and no drop is left that could still prove it
    /// wrong: none was accepted, and the last that may have been carried out was refused.
    fn is_proven_active(&self) -> bool {
        self.active.is_some() && !self.accepted && self.effect != Some(Answer::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::replies;
    use super::*;

    #[test]
    fn every_answer_to_a_drop_has_its_meaning() {
        let table = [
            (replies::accepted(), Answer::Accepted),
            (Err(replies::lost()), Answer::Lost),
            (Err(replies::gateway()), Answer::Lost),
            (Err(replies::timed_out()), Answer::Lost),
            (Err(replies::malformed()), Answer::Lost),
            (Err(replies::drop_failed()), Answer::Refused { maybe: true }),
            (Err(replies::unexpected()), Answer::Refused { maybe: true }),
            (Err(replies::refused()), Answer::Refused { maybe: true }),
            (Err(replies::lockdown()), Answer::Refused { maybe: false }),
            (
                Err(replies::session_not_found()),
                Answer::Refused { maybe: false },
            ),
            (
                Err(replies::identifier_type()),
                Answer::Refused { maybe: false },
            ),
            (Err(replies::not_executed()), Answer::NotExecuted),
            (Err(replies::rate_limited(None)), Answer::NotExecuted),
            (Err(replies::resource_not_found()), Answer::NotExecuted),
            (Err(replies::redirect()), Answer::NotExecuted),
            (Err(replies::not_authorized()), Answer::Denied),
            (Err(replies::referer()), Answer::Denied),
            (Err(replies::inactive_authorization()), Answer::Denied),
            (Err(replies::read_only()), Answer::Denied),
            (Err(replies::signature()), Answer::Denied),
            (Err(replies::client_authentication()), Answer::Denied),
            (Err(replies::token()), Answer::Denied),
            (Err(replies::no_route()), Answer::Denied),
        ];
        for (answer, meaning) in table {
            assert_eq!(Answer::of(&answer), meaning, "{answer:?}");
        }
    }
}
