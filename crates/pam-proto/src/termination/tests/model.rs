//! An appliance in memory with one session, whose every answer is chosen from outside.

use std::rc::Rc;
use std::time::Duration;

use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;
use crate::termination::case::{Case, Phase};
use crate::termination::{
    Coverage, Event, Failure, Limits, Outcome, Report, Step, Target, Terminations, Ticket,
};

use super::choices::{Delay, DropChoice, LookChoice};
use super::replies;

pub(super) const ID: &str = "3fcf1e4a16104e328d6794e1b9693cfc457871d2";
pub(super) const NUMBER: u64 = 540;

const END: &str = "2024-05-06 16:07:59";

pub(super) fn id() -> SessionId {
    SessionId::new(ID).unwrap()
}

pub(super) fn record(number: u64, id: &str, end: Option<&str>) -> Session {
    Session::from_value(&serde_json::json!({
        "id": number.to_string(), "session_id": id, "user": "alice", "device": "192.0.2.20:22",
        "start": "2024-05-06 16:05:07", "end": end,
    }))
    .unwrap()
}

/// How the machine is told of the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Given {
    Id,
    IdLookFirst,
    Number,
    Record,
    RecordLookFirst,
}

impl Given {
    pub(super) const ALL: [Self; 5] = [
        Self::Id,
        Self::IdLookFirst,
        Self::Number,
        Self::Record,
        Self::RecordLookFirst,
    ];

    pub(super) fn target(self) -> Target {
        match self {
            Self::Id => Target::from(SessionRef::Id(id())),
            Self::IdLookFirst => Self::Id.target().look_first(),
            Self::Number => Target::from(SessionRef::Number(SessionNumber::from(NUMBER))),
            Self::Record => Target::seen(record(NUMBER, ID, None)),
            Self::RecordLookFirst => Self::Record.target().look_first(),
        }
    }
}

/// What is true, and what the machine has been shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// When the session ended.
    ended: Option<Duration>,
    gone: bool,
    first_drop: Option<Duration>,
    /// Records that the machine was shown.
    shown: bool,
    shown_end: bool,
    accepted: bool,
    pub(super) drops: u32,
    pub(super) listings: u32,
    /// When the last drop that may have been carried out was answered.
    unproven: Option<Duration>,
}

/// What the machine asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Question {
    Drop(Step),
    Look(Step),
}

/// A machine for one session beside the truth about it. Every rule of the machine is asserted
/// as it goes.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) machine: Terminations,
    pub(super) limits: Limits,
    pub(super) world: World,
    pub(super) now: Duration,
    /// An answer that nobody waits for any more.
    late: Option<Event>,
    pub(super) report: Option<Box<Report>>,
    props: Rc<Props>,
}

/// What is shown again and again.
struct Props {
    id: SessionId,
    active: Session,
    ended: Session,
    other: Session,
    masked: Session,
    not_found: Failure,
}

impl Run {
    pub(super) fn new(given: Given, limits: Limits) -> Self {
        let known = matches!(given, Given::Record | Given::RecordLookFirst);
        Self {
            machine: Terminations::new([given.target()], limits.clone(), Duration::ZERO),
            limits,
            world: World {
                ended: None,
                gone: false,
                first_drop: None,
                shown: known,
                shown_end: false,
                accepted: false,
                drops: 0,
                listings: 0,
                unproven: None,
            },
            now: Duration::ZERO,
            late: None,
            report: None,
            props: Rc::new(Props {
                id: id(),
                active: record(NUMBER, ID, None),
                ended: record(NUMBER, ID, Some(END)),
                other: record(NUMBER, "0ther", Some(END)),
                masked: record(NUMBER, "3fcf1e***871d2", Some(END)),
                not_found: replies::session_not_found(),
            }),
        }
    }

    /// Lets the machine go on until it asks; nothing when it is finished.
    pub(super) fn question(&mut self) -> Option<Question> {
        loop {
            match self.machine.next(self.now) {
                Step::WaitUntil(at) => {
                    assert!(at > self.now, "time goes on");
                    self.now = at;
                }
                Step::Report(report) => {
                    assert!(self.report.is_none(), "one report");
                    self.judge(&report);
                    self.report = Some(report);
                }
                Step::Finished => {
                    assert!(self.report.is_some(), "a report before the end");
                    return None;
                }
                step @ Step::Drop { .. } => {
                    self.judge_drop(&step);
                    return Some(Question::Drop(step));
                }
                step @ (Step::Get { .. } | Step::List { .. }) => {
                    self.judge_look(&step);
                    return Some(Question::Look(step));
                }
            }
        }
    }

