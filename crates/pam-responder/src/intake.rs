//! What every way in shares: an alert is acknowledged when it is durable.

use std::sync::Arc;
use std::time::Duration;

use pam_alert::Alert;
use pam_respond_core::{Event, Incoming, Moment};

use crate::clock::Clock;
use crate::engine::Engine;
use crate::metrics::Metrics;
use crate::writer::{WriteError, Writer};

/// How long a sender waits for the disk before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// An alert with neither an id nor a time of its own is the same as another one like it for so
/// long.
const SAMENESS: i64 = 10 * 60 * 1_000;

/// The way from a listener to the journal and the engine.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) writer: Writer,
    pub(crate) engine: Engine,
    pub(crate) clock: Arc<Clock>,
    pub(crate) metrics: Arc<Metrics>,
}

/// Why alerts were not accepted; the sender is to send them again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAccepted {
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("the disk is too slow")]
    Slow,
}

impl Intake {
    /// Takes alerts in. They are durable when this returns, and will be decided on.
    pub(crate) async fn accept(&self, source: &str, alerts: Vec<Alert>) -> Result<(), NotAccepted> {
        if alerts.is_empty() {
            return Ok(());
        }
        let at = self.clock.now();
        let count = alerts.len();
        let incoming = alerts.into_iter().map(|alert| Incoming {
            key: key(&alert, at),
            at,
            alert,
        });
        let written = self.writer.accept(incoming.collect());
        let accepted = match tokio::time::timeout(PATIENCE, written).await {
            Ok(accepted) => accepted,
            Err(_) => {
                self.metrics.received(source, "not_written", count as u64);
                return Err(NotAccepted::Slow);
            }
        };
        let accepted = accepted.inspect_err(|_| {
            self.metrics.received(source, "not_written", count as u64);
        })?;
        let new: Vec<_> = accepted.into_iter().flatten().collect();
        self.metrics.received(source, "accepted", new.len() as u64);
        let known = count - new.len();
        if known > 0 {
            self.metrics.received(source, "known", known as u64);
        }
        for received in new {
            tracing::debug!(
                alert = received.number,
                trace = received.key,
                source,
                "accepted"
            );
            self.engine.tell(Event::Alert(Arc::new(received))).await;
        }
        Ok(())
    }
}

fn key(alert: &Alert, at: Moment) -> String {
    let key = alert.dedupe_key();
    if alert.id.is_none() && alert.time.is_none() {
        return format!("{key}@{}", at.as_millis() / SAMENESS);
    }
    key
}
