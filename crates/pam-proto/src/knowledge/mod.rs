//! What is known about the appliance's errors: each documented message and code with its kind,
//! its cause and its remedy in plain words.
//!
//! One table serves three purposes: an answer's [`Fault`] is concluded from it, a
//! [`ReplyError`] takes its [cause](ReplyError::cause) and [remedy](ReplyError::remedy) from it,
//! and [`lookup`] finds entries by what a person has in a log.
//!
//! ```
//! use pam_proto::knowledge;
//!
//! let found = knowledge::lookup("1039: Without PAM Configuration Access permission");
//! assert!(found.exact);
//! assert!(found.entries[0].remedy.contains("Read and write"));
//!
//! // A number means different things in different parts of the API.
//! let modules: Vec<_> = knowledge::lookup_code(1005).map(|entry| entry.module).collect();
//! assert!(modules.len() > 1);
//! ```

use std::fmt;

use crate::error::{Fault, ReplyError};

mod lookup;
mod pattern;
mod table;

pub use lookup::{Lookup, lookup, lookup_code, lookup_status, lookup_text};

/// Part of the appliance's API. Numeric codes are counted per part (A2A API specification, "All
/// numeric exception codes found").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[non_exhaustive]
pub enum Module {
    /// Any part, or an unknown one.
    #[default]
    Common,
    /// The gateway before the appliance.
    Gateway,
    /// OAuth 1.0 verification.
    OAuth1,
    /// The OAuth 2.0 token server and bearer tokens.
    OAuth2,
    /// Listing, reading and terminating remote sessions.
    Sessions,
    /// Creating an authenticated URL for a web proxy session.
    WebProxySession,
    /// Credentials and their custody.
    Credentials,
    /// Devices.
    Devices,
    /// SSH keys.
    SshKeys,
    /// Protected information.
    ProtectedInformation,
    /// Related users.
    RelatedUsers,
    /// Dashboards.
    Dashboards,
    /// Certificate Manager.
    Certificates,
    /// Network Connector.
    NetworkConnector,
    /// MySafe.
    MySafe,
    /// DevOps Secret Manager.
    DevOpsSecrets,
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Common => "any call",
            Self::Gateway => "gateway",
            Self::OAuth1 => "OAuth 1.0",
            Self::OAuth2 => "OAuth 2.0",
            Self::Sessions => "remote sessions",
            Self::WebProxySession => "web proxy session URL",
            Self::Credentials => "credentials",
            Self::Devices => "devices",
            Self::SshKeys => "SSH keys",
            Self::ProtectedInformation => "protected information",
            Self::RelatedUsers => "related users",
            Self::Dashboards => "dashboards",
            Self::Certificates => "certificates",
            Self::NetworkConnector => "network connector",
            Self::MySafe => "MySafe",
            Self::DevOpsSecrets => "DevOps Secret Manager",
        })
    }
}

/// A documented number, and which field of the answer it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// `exception.code`.
    Exception(i64),
    /// `response.error_code`.
    Error(i64),
}

impl Code {
    /// The number itself.
    #[must_use]
    pub fn number(self) -> i64 {
        match self {
            Self::Exception(number) | Self::Error(number) => number,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exception(number) => write!(f, "exception {number}"),
            Self::Error(number) => write!(f, "error_code {number}"),
        }
    }
}

/// One thing that the appliance is known to answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct Entry {
    /// What kind it is.
    pub fault: Fault,
    /// Its number, when it has one.
    pub code: Option<Code>,
    /// The HTTP status that it is documented or concluded to come with.
    pub http_status: Option<u16>,
    /// The documented texts without number, `*` for what varies. Empty for an entry that explains
    /// a kind of answer and not a text.
    pub messages: &'static [&'static str],
    /// Which part of the API says it.
    pub module: Module,
    /// Why it is said.
    pub cause: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// The topic in the A2A API specification, or the RFC's section, that documents it.
    pub topic: &'static str,
}

impl fmt::Display for Entry {
    /// The number and the first text, as in `1039: Without PAM Configuration Access permission`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code {
            write!(f, "{}: ", code.number())?;
        }
        match (self.messages, self.http_status) {
            ([message, ..], _) => f.write_str(&message.trim_matches('*').trim().replace('*', "…")),
            ([], Some(status)) => write!(f, "HTTP {status} without a documented text"),
            ([], None) => f.write_str("an answer without a documented text"),
        }
    }
}

/// Every entry.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    table::ALL.iter().copied().flatten()
}

/// The parts of an answer that an entry can be recognised by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signs<'a> {
    pub(crate) texts: [&'a str; 3],
    pub(crate) error_code: Option<i64>,
    pub(crate) exception_code: Option<i64>,
    pub(crate) module: Module,
}

/// The entry that fits best: by text, confirmed by number; else by a number that is told apart
/// from others by itself.
pub(crate) fn recognise(signs: &Signs<'_>) -> Option<&'static Entry> {
    let mut texts = signs.texts.map(pattern::normal).to_vec();
    texts.retain(|text| !text.is_empty());
    entries()
        .filter_map(|entry| Some((entry.fit(signs, &texts)?, entry)))
        // The first of the best: `max_by_key` would give the last.
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, entry)| entry)
}

/// The entry that explains this error.
pub(crate) fn of(error: &ReplyError) -> &'static Entry {
    let signs = Signs {
        texts: [&error.message, "", ""],
        error_code: error.error_code,
        exception_code: error.exception_code,
        module: error.module,
    };
    recognise(&signs)
        .filter(|entry| entry.fault == error.fault)
        .unwrap_or_else(|| table::kind(error.fault))
}

impl Entry {
    /// How well the entry fits: a text counts most, then a number, then the part of the API.
    fn fit(&self, signs: &Signs<'_>, texts: &[String]) -> Option<u8> {
        let says = |text: &String| {
            let mut messages = self.messages.iter();
            messages.any(|message| pattern::matches(&pattern::normal(message), text))
        };
        let by_text = texts.iter().any(says);
        let by_code = match self.code {
            Some(Code::Exception(number)) => signs.exception_code == Some(number),
            Some(Code::Error(number)) => signs.error_code == Some(number),
            None => false,
        };
        let same_module = self.module == signs.module;
        let telling = self.code.is_some_and(Code::is_telling);
        let fits = by_text || by_code && (telling || same_module);
        fits.then(|| 4 * u8::from(by_text) + 2 * u8::from(by_code) + u8::from(same_module))
    }
}

impl Code {
    /// Whether the number alone says what happened: no other part of the API uses it for something
    /// else, and it isn't the `1` or `0` that any failure carries.
    fn is_telling(self) -> bool {
        let mut same = entries().filter(|entry| entry.code == Some(self));
        let first = same.next().map(|entry| entry.fault);
        !matches!(self, Self::Error(0 | 1) | Self::Exception(400 | 500))
            && same.all(|entry| Some(entry.fault) == first)
    }
}

#[cfg(test)]
mod tests;
