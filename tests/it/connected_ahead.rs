//! The asynchronous adapter connects while a drop is being written down.

use std::time::Duration;

use pam_client::{Client, PlannedDrop, Withheld, Witness};
use pam_proto::SessionRef;
use pam_proto::termination::{Limits, Outcome, Verification};
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::conformance::appliance::{Appliance, settings};
use crate::conformance::runtime;

/// Writes until somebody connects.
struct Writes<'a>(&'a Appliance);

impl Witness for Writes<'_> {
    async fn before_drop(&self, _: &PlannedDrop) -> Result<(), Withheld> {
        let connected = async {
            while self.0.connections() == 0 {
                yield_now().await;
            }
        };
        let connected = timeout(Duration::from_secs(10), connected).await;
        connected.map_err(|_| Withheld {
            reason: "nobody connected meanwhile".to_owned(),
        })
    }
}

#[test]
fn a_drop_is_sent_over_the_connection_that_was_made_while_it_was_written_down() {
    let appliance = Appliance::agreeable();
    let client = Client::new(settings(appliance.base())).unwrap();
    let mut limits = Limits::default();
    limits.verification = Verification::Off;
    let target: SessionRef = "session-1".parse().unwrap();
    let reports = runtime().block_on(client.terminate(
        [target],
        limits,
        &Writes(&appliance),
        std::future::pending(),
    ));
    assert_eq!(reports[0].outcome, Outcome::Unconfirmed, "{reports:?}");
    assert_eq!((appliance.connections(), appliance.seen().len()), (1, 1));
}
