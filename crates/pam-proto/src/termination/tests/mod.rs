//! The proofs of the machine.
