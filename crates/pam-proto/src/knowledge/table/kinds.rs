//! The kinds of answer, for those whose words are not documented.

use super::{Entry, Module};
use crate::error::Fault;

/// The explanation of a kind.
pub(in crate::knowledge) fn kind(fault: Fault) -> &'static Entry {
    ENTRIES
        .iter()
        .chain(super::super::entries())
        .find(|entry| entry.fault == fault)
        .unwrap_or(&REFUSED)
}

const fn unnamed(
    fault: Fault,
    http_status: Option<u16>,
    cause: &'static str,
    remedy: &'static str,
) -> Entry {
    Entry {
        fault,
        code: None,
        http_status,
        messages: &[],
        module: Module::Common,
        cause,
        remedy,
        topic: "Response envelope and error bodies",
    }
}

const REFUSED: Entry = unnamed(
    Fault::Refused,
    None,
    "the appliance refuses the request for a reason that its documents do not name",
    "read its message; look whether the request took effect before sending it again",
);

pub(super) const ENTRIES: &[Entry] = &[
    REFUSED,
    unnamed(
        Fault::Malformed,
        None,
        "the answer is not one that this call is documented to have: no JSON, cut off, or without \
         a part that it must have",
        "check that the URL leads to the appliance and to no login page or proxy; look whether \
         the request took effect before sending it again",
    ),
    unnamed(
        Fault::Redirect,
        None,
        "the server sends the request elsewhere; a redirect is never followed, because the \
         credentials and the signature belong to one URL",
        "set the appliance's URL to where it redirects, if that is the appliance",
    ),
    unnamed(
        Fault::Gateway,
        Some(503),
        "a gateway or proxy answered in the appliance's place",
        "look whether the request took effect before sending it again; if it lasts, look at the \
         appliance's health",
    ),
    unnamed(
        Fault::Unexpected,
        None,
        "the appliance failed while it handled the request",
        "look whether the request took effect before sending it again; the appliance's log has \
         the reason",
    ),
    unnamed(
        Fault::NotAuthorized,
        None,
        "the authorization's permission does not cover this call",
        "grant the authorization the resource of this call, with Read and write if it changes \
         anything; check its list of authorized IP addresses",
    ),
    unnamed(
        Fault::SessionNotFound,
        None,
        "no such session is visible to this authorization, which is not to say that there never \
         was one",
        "take the id from the session list; use an authorization that may see the session",
    ),
];
