//! Which generation of the appliance the mock stands in for.

use std::fmt;
use std::str::FromStr;

/// A generation of the appliance: its routes, the variant of its envelope, the spelling of its
/// fields and its texts (A2A API specification, "Version reality check").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Profile {
    /// 3.32: `/iso` and `/api` mixed, Portuguese keys in the listing, several envelopes.
    V3_32,
    /// 3.33: `/api/pam`, one envelope, a tenant.
    V3_33,
    /// 4.0: as 3.33, under the name Segura.
    #[default]
    V4_0,
    /// What the vendor's online pages print today: the listing at `/api/session`, English and
    /// Portuguese texts that differ.
    Current,
}

impl Profile {
    /// Every profile, the oldest first.
    pub const ALL: [Self; 4] = [Self::V3_32, Self::V3_33, Self::V4_0, Self::Current];

    /// `v3.32`, `v3.33`, `v4.0` or `current`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::V3_32 => "v3.32",
            Self::V3_33 => "v3.33",
            Self::V4_0 => "v4.0",
            Self::Current => "current",
        }
    }

    /// The product's name, which changed with 4.0.
    pub(crate) fn product(self) -> &'static str {
        match self {
            Self::V3_32 | Self::V3_33 => "senhasegura",
            Self::V4_0 | Self::Current => "Segura",
        }
    }

    /// The product version in the header of a CEF alert.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::V3_32 => "3.32.0-1",
            Self::V3_33 => "3.33.0-1",
            Self::V4_0 => "4.0.0-1",
            Self::Current => "4.1.0-1",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown profile `{0}`; use v3.32, v3.33, v4.0 or current")]
pub struct UnknownProfile(String);

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, UnknownProfile> {
        Self::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
            .ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for profile in Profile::ALL {
            assert_eq!(profile.name().parse(), Ok(profile));
        }
        let error = "4.0".parse::<Profile>().unwrap_err().to_string();
        assert!(error.contains("v4.0"), "{error}");
    }
}
