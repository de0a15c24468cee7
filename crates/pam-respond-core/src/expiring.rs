//! What counts until a moment. Forgetting costs what is forgotten, not what is remembered.

use std::collections::{BTreeMap, BTreeSet};

use crate::moment::Moment;

/// A map in which every entry has a moment from which on it is not there any more.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expiring<K, V> {
    entries: BTreeMap<K, (Moment, V)>,
    ends: BTreeSet<(Moment, K)>,
}

impl<K, V> Default for Expiring<K, V> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            ends: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Clone, V> Expiring<K, V> {
    /// Remembers something until a moment, in place of what was remembered under the key.
    pub(crate) fn insert(&mut self, key: K, until: Moment, value: V) {
        let before = self.entries.insert(key.clone(), (until, value));
        if let Some((end, _)) = before {
            self.ends.remove(&(end, key.clone()));
        }
        self.ends.insert((until, key));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        if let Some((end, _)) = self.entries.remove(key) {
            self.ends.remove(&(end, key.clone()));
        }
    }

    /// Forgets what counts no more now.
    pub(crate) fn forget(&mut self, now: Moment) {
        while self.next_end().is_some_and(|end| end <= now) {
            if let Some((_, key)) = self.ends.pop_first() {
                self.entries.remove(&key);
            }
        }
    }

    /// When the next one will be forgotten.
    pub(crate) fn next_end(&self) -> Option<Moment> {
        self.ends.first().map(|(end, _)| *end)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    /// Until when an entry counts.
    pub(crate) fn end(&self, key: &K) -> Option<Moment> {
        self.entries.get(key).map(|(end, _)| *end)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.values().map(|(_, value)| value)
    }

    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut().map(|(_, value)| value)
    }

    /// Keeps those that this is true of.
    pub(crate) fn retain(&mut self, keep: impl Fn(&V) -> bool) {
        let gone = self.entries.iter().filter(|(_, (_, value))| !keep(value));
        let gone: Vec<K> = gone.map(|(key, _)| key.clone()).collect();
        for key in &gone {
            self.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_counts_until_its_moment_and_a_new_one_takes_its_place() {
        let at = Moment::from_millis;
        let mut map = Expiring::default();
        map.insert("a", at(10), 1);
        map.insert("b", at(20), 2);
        map.insert("a", at(30), 3);
        assert_eq!(
            (map.next_end(), map.end(&"a")),
            (Some(at(20)), Some(at(30)))
        );
        map.forget(at(19));
        assert_eq!(map.len(), 2);
        map.forget(at(20));
        assert_eq!((map.get(&"a"), map.get(&"b")), (Some(&3), None));
        map.remove(&"a");
        assert!(map.is_empty() && map.next_end().is_none());
    }
}
