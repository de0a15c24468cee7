//! These run in real time, because an adapter owns its clock.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use pam_adapter::{CallError, Deadlines, TransportError};
use pam_proto::{BaseUrl, Pace};

use super::appliance::{Appliance, Step, a_drop, settings};
use super::{Adapter, never};

const SHORT: Duration = Duration::from_millis(100);

fn hasty<A: Adapter>(base: BaseUrl, deadlines: Deadlines) -> A {
    let mut settings = settings(base);
    settings.deadlines = deadlines;
    A::new(settings).unwrap()
}

fn short_call() -> Deadlines {
    Deadlines {
        call: SHORT,
        ..Deadlines::default()
    }
}

fn times_out<A: Adapter>(steps: Vec<Step>) {
    let appliance = Appliance::start(move |_| steps.clone());
    let client = hasty::<A>(appliance.base(), short_call());
    let begun = Instant::now();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(begun.elapsed() >= SHORT);
    assert!(matches!(
        error,
        CallError::Transport(TransportError::ReplyTimeout { what: "call", .. })
    ));
    assert!(error.may_have_executed() && error.is_unreachable());
    assert!(error.to_string().contains("0.100 s"), "{error}");
}

pub(super) fn an_answer_that_does_not_come<A: Adapter>() {
    times_out::<A>(vec![Step::Hang]);
}

pub(super) fn headers_that_drip<A: Adapter>() {
    let pause = Duration::from_millis(10);
    times_out::<A>(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        Step::Repeat(b"y".to_vec(), pause),
    ]);
}

pub(super) fn a_body_that_drips<A: Adapter>() {
    let pause = Duration::from_millis(10);
    times_out::<A>(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec()),
        Step::Repeat(b" ".to_vec(), pause),
    ]);
}

pub(super) fn a_handshake_that_does_not_come<A: Adapter>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let authority = super::certificates::Authority::new();
    let ca = authority.file();
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let mut settings = settings(base);
    settings.trust = pam_adapter::Trust::OnlyThese(ca.path().to_owned());
    settings.deadlines.connect = SHORT;
    let client = A::new(settings).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(matches!(
        error,
        CallError::Transport(TransportError::ConnectTimeout { .. })
    ));
    assert!(!error.may_have_executed());
    assert!(error.to_string().contains("connect deadline"), "{error}");
}

pub(super) fn the_listing_has_a_deadline_of_its_own<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Hang]);
    let deadlines = Deadlines {
        listing: SHORT,
        ..Deadlines::default()
    };
    let client = hasty::<A>(appliance.base(), deadlines);
    let request = http::Request::get(appliance.base().raw("/x").unwrap())
        .body(Vec::new())
        .unwrap();
    let error = client.send(request, Pace::Listing).unwrap_err();
    assert!(error.to_string().contains("listing deadline"), "{error}");
}

pub(super) fn a_deadline_beyond_all_clocks_is_one<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let endless = Deadlines {
        connect: Duration::MAX,
        call: Duration::MAX,
        listing: Duration::MAX,
    };
    let client = hasty::<A>(appliance.base(), endless);
    client.call(&a_drop()).unwrap();
    let limits = pam_proto::termination::Limits::default();
    let none = Vec::new();
    let reports = client.terminate(none, limits, super::nobody(), never());
    assert_eq!(reports.len(), 0);
}
