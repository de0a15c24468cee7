//! The faults by name, with one line each.

/// One kind of fault, for a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultEntry {
    /// Its name.
    pub name: &'static str,
    /// What follows the name: `:SECONDS`, or `[:TIMES]` where it may be left out.
    pub argument: &'static str,
    /// What it does, in one line.
    pub description: &'static str,
}

/// The argument of a fault that may be counted.
pub(super) const COUNTED: &str = "[:TIMES]";

pub(super) const CATALOGUE: &[FaultEntry] = &[
    entry(
        "drop-500",
        COUNTED,
        "a drop answers HTTP 500 and ends nothing",
    ),
    entry(
        "drop-accepted-but-alive",
        COUNTED,
        "a drop answers 200 and ends nothing",
    ),
    entry(
        "lost-reply",
        COUNTED,
        "a drop or an open is carried out, then the connection closes without an answer",
    ),
    entry(
        "reset-mid-body",
        COUNTED,
        "the connection is reset in the middle of the body",
    ),
    entry(
        "slow-list",
        ":SECONDS",
        "the listing begins to answer only after SECONDS",
    ),
    entry(
        "drip",
        ":BYTES_PER_SECOND",
        "bodies come at BYTES_PER_SECOND",
    ),
    entry(
        "gateway-502-html",
        COUNTED,
        "the gateway answers 502 with an HTML page; nothing is carried out",
    ),
    entry(
        "gateway-504",
        COUNTED,
        "the call is carried out, but the gateway answers 504",
    ),
    entry(
        "no-route",
        COUNTED,
        "the gateway finds no route, whatever the path",
    ),
    entry(
        "lockdown",
        COUNTED,
        "the appliance is locked down: HTTP 503, error code 100",
    ),
    entry(
        "unauthorized-500",
        COUNTED,
        "the authorization lacks the resource: HTTP 500",
    ),
    entry("read-only", COUNTED, "every authorization is read-only"),
    entry(
        "clock-skew",
        ":SECONDS",
        "the appliance's clock is ahead by SECONDS; a negative number is behind",
    ),
    entry(
        "truncated-json",
        COUNTED,
        "bodies are cut off, though the connection is not",
    ),
    entry(
        "nested-listing",
        COUNTED,
        "the listing is an envelope inside its own array",
    ),
    entry(
        "duplicate-keys",
        COUNTED,
        "envelopes carry `message` and `error` twice",
    ),
    entry("huge-listing", ":N", "the listing has at least N rows"),
    entry(
        "rate-limit",
        ":N[/SECONDS]",
        "after N calls within SECONDS (5 when not given) the rest answer 429",
    ),
    entry("token-expired", COUNTED, "bearer tokens count as expired"),
    entry(
        "error-200",
        COUNTED,
        "HTTP 200 whose envelope says `error: true`; nothing is carried out",
    ),
];

const fn entry(
    name: &'static str,
    argument: &'static str,
    description: &'static str,
) -> FaultEntry {
    FaultEntry {
        name,
        argument,
        description,
    }
}
