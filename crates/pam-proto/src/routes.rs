//! The path families under which the appliance serves one and the same operation.

use std::fmt;
use std::str::FromStr;

/// A family of paths (A2A API specification, "Remote sessions: paths by version").
///
/// | operation | `iso` (3.32) | `api-pam` (3.33, 4.0) | `api` (newer pages) |
/// |---|---|---|---|
/// | list | `GET /api/session/remotesessions` | `GET /api/pam/session/remotesessions` | `GET /api/session/remotesessions` |
/// | get | `GET /api/session/remotesessions/ID` | `GET /api/pam/session/remotesessions/ID` | `GET /api/session/remotesessions/ID` |
/// | open | `POST /iso/remote/session` | `POST /api/pam/remote/session` | `POST /api/remote/session` |
/// | terminate | `DELETE /iso/session/drop/SESSION_ID` | `DELETE /api/pam/session/drop/SESSION_ID` | `DELETE /api/pam/session/drop/SESSION_ID` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Routes {
    /// Version 3.32.
    Iso,
    /// Versions 3.33 and 4.0.
    ApiPam,
    /// As the current online pages print them: listing and reading without the `pam` segment,
    /// terminating with it.
    Api,
}

impl Routes {
    /// Every family, in the order in which an unknown appliance is probed.
    pub const ALL: [Self; 3] = [Self::ApiPam, Self::Api, Self::Iso];

    /// The name used in settings: `iso`, `api-pam` or `api`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Iso => "iso",
            Self::ApiPam => "api-pam",
            Self::Api => "api",
        }
    }

    pub(crate) fn sessions(self) -> &'static [&'static str] {
        match self {
            Self::Iso | Self::Api => &["api", "session", "remotesessions"],
            Self::ApiPam => &["api", "pam", "session", "remotesessions"],
        }
    }

    pub(crate) fn open(self) -> &'static [&'static str] {
        match self {
            Self::Iso => &["iso", "remote", "session"],
            Self::ApiPam => &["api", "pam", "remote", "session"],
            Self::Api => &["api", "remote", "session"],
        }
    }

    pub(crate) fn terminate(self) -> &'static [&'static str] {
        match self {
            Self::Iso => &["iso", "session", "drop"],
            Self::ApiPam | Self::Api => &["api", "pam", "session", "drop"],
        }
    }
}

impl fmt::Display for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no route family.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unknown route family `{0}`; use iso, api-pam or api")]
pub struct UnknownRoutes(String);

impl FromStr for Routes {
    type Err = UnknownRoutes;

    fn from_str(name: &str) -> Result<Self, UnknownRoutes> {
        Self::ALL
            .into_iter()
            .find(|routes| routes.name() == name)
            .ok_or_else(|| UnknownRoutes(name.to_owned()))
    }
}
