use std::net::TcpListener;

use pam_adapter::{CallError, TransportError};
use pam_proto::BaseUrl;

use super::Adapter;
use super::appliance::{a_drop, settings};

fn failure<A: Adapter>(url: &str) -> TransportError {
    let mut settings = settings(BaseUrl::new(url).unwrap());
    settings.trust = pam_adapter::Trust::Platform;
    let error = A::new(settings).unwrap().call(&a_drop()).unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    assert!(error.is_unreachable() && !error.is_auth(), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    match error {
        CallError::Transport(error) => error,
        error => panic!("{error}"),
    }
}

pub(super) fn a_port_where_nothing_listens<A: Adapter>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure::<A>(&format!("http://{address}"));
    assert!(matches!(error, TransportError::Refused { .. }), "{error}");
    assert!(error.to_string().contains(&address.to_string()));
}

pub(super) fn a_name_without_an_address<A: Adapter>() {
    // RFC 2606 section 2 keeps this name unused for ever.
    let error = failure::<A>("https://appliance.invalid");
    assert!(matches!(error, TransportError::Resolve { .. }), "{error}");
}
