//! Which sessions of a listing are wanted.

use super::civil::CivilTime;
use super::network::Network;
use super::predicate::{Bound, Field, Names, Predicate, Row};
use super::record::SessionRecord;
use super::words::Word;
use crate::identity::SessionRef;
use crate::session::Session;

/// Which sessions are wanted: those that meet every condition. Without a condition it is all of
/// them.
///
/// Texts are compared whatever their case. A session that lacks what a condition asks for is not
/// wanted.
///
/// ```
/// use pam_proto::listing::Filter;
///
/// let filter = Filter::new()
///     .active()
///     .user("alice")
///     .origin("10.0.0.0/8".parse()?)
///     .started_before("2024-05-06 16:00".parse().unwrap());
/// # Ok::<(), pam_proto::listing::InvalidNetwork>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    conditions: Vec<Predicate>,
}

impl Filter {
    /// Wants every session.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Wants running sessions.
    #[must_use]
    pub fn active(mut self) -> Self {
        // First, as it costs least and refuses most.
        self.conditions.insert(0, Predicate::Active);
        self
    }

    /// Wants the sessions of this vault user.
    #[must_use]
    pub fn user(self, user: impl Into<String>) -> Self {
        self.and(Predicate::Is(Field::User, Word::new(user)))
    }

    /// Wants sessions to this target, given with its port or without.
    #[must_use]
    pub fn device(self, device: impl Into<String>) -> Self {
        self.and(Predicate::Is(Field::Device, Word::new(device)))
    }

    /// Wants sessions that use this credential.
    #[must_use]
    pub fn credential(self, credential: impl Into<String>) -> Self {
        self.and(Predicate::Is(Field::Credential, Word::new(credential)))
    }

    /// Wants sessions of this protocol: `ssh`, `rdp`, …
    #[must_use]
    pub fn protocol(self, protocol: impl Into<String>) -> Self {
        self.and(Predicate::Is(Field::Protocol, Word::new(protocol)))
    }

    /// Wants sessions through this proxy: `Web Proxy`, `RDP Proxy`, …
    #[must_use]
    pub fn proxy(self, proxy: impl Into<String>) -> Self {
        self.and(Predicate::Is(Field::Proxy, Word::new(proxy)))
    }

    /// Wants sessions whose user comes from this network.
    #[must_use]
    pub fn origin(self, network: Network) -> Self {
        self.and(Predicate::Origin(network))
    }

    /// Wants sessions that started before this time.
    #[must_use]
    pub fn started_before(self, time: CivilTime) -> Self {
        self.and(Predicate::Started(Bound::Before, time))
    }

    /// Wants sessions that started after this time.
    #[must_use]
    pub fn started_after(self, time: CivilTime) -> Self {
        self.and(Predicate::Started(Bound::After, time))
    }

    /// Wants only these sessions.
    #[must_use]
    pub fn named(self, names: impl IntoIterator<Item = SessionRef>) -> Self {
        self.and(Predicate::Named(Names::from_iter(names)))
    }

    /// Wants sessions that meet this condition too.
    #[must_use]
    pub fn and(mut self, condition: Predicate) -> Self {
        self.conditions.push(condition);
        self
    }

    /// Whether a session is wanted.
    #[must_use]
    pub fn matches(&self, session: &Session) -> bool {
        self.wants(session)
    }

    /// Whether a session that is not decoded yet is wanted.
    #[must_use]
    pub fn matches_record(&self, record: &SessionRecord<'_>) -> bool {
        self.wants(record)
    }

    fn wants(&self, row: &impl Row) -> bool {
        self.conditions
            .iter()
            .all(|condition| condition.evaluate(row) == Some(true))
    }
}
