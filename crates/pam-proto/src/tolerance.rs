//! What was forgiven while an answer was read.
//!
//! Reading is tolerant and the conclusion is strict: a quirk never turns a refusal into a success.
//! What was tolerated is noted here, so that a person who looks closely (`pamctl -vv`) can see how
//! an appliance departs from its documents.

use std::fmt;

/// One quirk that was forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
#[repr(u8)]
pub enum Tolerance {
    /// A session spells `credential` and `device` in Portuguese, as version 3.32 does (A2A API
    /// specification, "List all").
    PortugueseRecord,
    /// The envelope has `mensagem`, `erro` or `cod_erro` without the English key beside it.
    PortugueseEnvelope,
    /// `Message` with a capital (A2A API specification, "Variants that occur", E-Message).
    CapitalMessage,
    /// A key twice in one object (A2A API specification, "Variants that occur", E-dup).
    DuplicateKeys,
    /// The envelope again as an element of its own payload (A2A API specification, "Variants
    /// that occur", E-nested).
    NestedEnvelope,
    /// No `response` around the parts (A2A API specification, "Variants that occur", E-flat).
    FlatEnvelope,
    /// The outer `{` is missing (A2A API specification, "Variants that occur", E-open).
    MissingBrace,
    /// The HTTP status line, `code` and `response.status` do not agree (A2A API specification,
    /// "Error flag is not trustworthy").
    StatusesDiffer,
    /// `error` and `erro`, or `error_code` and `cod_erro`, do not agree; the worse one counts.
    FlagsDiffer,
    /// A number or a boolean where a text is documented.
    NumberForText,
    /// A text where a number is documented.
    TextForNumber,
    /// An empty map where a list is documented (A2A API specification, "Quirks checklist",
    /// item 2).
    EmptyMapForList,
    /// A single record where a list is documented.
    RecordForList,
    /// The payload is under its other name, such as `remote_sessions` for `remote_session`.
    OtherPayloadKey,
    /// A session without a `session_id` that could be sent: null, empty or damaged.
    UnusableSessionId,
    /// A `session_id` masked with `*` (A2A API specification, "Quirks checklist", item 14).
    MaskedSessionId,
    /// An `end` that is there but holds no date, read as still running.
    EndWithoutDate,
    /// A documented field of a session is absent.
    AbsentField,
    /// `Content-Type` does not say JSON, the body is JSON all the same.
    ContentType,
    /// A byte order mark before the body.
    ByteOrderMark,
    /// Bytes that are no UTF-8, each read as U+FFFD.
    InvalidUtf8,
    /// Half of a surrogate pair in an escape, read as U+FFFD.
    LoneSurrogate,
    /// Spaces or line breaks inside a URL or a token, removed.
    BlanksInside,
    /// The token answer has no usable `expires_in`; the documented hour is assumed.
    NoLifetime,
    /// The token answer has no `token_type`; Bearer is assumed.
    NoTokenType,
}

impl Tolerance {
    const ALL: [Self; 25] = [
        Self::PortugueseRecord,
        Self::PortugueseEnvelope,
        Self::CapitalMessage,
        Self::DuplicateKeys,
        Self::NestedEnvelope,
        Self::FlatEnvelope,
        Self::MissingBrace,
        Self::StatusesDiffer,
        Self::FlagsDiffer,
        Self::NumberForText,
        Self::TextForNumber,
        Self::EmptyMapForList,
        Self::RecordForList,
        Self::OtherPayloadKey,
        Self::UnusableSessionId,
        Self::MaskedSessionId,
        Self::EndWithoutDate,
        Self::AbsentField,
        Self::ContentType,
        Self::ByteOrderMark,
        Self::InvalidUtf8,
        Self::LoneSurrogate,
        Self::BlanksInside,
        Self::NoLifetime,
        Self::NoTokenType,
    ];

    fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

impl fmt::Display for Tolerance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PortugueseRecord => "Portuguese keys in a session",
            Self::PortugueseEnvelope => "Portuguese keys alone in the envelope",
            Self::CapitalMessage => "`Message` with a capital",
            Self::DuplicateKeys => "a key twice in one object",
            Self::NestedEnvelope => "the envelope nested in its own payload",
            Self::FlatEnvelope => "an envelope without `response`",
            Self::MissingBrace => "the outer { was missing",
            Self::StatusesDiffer => "the HTTP status and the body's status differ",
            Self::FlagsDiffer => "the English and the Portuguese flags differ",
            Self::NumberForText => "a number where a text is documented",
            Self::TextForNumber => "a text where a number is documented",
            Self::EmptyMapForList => "an empty map where a list is documented",
            Self::RecordForList => "a single record where a list is documented",
            Self::OtherPayloadKey => "the payload under its other name",
            Self::UnusableSessionId => "a session without a usable session_id",
            Self::MaskedSessionId => "a masked session_id",
            Self::EndWithoutDate => "an `end` without a date, read as still running",
            Self::AbsentField => "a documented field of a session is absent",
            Self::ContentType => "the content type does not say JSON",
            Self::ByteOrderMark => "a byte order mark before the JSON",
            Self::InvalidUtf8 => "invalid UTF-8",
            Self::LoneSurrogate => "half of a surrogate pair",
            Self::BlanksInside => "blanks inside a URL or a token",
            Self::NoLifetime => "no `expires_in`, one hour assumed",
            Self::NoTokenType => "no `token_type`, Bearer assumed",
        })
    }
}

/// What was noticed while an answer was read: the tolerances, each once, and whether the answer
/// names a tenant.
///
/// ```
/// use pam_proto::{Notes, Tolerance};
///
/// let mut notes = Notes::default();
/// notes.note(Tolerance::DuplicateKeys);
/// notes.note(Tolerance::DuplicateKeys);
/// assert_eq!(notes.tolerated().collect::<Vec<_>>(), [Tolerance::DuplicateKeys]);
/// assert_eq!(notes.to_string(), "a key twice in one object");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Notes {
    tolerated: u32,
    /// Whether the answer names a tenant, which version 3.32 never does (A2A API specification,
    /// "Variants that occur").
    pub tenant: bool,
}

impl Notes {
    /// Notes that something was tolerated.
    pub fn note(&mut self, tolerance: Tolerance) {
        self.tolerated |= tolerance.bit();
    }

    /// Adds everything that others noted.
    pub fn extend(&mut self, others: &Self) {
        self.tolerated |= others.tolerated;
        self.tenant |= others.tenant;
    }

    /// Whether this was tolerated.
    #[must_use]
    pub fn has(&self, tolerance: Tolerance) -> bool {
        self.tolerated & tolerance.bit() != 0
    }

    /// Whether nothing had to be tolerated.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tolerated == 0
    }

    /// What was tolerated, each once.
    pub fn tolerated(&self) -> impl Iterator<Item = Tolerance> + use<> {
        let notes = *self;
        Tolerance::ALL
            .into_iter()
            .filter(move |tolerance| notes.has(*tolerance))
    }
}

impl fmt::Display for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, tolerance) in self.tolerated().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            tolerance.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tolerance_has_a_bit_and_words_of_its_own() {
        let mut notes = Notes::default();
        for (index, tolerance) in Tolerance::ALL.into_iter().enumerate() {
            assert_eq!(tolerance as usize, index, "{tolerance:?}");
            assert!(!notes.has(tolerance), "{tolerance:?}");
            notes.note(tolerance);
        }
        assert_eq!(notes.tolerated().collect::<Vec<_>>(), Tolerance::ALL);
        let mut words: Vec<_> = Tolerance::ALL.iter().map(ToString::to_string).collect();
        words.sort();
        words.dedup();
        assert_eq!(words.len(), Tolerance::ALL.len());
    }

    #[test]
    fn notes_add_up() {
        let mut first = Notes::default();
        first.note(Tolerance::NestedEnvelope);
        let mut second = Notes::default();
        second.note(Tolerance::ContentType);
        second.tenant = true;
        first.extend(&second);
        assert_eq!(
            first.tolerated().collect::<Vec<_>>(),
            [Tolerance::NestedEnvelope, Tolerance::ContentType]
        );
        assert!(first.tenant);
    }
}
