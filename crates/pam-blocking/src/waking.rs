//! Waiting for what another call does.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Counts wakings, so that none is missed between a look and a wait.
#[derive(Debug, Default)]
pub(crate) struct Waking {
    count: Mutex<u64>,
    changed: Condvar,
}

impl Waking {
    pub(crate) fn count(&self) -> u64 {
        *self.lock()
    }

    pub(crate) fn wake(&self) {
        let mut count = self.lock();
        *count = count.wrapping_add(1);
        self.changed.notify_all();
    }

    /// Waits until the count is another one than was seen.
    pub(crate) fn wait_past(&self, seen: u64) {
        let count = self.lock();
        let _count = self
            .changed
            .wait_while(count, |count| *count == seen)
            .unwrap_or_else(PoisonError::into_inner);
    }

    fn lock(&self) -> MutexGuard<'_, u64> {
        // A number can't be left half changed by a panic.
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
