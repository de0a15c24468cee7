//! What may be ended, why, and the evidence of it, without I/O: the audit chain.

pub mod audit;