    fn judge_drop(&mut self, step: &Step) {
        let Step::Drop { session_id, .. } = step else {
            panic!("not a drop: {step:?}");
        };
        assert_eq!(*session_id, self.props.id, "no other session");
        assert!(!self.world.shown_end, "no drop after a proven end");
        assert!(self.world.unproven.is_none(), "no blind repetition");
        self.world.drops += 1;
        self.world.first_drop.get_or_insert(self.now);
        assert!(self.world.drops <= self.limits.attempts, "attempts");
    }

    fn judge_look(&mut self, step: &Step) {
        assert!(!self.world.shown_end, "no look after a proven end");
        match step {
            Step::Get { number, .. } => assert_eq!(number.value(), NUMBER),
            Step::List { wanted, .. } => {
                self.world.listings += 1;
                assert_eq!(wanted.len(), 1);
            }
            _ => panic!("not a look: {step:?}"),
        }
    }

    fn judge(&self, report: &Report) {
        let world = &self.world;
        let outcome = report.outcome;
        if outcome.is_verified() {
            assert!(self.has_ended(), "{outcome} for a session that is alive");
            assert!(
                world.shown_end,
                "{outcome} without a record that shows the end"
            );
        }
        match outcome {
            Outcome::Terminated => assert!(world.drops > 0),
            Outcome::AlreadyEnded | Outcome::Unconfirmed => {}
            Outcome::NotFound => assert!(!world.shown, "{outcome} after it was shown"),
            Outcome::StillActive => assert!(!world.accepted && world.shown),
            Outcome::Denied => assert!(!world.accepted),
        }
        assert_eq!(report.attempts, world.drops);
        let elapsed = report.elapsed;
        assert!(elapsed <= self.limits.longest(), "{elapsed:?}");
        assert!(!report.message.is_empty());
    }

    fn is_known(&self) -> bool {
        self.machine.entries[0].case.id.is_some()
    }

    fn has_ended(&self) -> bool {
        self.world.ended.is_some_and(|end| end <= self.now)
    }

    fn end_at(&mut self, at: Duration) {
        let end = self.world.ended.map_or(at, |end| end.min(at));
        self.world.ended = Some(end);
    }

    fn pass(&mut self, delay: Delay) {
        self.now += match delay {
            Delay::Short => Duration::from_millis(500),
            Delay::Slow => Duration::from_secs(3),
            Delay::TooLate => self.limits.call_timeout + Duration::from_secs(1),
        };
    }

    fn tell(&mut self, event: Event) {
        // Every answer comes twice, and what comes late comes before the next answer.
        if let Some(late) = self.late.take() {
            self.machine.handle(late, self.now);
        }
        self.machine.handle(event.clone(), self.now);
        self.machine.handle(event, self.now);
    }

    pub(super) fn answer_drop(&mut self, step: &Step, choice: &DropChoice) {
        let Step::Drop { ticket, .. } = *step else {
            panic!("not a drop: {step:?}");
        };
        let DropChoice::Answered {
            answer,
            effect,
            delay,
        } = choice.clone()
        else {
            self.world.drops -= 1;
            self.pass(Delay::Short);
            let reason = "halted".to_owned();
            return self.tell(Event::Withheld { ticket, reason });
        };
        if let Some(after) = effect {
            self.end_at(self.now + after);
        }
        let maybe = match &answer {
            Ok(_) | Err(Failure::Lost { .. }) => true,
            Err(Failure::NotExecuted { .. }) => false,
            Err(Failure::Reply(reply)) => reply.may_have_executed(),
        };
        let accepted = answer.is_ok();
        let event = Event::Dropped { ticket, answer };
        if delay == Delay::TooLate {
            self.world.unproven = Some(self.now + self.limits.call_timeout);
            self.late = Some(event);
            return;
        }
        self.pass(delay);
        self.world.accepted |= accepted;
        if maybe {
            self.world.unproven = Some(self.now);
        }
        self.tell(event);
    }

    /// Cancels while this is asked, then answers. Nothing more may be asked.
    pub(super) fn cancel(mut self, question: &Question) {
        self.machine.handle(Event::Cancelled, self.now);
        if let Question::Drop(step) = question {
            let answer = Err(replies::lost());
            let (effect, delay) = (None, Delay::Short);
            self.answer_drop(
                step,
                &DropChoice::Answered {
                    answer,
                    effect,
                    delay,
                },
            );
        }
        assert_eq!(self.question(), None, "cancelled");
    }

