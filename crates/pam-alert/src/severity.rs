//! How bad a sender says that an event is, on one scale.

use serde::{Deserialize, Serialize};

/// How bad a sender says that an event is. Ordered: `High > Medium`.
///
/// Each sender has its own scale. The steps are those of CEF (specification revision 27,
/// "Severity") with one below them for what is merely told; the sender's own word or number stays
/// in the alert's attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Merely told: syslog 6 and 7, "informational", "debug".
    Informational,
    /// CEF 0 to 3, syslog 5.
    Low,
    /// CEF 4 to 6, syslog 4.
    Medium,
    /// CEF 7 and 8, syslog 3.
    High,
    /// CEF 9 and 10, syslog 0 to 2.
    Critical,
}

impl Severity {
    /// A severity of CEF and LEEF: a number from 0 to 10, or one of CEF's words. CEF's `Unknown`
    /// is none.
    pub fn from_cef(text: &str) -> Option<Self> {
        match text.trim().parse::<u8>() {
            Ok(0..=3) => Some(Self::Low),
            Ok(4..=6) => Some(Self::Medium),
            Ok(7..=8) => Some(Self::High),
            Ok(9..=10) => Some(Self::Critical),
            Ok(_) => None,
            Err(_) => Self::from_word(text),
        }
    }

    /// A severity of syslog (RFC 5424 section 6.2.1), 0 being the worst.
    pub fn from_syslog(number: u8) -> Option<Self> {
        match number {
            0..=2 => Some(Self::Critical),
            3 => Some(Self::High),
            4 => Some(Self::Medium),
            5 => Some(Self::Low),
            6..=7 => Some(Self::Informational),
            _ => None,
        }
    }

    /// A level of a Wazuh 4.x rule, 0 to 16.
    pub fn from_wazuh_level(level: u64) -> Option<Self> {
        match level {
            0..=3 => Some(Self::Informational),
            4..=6 => Some(Self::Low),
            7..=11 => Some(Self::Medium),
            12..=14 => Some(Self::High),
            15..=16 => Some(Self::Critical),
            _ => None,
        }
    }

    /// A word of whatever scale, in any case: `critical`, `very-high`, `warning`, `Sev0`, `notice`.
    /// A word of no known scale is none.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace(['_', ' '], "-");
        Some(match word.as_str() {
            "emergency" | "emerg" | "panic" | "alert" | "critical" | "crit" | "fatal"
            | "very-high" | "veryhigh" | "sev0" | "page" | "disaster" => Self::Critical,
            "error" | "err" | "high" | "major" | "sev1" => Self::High,
            "warning" | "warn" | "medium" | "moderate" | "minor" | "sev2" => Self::Medium,
            "notice" | "low" | "sev3" => Self::Low,
            "informational" | "information" | "info" | "debug" | "none" | "sev4" => {
                Self::Informational
            }
            _ => return None,
        })
    }

    /// The word for it, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The number that stands for it in CEF and LEEF: the highest of its step, so that reading it
    /// again gives the same step. `Informational` has no step there and becomes 0.
    pub fn to_cef(self) -> u8 {
        match self {
            Self::Informational => 0,
            Self::Low => 3,
            Self::Medium => 6,
            Self::High => 8,
            Self::Critical => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cef_steps_are_those_of_the_specification() {
        let steps = (0..=10).map(|n| Severity::from_cef(&n.to_string()));
        let expected = [
            Severity::Low,
            Severity::Low,
            Severity::Low,
            Severity::Low,
            Severity::Medium,
            Severity::Medium,
            Severity::Medium,
            Severity::High,
            Severity::High,
            Severity::Critical,
            Severity::Critical,
        ];
        assert!(steps.eq(expected.map(Some)));
        assert_eq!(Severity::from_cef("Very-High"), Some(Severity::Critical));
        assert_eq!(Severity::from_cef("Unknown"), None);
        assert_eq!(Severity::from_cef("11"), None);
    }

    #[test]
    fn what_is_written_in_cef_is_read_as_the_same_step() {
        for severity in [
            Severity::Low,
            Severity::Medium,
            Severity::High,
            Severity::Critical,
        ] {
            assert_eq!(
                Severity::from_cef(&severity.to_cef().to_string()),
                Some(severity)
            );
        }
    }

    #[test]
    fn the_order_is_that_of_the_danger() {
        assert!(Severity::from_syslog(0) > Severity::from_syslog(3));
        assert!(Severity::from_syslog(3) > Severity::from_syslog(7));
        assert!(None < Some(Severity::Informational));
    }

    #[test]
    fn each_word_is_read_as_itself() {
        for word in ["informational", "low", "medium", "high", "critical"] {
            assert_eq!(Severity::from_word(word).map(Severity::as_str), Some(word));
        }
    }
}
