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
        let alerts = self.arrived(alerts);
        self.keep(source, alerts).await.map_err(|(error, _)| error)
    }

    /// Alerts that arrived now.
    pub(crate) fn arrived(&self, alerts: Vec<Alert>) -> Arc<Vec<Incoming>> {
        let at = self.clock.now();
        let arrived = alerts.into_iter().map(|alert| Incoming {
            key: key(&alert, at),
            at,
            alert,
        });
        Arc::new(arrived.collect())
    }

    /// Takes in what arrived, or gives it back to be tried again.
    pub(crate) async fn keep(
        &self,
        source: &str,
        alerts: Arc<Vec<Incoming>>,
    ) -> Result<(), (NotAccepted, Arc<Vec<Incoming>>)> {
        if alerts.is_empty() {
            return Ok(());
        }
        let written = self.writer.accept(Arc::clone(&alerts));
        let written = tokio::time::timeout(PATIENCE, written).await;
        let numbers = match written {
            Ok(Ok(numbers)) => numbers,
            other => {
                let count = alerts.len() as u64;
                self.metrics.received(source, "not_written", count);
                let error = match other {
                    Ok(Err(error)) => error.into(),
                    _ => NotAccepted::Slow,
                };
                return Err((error, alerts));
            }
        };
        let new = numbers.iter().flatten().count();
        self.metrics.received(source, "accepted", new as u64);
        let known = numbers.len() - new;
        if known > 0 {
            self.metrics.received(source, "known", known as u64);
        }
        // Nobody else holds them any more, so this copies nothing.
        for (incoming, number) in Arc::unwrap_or_clone(alerts).into_iter().zip(numbers) {
            let Some(number) = number else { continue };
            let received = incoming.received(number);
            let trace = &received.key;
            tracing::debug!(alert = number, trace, source, "accepted");
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
