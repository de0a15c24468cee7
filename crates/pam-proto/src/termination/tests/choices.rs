//! Every answer that the model can give.

use std::time::Duration;

use crate::termination::{Accepted, Failure};

use super::replies;

/// How late a drop can take effect.
const EFFECT: Duration = Duration::from_secs(3);

/// What the network, the appliance or the driver makes of a drop.
#[derive(Debug, Clone)]
pub(super) enum DropChoice {
    Answered {
        answer: Result<Accepted, Failure>,
        /// The session ends so long after the drop came in.
        effect: Option<Duration>,
        delay: Delay,
    },
    Withheld,
}

/// When an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    Short,
    Slow,
    /// After the machine stopped waiting for it.
    TooLate,
}

/// What a look shows.
#[derive(Debug, Clone)]
pub(super) enum LookChoice {
    Truth(Delay),
    /// Active, although it has ended.
    Lagging,
    /// It ends by itself, and the look shows it.
    EndsByItself,
    /// It began before the first drop and shows what was true then.
    BegunEarly,
    /// The session is not shown, and never again.
    Disappears,
    /// The row now belongs to another session, which has ended.
    OtherSession,
    /// The row is shown without a usable `session_id`, as ended.
    Masked,
    /// The reading stops early without it.
    Part,
    Fails(Failure),
    NoAnswer,
}

/// Every choice for a drop: success, each documented error, the gateway, the network, the driver.
pub(super) fn drop_choices() -> Vec<DropChoice> {
    let now = Some(Duration::ZERO);
    let choice = |answer, effect, delay| DropChoice::Answered {
        answer,
        effect,
        delay,
    };
    let mut choices = vec![
        choice(replies::accepted(), Some(EFFECT), Delay::Short),
        // Lockdown ends every session by itself.
        choice(Err(replies::lockdown()), now, Delay::Short),
        DropChoice::Withheld,
    ];
    for delay in [Delay::Short, Delay::Slow, Delay::TooLate] {
        for effect in [now, None] {
            choices.push(choice(replies::accepted(), effect, delay));
        }
    }
    // With and without an effect: a failure after it, a request that the network doubled; a lost
    // request and a lost reply.
    let doubtful = [
        replies::drop_failed(),
        replies::unexpected(),
        replies::refused(),
        replies::malformed(),
        replies::gateway(),
        replies::timed_out(),
        replies::lost(),
    ];
    for failure in doubtful {
        for effect in [now, None] {
            choices.push(choice(Err(failure.clone()), effect, Delay::Short));
        }
    }
    let without_effect = [
        replies::lockdown(),
        replies::not_executed(),
        replies::rate_limited(None),
        replies::rate_limited(Some("2")),
        replies::rate_limited(Some("3600")),
        replies::resource_not_found(),
        replies::session_not_found(),
        replies::identifier_type(),
        replies::redirect(),
        replies::not_authorized(),
        replies::referer(),
        replies::inactive_authorization(),
        replies::read_only(),
        replies::signature(),
        replies::client_authentication(),
        replies::token(),
        replies::no_route(),
    ];
    choices.extend(without_effect.map(|failure| choice(Err(failure), None, Delay::Short)));
    choices
}

/// Every choice for a look.
pub(super) fn look_choices() -> Vec<LookChoice> {
    let mut choices = vec![
        LookChoice::Truth(Delay::Short),
        LookChoice::Truth(Delay::Slow),
        LookChoice::Lagging,
        LookChoice::EndsByItself,
        LookChoice::BegunEarly,
        LookChoice::Disappears,
        LookChoice::OtherSession,
        LookChoice::Masked,
        LookChoice::Part,
        LookChoice::NoAnswer,
    ];
    let failures = [
        replies::lost(),
        replies::not_executed(),
        replies::gateway(),
        replies::timed_out(),
        replies::unexpected(),
        replies::malformed(),
        replies::lockdown(),
        replies::rate_limited(Some("2")),
        replies::resource_not_found(),
        replies::session_not_found(),
        replies::identifier_type(),
        replies::not_authorized(),
        replies::no_route(),
    ];
    choices.extend(failures.map(LookChoice::Fails));
    choices
}