    pub(super) fn answer_look(&mut self, step: &Step, choice: &LookChoice) {
        let asked = self.now;
        let mut began = asked;
        let delay = match choice {
            LookChoice::Truth(delay) => *delay,
            _ => Delay::Short,
        };
        if let LookChoice::EndsByItself = choice {
            self.end_at(asked);
        }
        if let LookChoice::Disappears = choice {
            self.world.gone = true;
        }
        let ended = self.has_ended();
        self.pass(delay);
        let props = Rc::clone(&self.props);
        let truth = if ended { &props.ended } else { &props.active };
        let mut shown = (!self.world.gone).then_some(truth);
        let mut failure = None;
        match choice {
            LookChoice::Lagging => shown = shown.map(|_| &props.active),
            LookChoice::BegunEarly => {
                began = self.world.first_drop.map_or(asked, |drop| drop.min(asked));
                shown = shown.map(|_| &props.active);
            }
            // A row whose id is not known yet is whatever session it is.
            LookChoice::OtherSession | LookChoice::Masked if !self.is_known() => {}
            LookChoice::OtherSession => shown = Some(&props.other),
            LookChoice::Masked => shown = Some(&props.masked),
            LookChoice::Fails(reason) => failure = Some(reason.clone()),
            LookChoice::Part | LookChoice::Disappears => shown = None,
            LookChoice::NoAnswer => return,
            LookChoice::Truth(_) | LookChoice::EndsByItself => {}
        }
        let event = match step {
            Step::Get { ticket, .. } => {
                // A single look has no beginning but its own, and an empty one is an error.
                began = asked;
                let answer = match (failure, shown) {
                    (Some(failure), _) => Err(failure),
                    (None, Some(shown)) => Ok(Box::new(shown.clone())),
                    (None, None) => Err(props.not_found.clone()),
                };
                Event::Got {
                    ticket: *ticket,
                    answer,
                }
            }
            Step::List { ticket, .. } => {
                let coverage = match (failure, choice) {
                    (Some(failure), _) => Coverage::Failed(failure),
                    (None, LookChoice::Part) => Coverage::Part,
                    (None, _) => Coverage::Whole,
                };
                if matches!(coverage, Coverage::Failed(_)) {
                    shown = None;
                }
                Event::Listed {
                    ticket: *ticket,
                    began,
                    found: shown.into_iter().cloned().collect(),
                    coverage,
                }
            }
            _ => panic!("not a look: {step:?}"),
        };
        let ours = matches!(
            &event,
            Event::Got { answer: Ok(_), .. } | Event::Listed { .. }
        );
        let shown = shown.filter(|shown| ours && shown.session_id.as_ref() == Some(&props.id));
        if let Some(shown) = shown {
            self.world.shown = true;
            self.world.shown_end |= !shown.is_active();
            let after = self
                .world
                .unproven
                .is_some_and(|answered| began >= answered);
            if shown.is_active() && after {
                self.world.unproven = None;
            }
        }
        self.tell(event);
    }
}

/// Everything that decides the future of the machine and of its judge. The log is not part of it,
/// times are counted from now, and a time that can only be compared with the present is no more
/// than past or not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct State {
    case: Case,
    listings: (Option<Duration>, Duration, u32, bool),
    hold: Duration,
    world: World,
    late: bool,
}

impl Run {
    /// Forgets the log, which grows and decides nothing.
    pub(super) fn forget(&mut self) {
        self.machine.entries[0].log.evidence.exchanges.clear();
    }

    pub(super) fn state(&self) -> State {
        let now = self.now;
        let left = |at: Duration| at.saturating_sub(now);
        let past = |at: Option<Duration>| at.map(|_| Duration::ZERO);
        let mut world = self.world.clone();
        let mut case = self.machine.entries[0].case.clone();
        // Which number a ticket has changes nothing.
        if let Phase::Dropping { ticket, sent } = &mut case.phase {
            *ticket = Ticket(0);
            *sent = left(*sent);
        }
        case.get = case.get.map(|_| Ticket(0));
        case.due = left(case.due);
        case.deadline = case.deadline.map(left);
        case.looks = case.looks.min(8);
        let settle = self.limits.settle.max(self.limits.backoff.most);
        case.facts.answered = case
            .facts
            .answered
            .map(|at| (at + settle).saturating_sub(now));
        case.facts.active = past(case.facts.active);
        case.facts.first_effect = past(case.facts.first_effect);
        world.first_drop = past(world.first_drop);
        world.ended = world.ended.map(left);
        world.unproven = past(world.unproven);
        world.listings = 0;
        let (out, not_before, round, failed) = self.machine.listings.state();
        State {
            case,
            listings: (
                out.map(|_| Duration::ZERO),
                left(not_before),
                round.min(8),
                failed,
            ),
            hold: left(self.machine.hold_until),
            world,
            late: self.late.is_some(),
        }
    }
}
