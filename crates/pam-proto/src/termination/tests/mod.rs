//! The proofs of the machine.

mod bench;
mod exhaustive;
mod model;
mod replies;
mod transitions;
