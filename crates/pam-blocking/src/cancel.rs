//! Giving up a termination from another thread.

use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::terminate::News;

/// Tells [`Client::terminate`](crate::Client::terminate) to send nothing more. Clones are the same
/// one.
///
/// ```
/// let cancel = pam_blocking::Cancel::new();
/// let handler = cancel.clone();
/// std::thread::spawn(move || handler.cancel()).join().unwrap();
/// assert!(cancel.is_cancelled());
/// ```
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    cancelled: bool,
    told: Vec<Sender<News>>,
}

impl Cancel {
    /// One that nobody has cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing more is sent from now on; drops under way are awaited.
    pub fn cancel(&self) {
        let mut state = self.state();
        state.cancelled = true;
        for told in state.told.drain(..) {
            // One that has finished by now needs not be told.
            let _ = told.send(News::Cancelled);
        }
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.state().cancelled
    }

    pub(crate) fn tell(&self, told: &Sender<News>) {
        let mut state = self.state();
        if state.cancelled {
            let _ = told.send(News::Cancelled);
        } else {
            state.told.push(told.clone());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A flag and a list can't be left half changed by a panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
