use std::ops::ControlFlow;
use std::time::Duration;

use pam_adapter::{CallError, TransportError};
use pam_proto::Fault;
use pam_proto::listing::{Filter, ListingEnd};

use super::Adapter;
use super::appliance::{Appliance, Step, answer, listing, record, settings};

fn numbers<A: Adapter>(client: &A, filter: Filter) -> (Vec<u64>, Result<ListingEnd, CallError>) {
    let mut numbers = Vec::new();
    let end = client.list(&filter, |session| {
        numbers.push(session.id().value());
        ControlFlow::Continue(())
    });
    let end = end;
    (numbers, end)
}

pub(super) fn sessions_arrive_in_pieces_of_any_size<A: Adapter>() {
    let body = listing((0..40).map(|number| record(number, number % 4 == 0)));
    let whole = answer("200 OK", "", &body);
    for size in [1, 7, 1000, whole.len()] {
        let pieces: Vec<Step> = whole.chunks(size).map(|p| Step::Send(p.to_vec())).collect();
        let appliance = Appliance::start(move |_| pieces.clone());
        let client = appliance.client::<A>();
        let (found, end) = numbers::<A>(&client, Filter::new().active());
        let expected: Vec<u64> = (0..40).step_by(4).collect();
        assert_eq!(found, expected);
        let end = end.unwrap();
        assert_eq!((end.records, end.wanted, end.complete), (40, 10, true));
        let seen = &appliance.seen()[0];
        assert_eq!(seen.line(), "GET /api/session/remotesessions HTTP/1.1");
        numbers::<A>(&client, Filter::new()).1.unwrap();
        assert_eq!(appliance.connections(), 1);
    }
}

pub(super) fn it_may_be_larger_than_any_other_answer<A: Adapter>() {
    let body = listing((0..20_000).map(|number| record(number, false)));
    assert!(body.len() > 5 * 1024 * 1024);
    let whole = answer("200 OK", "", body);
    let appliance = Appliance::start(move |_| vec![Step::Send(whole.clone())]);
    let (found, end) = numbers::<A>(&appliance.client::<A>(), Filter::new().active());
    assert_eq!((found.len(), end.unwrap().records), (0, 20_000));
}

pub(super) fn stopping_early_closes_the_connection<A: Adapter>() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let begin = listing([record(1, true)]);
    let begin = begin.strip_suffix("]}").unwrap();
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len()).into_bytes();
    let (begin, more) = (chunk(begin), chunk(&format!(",{}", record(2, true))));
    let appliance = Appliance::start(move |_| {
        vec![
            Step::Send(head.as_bytes().to_vec()),
            Step::Send(begin.clone()),
            Step::Repeat(more.clone(), Duration::ZERO),
        ]
    });
    let mut seen = 0;
    let client = appliance.client::<A>();
    let all = Filter::new();
    let end = client.list(&all, |_| {
        seen += 1;
        if seen == 100 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    let end = end.unwrap();
    assert_eq!((seen, end.wanted, end.complete), (100, 100, false));
    appliance.closed(1);
}

pub(super) fn a_listing_that_breaks_off_is_an_error_after_its_sessions<A: Adapter>() {
    let whole = answer(
        "200 OK",
        "",
        listing((0..3).map(|number| record(number, true))),
    );
    let cut = whole[..whole.len() - 100].to_vec();
    let appliance = Appliance::start(move |_| vec![Step::Send(cut.clone()), Step::Close]);
    let (found, end) = numbers::<A>(&appliance.client::<A>(), Filter::new());
    assert_eq!(found, [0, 1]);
    assert!(matches!(
        end,
        Err(CallError::Transport(TransportError::ClosedMidBody { .. }))
    ));
}

pub(super) fn a_refusal_is_an_error_whatever_its_form<A: Adapter>() {
    let refused = r#"{"code":500,"response":{"status":500,"message":"You are not authorized to access this resource","error":true,"error_code":1}}"#;
    let late =
        listing([record(1, true)]).replace("]}", r#"],"exception":{"code":1,"message":"x"}}"#);
    for (status, headers, body, fault) in [
        ("500 Error", "", refused, Fault::NotAuthorized),
        ("200 OK", "", refused, Fault::NotAuthorized),
        (
            "404 Not Found",
            "",
            r#"{"message":"no Route matched with those values"}"#,
            Fault::NoRoute,
        ),
        ("302 Found", "location: /x\r\n", "", Fault::Redirect),
        ("502 Bad Gateway", "", "<html>", Fault::Gateway),
        ("200 OK", "", late.as_str(), Fault::Refused),
        ("200 OK", "", "", Fault::Malformed),
    ] {
        let whole = answer(status, headers, body);
        let appliance = Appliance::start(move |_| vec![Step::Send(whole.clone())]);
        let (_, end) = numbers::<A>(&appliance.client::<A>(), Filter::new());
        match end {
            Err(CallError::Reply(reply)) => assert_eq!(reply.fault, fault, "{status} {body}"),
            other => panic!("{status} {body}: {other:?}"),
        }
        assert_eq!(appliance.seen().len(), 1);
    }
}

pub(super) fn a_wrong_clock_is_corrected_for_the_listing_too<A: Adapter>() {
    let refusal = answer(
        "401 Unauthorized",
        "date: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
        r#"{"message":"Invalid signature"}"#,
    );
    let whole = answer("200 OK", "", listing([record(1, true)]));
    let appliance = Appliance::start(move |seen| {
        let answer = if seen.number == 0 { &refusal } else { &whole };
        vec![Step::Send(answer.clone())]
    });
    let (found, end) = numbers::<A>(&appliance.client::<A>(), Filter::new());
    assert_eq!((found, end.unwrap().records), (vec![1], 1));
    assert_eq!(appliance.seen().len(), 2);
}

pub(super) fn a_listing_that_drips_meets_its_deadline<A: Adapter>() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n".to_vec();
    let appliance = Appliance::start(move |_| {
        vec![
            Step::Send(head.clone()),
            Step::Repeat(b" ".to_vec(), Duration::from_millis(10)),
        ]
    });
    let mut settings = settings(appliance.base());
    settings.deadlines.listing = Duration::from_millis(100);
    let (_, end) = numbers::<A>(&A::new(settings).unwrap(), Filter::new());
    let error = end.unwrap_err();
    assert!(error.to_string().contains("listing deadline"), "{error}");
}
