//! The proofs of the machine.

mod bench;
mod choices;
mod control;
mod exhaustive;
mod looks;
mod model;
mod property;
pub(super) mod replies;
mod sharing;
mod transitions;
