//! What may be ended, why, and the evidence of it, without I/O: the filter language and the audit
//! chain.

pub mod audit;
mod filter;

pub use filter::{Filter, FilterError, Glob, Network};
