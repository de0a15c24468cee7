//! What every case wants and when, in order of time, so that thousands of cases cost no scan.

use std::collections::BTreeSet;
use std::time::Duration;

use super::case::Wants;

type Index = BTreeSet<(Duration, usize)>;

/// The wants of all cases by kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Agenda {
    wants: Vec<Wants>,
    pub(super) drops: Index,
    pub(super) gets: Index,
    pub(super) lists: Index,
    pub(super) expiries: Index,
}

impl Agenda {
    /// Replaces what a case wants. Cases are numbered from 0 in the order of their first update.
    pub(super) fn update(&mut self, case: usize, wants: Wants) {
        if case >= self.wants.len() {
            self.wants.resize(case + 1, Wants::default());
        }
        let Some(known) = self.wants.get_mut(case) else {
            return;
        };
        let before = std::mem::replace(known, wants);
        let replace = |index: &mut Index, before: Option<Duration>, after: Option<Duration>| {
            if before != after {
                before.inspect(|at| _ = index.remove(&(*at, case)));
                after.inspect(|at| _ = index.insert((*at, case)));
            }
        };
        replace(&mut self.drops, before.drop, wants.drop);
        replace(&mut self.gets, before.get, wants.get);
        replace(&mut self.lists, before.list, wants.list);
        replace(&mut self.expiries, before.expiry, wants.expiry);
    }
}

/// The first case of an index if its time has come.
pub(super) fn due(index: &Index, now: Duration) -> Option<usize> {
    index
        .first()
        .filter(|(at, _)| *at <= now)
        .map(|(_, case)| *case)
}

/// The time of the first case of an index.
pub(super) fn earliest(index: &Index) -> Option<Duration> {
    index.first().map(|(at, _)| *at)
}
