//! Locks of plain values.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, and takes the value as it is when another thread panicked while it held the lock: a
/// mock that goes on is worth more to a test than a second panic that hides the first.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
