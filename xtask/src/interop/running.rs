//! A child process that ends with the value that holds it.

use std::process::{Child, ChildStdout, ExitStatus};

/// A running program of the other side.
pub(super) struct Running(Child);

impl Running {
    pub(super) fn new(child: Child) -> Running {
        Running(child)
    }

    /// How it ended, when it did.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// What it prints, when that was asked for; once.
    pub(super) fn stdout(&mut self) -> Option<ChildStdout> {
        self.0.stdout.take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended on its own; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
