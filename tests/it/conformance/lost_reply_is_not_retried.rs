use std::time::Duration;

use pam_adapter::{CallError, TransportError};

use super::Adapter;
use super::appliance::{Appliance, DROPPED, Step, a_drop, a_read, answer, ok};

pub(super) fn a_drop_without_an_answer_is_sent_once<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Close]);
    let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
    assert!(matches!(
        error,
        CallError::Transport(TransportError::ClosedBeforeReply { .. })
    ));
    assert!(error.may_have_executed() && error.is_unreachable());
    assert_eq!(appliance.seen().len(), 1);
}

pub(super) fn a_drop_lost_on_a_used_connection_is_sent_once<A: Adapter>() {
    let appliance = Appliance::start(|seen| match seen.number {
        0 => vec![Step::Send(ok())],
        _ => vec![Step::Close],
    });
    let client = appliance.client::<A>();
    client.call(&a_drop()).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(error.may_have_executed(), "{error}");
    assert_eq!(appliance.seen().len(), 2);
    assert_eq!(appliance.connections(), 1);
}

pub(super) fn a_read_lost_on_a_used_connection_is_sent_again_newly_signed<A: Adapter>() {
    let record = r#"{"response":{"status":200,"message":"","error":false},"remote_session":[{"id":"540","session_id":"a","start":"2024-05-06 16:05:07"}]}"#;
    let appliance = Appliance::start(move |seen| match seen.number {
        1 => vec![Step::Close],
        _ => vec![Step::Send(answer("200 OK", "", record))],
    });
    let client = appliance.client::<A>();
    client.call(&a_read()).unwrap();
    client.call(&a_read()).unwrap();
    let seen = appliance.seen();
    assert_eq!(seen.len(), 3);
    assert_ne!(
        seen[1].header("authorization"),
        seen[2].header("authorization")
    );
    assert_eq!((seen[1].connection, seen[2].connection), (0, 1));
}

pub(super) fn a_read_that_is_never_answered_is_not_repeated_for_ever<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Close]);
    let error = appliance.client::<A>().call(&a_read()).unwrap_err();
    assert!(error.is_unreachable());
    assert_eq!(appliance.seen().len(), 1);
}

pub(super) fn an_idle_connection_that_was_closed_is_replaced_without_a_doubt<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Send(ok()), Step::Close]);
    let client = appliance.client::<A>();
    for _ in 0..3 {
        client.call(&a_drop()).unwrap();
        // The end of the connection must have arrived before the next call looks at it.
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(appliance.connections(), 3);
    assert_eq!(appliance.seen().len(), 3);
}

pub(super) fn an_answer_cut_in_the_middle_says_how_far_it_came<A: Adapter>() {
    let whole = ok();
    let half = whole[..whole.len() - 40].to_vec();
    let appliance = Appliance::start(move |_| vec![Step::Send(half.clone()), Step::Close]);
    let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
    let CallError::Transport(TransportError::ClosedMidBody { received, .. }) = &error else {
        panic!("{error}");
    };
    assert_eq!(*received, DROPPED.len() as u64 - 40);
    assert!(error.may_have_executed());
    assert_eq!(appliance.seen().len(), 1);
}
