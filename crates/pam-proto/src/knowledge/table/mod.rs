//! The table itself, in files by part of the API.

use super::{Code, Entry, Module};
use crate::error::Fault;

mod access;
mod kinds;
mod objects;
mod services;
mod sessions;

pub(super) use kinds::kind;

/// In the order in which equally good entries are preferred.
pub(super) const ALL: &[&[Entry]] = &[
    access::ENTRIES,
    sessions::ENTRIES,
    objects::ENTRIES,
    services::ENTRIES,
    kinds::ENTRIES,
];

const CODES: &str = "All numeric exception codes found";

/// HTTP 400 with an `exception.code`, as most refusals have it.
const fn exception(
    code: i64,
    module: Module,
    fault: Fault,
    messages: &'static [&'static str],
    cause: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry {
        fault,
        code: Some(Code::Exception(code)),
        http_status: Some(400),
        messages,
        module,
        cause,
        remedy,
        topic: CODES,
    }
}

/// HTTP 400 without a number.
const fn uncoded(
    module: Module,
    fault: Fault,
    messages: &'static [&'static str],
    cause: &'static str,
    remedy: &'static str,
    topic: &'static str,
) -> Entry {
    Entry {
        fault,
        code: None,
        http_status: Some(400),
        messages,
        module,
        cause,
        remedy,
        topic,
    }
}
