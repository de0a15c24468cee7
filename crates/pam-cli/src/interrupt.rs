//! Ctrl-C: the first one asks, the second one does not.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::Exit;

/// Turns Ctrl-C and a polite kill into exit code 130.
///
/// At first they end the process at once. While something is under way that must be reported,
/// [`Interrupt::graceful`] makes the first one a request to stop; the next one then ends the
/// process whatever it is doing.
#[derive(Debug)]
pub(crate) struct Interrupt {
    at_once: Arc<AtomicBool>,
}

impl Interrupt {
    /// Takes the signals over.
    pub(crate) fn install() -> io::Result<Self> {
        let at_once = Arc::new(AtomicBool::new(true));
        for kind in [SIGINT, SIGTERM] {
            let code = i32::from(Exit::Interrupted.code());
            flag::register_conditional_shutdown(kind, code, Arc::clone(&at_once))?;
            flag::register(kind, Arc::clone(&at_once))?;
        }
        Ok(Self { at_once })
    }

    /// Lets the next signal end the process again, as nothing is under way.
    pub(crate) fn abrupt(&self) {
        self.at_once.store(true, Ordering::SeqCst);
    }

    /// Resolves at the next signal, which no longer ends the process. Needs a runtime.
    pub(crate) fn graceful(&self) -> io::Result<impl Future<Output = ()> + use<>> {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        self.at_once.store(false, Ordering::SeqCst);
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
}
