use pam_client::{CallError, Client, TransportError};
use pam_proto::BaseUrl;
use tokio::net::TcpListener;

use crate::appliance::{a_drop, settings};

async fn failure(url: &str) -> TransportError {
    let mut settings = settings(BaseUrl::new(url).unwrap());
    settings.trust = pam_client::Trust::Platform;
    let error = Client::new(settings)
        .unwrap()
        .call(&a_drop())
        .await
        .unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    assert!(error.is_unreachable() && !error.is_auth(), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    match error {
        CallError::Transport(error) => error,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn a_port_where_nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(&format!("http://{address}")).await;
    assert!(matches!(error, TransportError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()));
}

#[tokio::test]
async fn a_name_without_an_address() {
    // RFC 2606 section 2 keeps this name unused for ever.
    let error = failure("https://appliance.invalid").await;
    assert!(matches!(error, TransportError::Resolve { .. }), "{error}");
}
