//! Remote sessions.

use super::{Entry, Module, exception, uncoded};
use crate::error::Fault;

const OPEN: &str = "Create an authenticated URL for a web proxy session";

pub(super) const ENTRIES: &[Entry] = &[
    exception(
        1002,
        Module::Sessions,
        Fault::SessionNotFound,
        &["Session not found"],
        "no session with this row id is visible to this authorization, which is not to say that \
         there never was one",
        "take the `id` from the session list; use an authorization that may see the session",
    ),
    exception(
        1003,
        Module::Sessions,
        Fault::IdentifierType,
        &["Unexpected identifier type"],
        "a session_id (the hash) stands where the row id (digits) belongs",
        "use the `id` of the session list to read a session, and its `session_id` to terminate it",
    ),
    Entry {
        fault: Fault::DropFailed,
        code: None,
        http_status: Some(500),
        messages: &["*An error occurred while droping session*"],
        module: Module::Sessions,
        cause: "the appliance failed to end the session, or knows no running session with this \
                session_id: it gives one answer for both",
        remedy: "list the sessions: if it has an end or is gone, nothing is left to do; if it \
                 runs, check that its session_id was used and not its row id, and try again",
        topic: "Terminate a session",
    },
    uncoded(
        Module::WebProxySession,
        Fault::MissingParameter,
        &["User not specified", "Username not specified"],
        "the field `user` is missing or empty",
        "name an existing user of the vault",
        OPEN,
    ),
    uncoded(
        Module::WebProxySession,
        Fault::MissingParameter,
        &["Credential not specified"],
        "the field `credential` is missing or empty",
        "give the credential's user name",
        OPEN,
    ),
    uncoded(
        Module::WebProxySession,
        Fault::MissingParameter,
        &["Credential device not specified"],
        "the field `device` is missing or empty",
        "give the host name or IP address of the device",
        OPEN,
    ),
    uncoded(
        Module::WebProxySession,
        Fault::InvalidParameter,
        &["Invalid protocol"],
        "the field `protocol` is missing or none that the device has",
        "give a protocol such as ssh, rdp or https that the device is set up for",
        OPEN,
    ),
];
