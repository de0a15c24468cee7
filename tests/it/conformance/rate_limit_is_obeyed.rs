//! HTTP 429: what only reads is asked again when the appliance says so, a drop never is by itself.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use http::{Method, Request};
use pam_adapter::{CallError, Deadlines};
use pam_proto::listing::Filter;
use pam_proto::{Fault, Pace};

use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, a_read, answer, ok, settings};

const RECORD: &str = r#"{"response":{"status":200,"message":"","error":false},"remote_session":[{"id":"540","session_id":"a","start":"2024-05-06 16:05:07"}]}"#;

fn too_many(retry_after: u64) -> Vec<Step> {
    let header = format!("Retry-After: {retry_after}\r\n");
    let body = r#"{"message":"API rate limit exceeded"}"#;
    vec![Step::Send(answer("429 Too Many Requests", &header, body))]
}

/// Answers the first request with 429.
fn busy_once(retry_after: u64) -> Appliance {
    Appliance::start(move |seen| match seen.number {
        0 => too_many(retry_after),
        _ => vec![Step::Send(answer("200 OK", "", RECORD))],
    })
}

#[track_caller]
fn is_rate_limited(error: &CallError) {
    let fault = error.reply().map(|reply| reply.fault);
    assert_eq!(fault, Some(Fault::RateLimited), "{error}");
    assert!(!error.may_have_executed());
}

pub(super) fn a_read_waits_as_long_as_it_is_told_and_is_signed_anew<A: Adapter>() {
    let appliance = busy_once(1);
    let begun = Instant::now();
    appliance.client::<A>().call(&a_read()).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1));
    let seen = appliance.seen();
    assert_eq!(seen.len(), 2);
    assert_ne!(
        seen[0].header("authorization"),
        seen[1].header("authorization")
    );
}

pub(super) fn a_listing_and_a_raw_read_wait_too<A: Adapter>() {
    let appliance = busy_once(0);
    let mut sessions = 0;
    let count = |_: pam_proto::listing::SessionRecord<'_>| {
        sessions += 1;
        ControlFlow::Continue(())
    };
    let client = appliance.client::<A>();
    client.list(&Filter::new(), count).unwrap();
    assert_eq!((sessions, appliance.seen().len()), (1, 2));

    let appliance = busy_once(0);
    let url = appliance.base().raw("/x").unwrap();
    let request = Request::get(url).body(Vec::new()).unwrap();
    let client = appliance.client::<A>();
    let response = client.send(request, Pace::Ordinary).unwrap();
    assert_eq!(
        (response.status().as_u16(), appliance.seen().len()),
        (200, 2)
    );
}

pub(super) fn a_wait_beyond_the_deadline_is_not_begun<A: Adapter>() {
    let appliance = Appliance::start(|_| too_many(60));
    let mut settings = settings(appliance.base());
    settings.deadlines = Deadlines {
        call: Duration::from_secs(59),
        ..Deadlines::default()
    };
    let error = A::new(settings).unwrap().call(&a_read()).unwrap_err();
    is_rate_limited(&error);
    assert_eq!(appliance.seen().len(), 1);
}

pub(super) fn what_changes_something_is_sent_once<A: Adapter>() {
    let appliance = Appliance::start(|seen| match seen.number {
        0 | 1 => too_many(0),
        _ => vec![Step::Send(ok())],
    });
    let client = appliance.client::<A>();
    is_rate_limited(&client.call(&a_drop()).unwrap_err());
    let url = appliance.base().raw("/x").unwrap();
    let request = Request::builder().method(Method::POST).uri(url);
    let request = request.body(Vec::new()).unwrap();
    let response = client.send(request, Pace::Ordinary).unwrap();
    assert_eq!(response.status().as_u16(), 429);
    assert_eq!(appliance.seen().len(), 2);
}
