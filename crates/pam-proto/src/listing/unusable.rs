//! What is told of records that can't be used.

use std::fmt;

use super::RECORD_MAX;
use crate::error::MissingField;

/// Records that had to be left out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unusable {
    pub(super) count: u64,
    pub(super) first: u64,
    pub(super) why: Why,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Why {
    Missing(MissingField),
    TooLarge,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Missing(missing) => write!(f, "{missing}"),
            Why::TooLarge => write!(f, "a session has more than {RECORD_MAX} bytes"),
        }?;
        write!(f, " (record {} of the list", self.first)?;
        match self.count {
            1 => f.write_str("; the others were read)"),
            count => write!(f, "; {count} were left out)"),
        }
    }
}
