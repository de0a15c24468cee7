//! What may be ended, why, and the evidence of it, without I/O: the [filter language](Filter), the
//! [policy](Policy) and the [audit chain](audit).

pub mod audit;
mod filter;
#[cfg(feature = "policy")]
pub mod policy;

pub use filter::{Filter, FilterError, expression};
#[cfg(feature = "policy")]
pub use policy::Policy;
