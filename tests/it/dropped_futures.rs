//! What only an asynchronous adapter can be asked: a future that is dropped half-way.

use std::time::Duration;

use pam_adapter::Authentication;
use pam_client::Client;
use pam_proto::Secret;
use pam_proto::oauth2::ClientCredentials;
use tokio::time::timeout;

use crate::conformance::appliance::{Appliance, Step, a_drop, answer, ok, settings};
use crate::conformance::runtime;

#[test]
fn a_call_that_was_given_up_leaves_its_connection_to_nobody() {
    let appliance = Appliance::start(|seen| match seen.number {
        0 => vec![Step::Hang],
        _ => vec![Step::Send(ok())],
    });
    let client = Client::new(settings(appliance.base())).unwrap();
    runtime().block_on(async {
        let given_up = timeout(Duration::from_millis(50), client.call(&a_drop())).await;
        assert!(given_up.is_err());
        client.call(&a_drop()).await.unwrap();
    });
    let seen = appliance.seen();
    assert_eq!((seen[0].connection, seen[1].connection), (0, 1));
}

#[test]
fn a_call_that_is_given_up_while_it_fetches_leaves_the_fetch_to_another() {
    let appliance = Appliance::start(|seen| {
        if !seen.line().starts_with("POST /iso/oauth2/token ") {
            return vec![Step::Send(ok())];
        }
        match seen.number {
            0 => vec![Step::Hang],
            _ => {
                let token = r#"{"token_type":"Bearer","expires_in":3600,"access_token":"t0ken"}"#;
                vec![Step::Send(answer("200 OK", "", token))]
            }
        }
    });
    let mut settings = settings(appliance.base());
    let credentials = ClientCredentials::new("my-client", Secret::new("client-s3cr3t"));
    settings.authentication = Authentication::OAuth2(credentials);
    let client = Client::new(settings).unwrap();
    runtime().block_on(async {
        let drop = a_drop();
        let patient = client.call(&drop);
        let hasty = timeout(Duration::from_millis(50), client.call(&drop));
        let (hasty, patient) = tokio::join!(biased; hasty, patient);
        assert!(hasty.is_err());
        patient.unwrap();
    });
    // Two requests for a token, and the call.
    assert_eq!(appliance.seen().len(), 3);
}
