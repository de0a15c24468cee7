//! The order of the rows.

use std::cmp::Ordering;

use pam_proto::Session;

/// A column by which the rows can be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Started,
    User,
    Credential,
    Device,
    Protocol,
    Origin,
    Id,
}

/// A column and a direction. At first, the latest start comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) key: Key,
    pub(super) descending: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            key: Key::Started,
            descending: true,
        }
    }
}

impl Order {
    /// By the next column.
    pub(super) fn next(&mut self) {
        self.key = match self.key {
            Key::Started => Key::User,
            Key::User => Key::Credential,
            Key::Credential => Key::Device,
            Key::Device => Key::Protocol,
            Key::Protocol => Key::Origin,
            Key::Origin => Key::Id,
            Key::Id => Key::Started,
        };
        self.descending = self.key == Key::Started;
    }

    /// The other way round.
    pub(super) fn turn(&mut self) {
        self.descending = !self.descending;
    }

    /// Rows that are alike in the column stay in the order of their numbers.
    pub(super) fn compare(self, a: &Session, b: &Session) -> Ordering {
        let text = |a: &str, b: &str| a.to_lowercase().cmp(&b.to_lowercase());
        let ordering = match self.key {
            Key::Started => a.started_at.cmp(&b.started_at),
            Key::User => text(&a.user, &b.user),
            Key::Credential => text(&a.credential, &b.credential),
            Key::Device => text(&a.device, &b.device),
            Key::Protocol => text(&a.protocol, &b.protocol),
            Key::Origin => text(&a.origin_ip, &b.origin_ip),
            Key::Id => Ordering::Equal,
        };
        let ordering = ordering.then(a.id.cmp(&b.id));
        if self.descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}
