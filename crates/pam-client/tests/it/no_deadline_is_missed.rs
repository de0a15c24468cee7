//! These run in real time, because a paused clock jumps ahead whenever every task waits for a
//! socket.

use std::time::{Duration, Instant};

use pam_client::{CallError, Client, Deadlines, TransportError};
use pam_proto::{BaseUrl, Pace};
use tokio::net::TcpListener;

use crate::appliance::{Appliance, Step, a_drop, settings};

const SHORT: Duration = Duration::from_millis(100);

fn hasty(base: BaseUrl, deadlines: Deadlines) -> Client {
    let mut settings = settings(base);
    settings.deadlines = deadlines;
    Client::new(settings).unwrap()
}

fn short_call() -> Deadlines {
    Deadlines {
        call: SHORT,
        ..Deadlines::default()
    }
}

async fn times_out(steps: Vec<Step>) {
    let appliance = Appliance::start(move |_| steps.clone()).await;
    let client = hasty(appliance.base(), short_call());
    let begun = Instant::now();
    let error = client.call(&a_drop()).await.unwrap_err();
    assert!(begun.elapsed() >= SHORT);
    assert!(matches!(
        error,
        CallError::Transport(TransportError::ReplyTimeout { what: "call", .. })
    ));
    assert!(error.may_have_executed() && error.is_unreachable());
    assert!(error.to_string().contains("0.100 s"), "{error}");
}

#[tokio::test]
async fn an_answer_that_does_not_come() {
    times_out(vec![Step::Hang]).await;
}

#[tokio::test]
async fn headers_that_drip() {
    let pause = Duration::from_millis(10);
    times_out(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        Step::Repeat(b"y".to_vec(), pause),
    ])
    .await;
}

#[tokio::test]
async fn a_body_that_drips() {
    let pause = Duration::from_millis(10);
    times_out(vec![
        Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec()),
        Step::Repeat(b" ".to_vec(), pause),
    ])
    .await;
}

#[tokio::test]
async fn a_handshake_that_does_not_come() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let authority = crate::certificates::Authority::new();
    let ca = authority.file();
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let mut settings = settings(base);
    settings.trust = pam_client::Trust::OnlyThese(ca.path().to_owned());
    settings.deadlines.connect = SHORT;
    let client = Client::new(settings).unwrap();
    let error = client.call(&a_drop()).await.unwrap_err();
    assert!(matches!(
        error,
        CallError::Transport(TransportError::ConnectTimeout { .. })
    ));
    assert!(!error.may_have_executed());
    assert!(error.to_string().contains("connect deadline"), "{error}");
}

#[tokio::test]
async fn the_listing_has_a_deadline_of_its_own() {
    let appliance = Appliance::start(|_| vec![Step::Hang]).await;
    let deadlines = Deadlines {
        listing: SHORT,
        ..Deadlines::default()
    };
    let client = hasty(appliance.base(), deadlines);
    let request = http::Request::get(appliance.base().raw("/x").unwrap())
        .body(Vec::new())
        .unwrap();
    let error = client.send(request, Pace::Listing).await.unwrap_err();
    assert!(error.to_string().contains("listing deadline"), "{error}");
}

#[tokio::test]
async fn a_deadline_beyond_all_clocks_is_one() {
    let appliance = Appliance::agreeable().await;
    let endless = Deadlines {
        connect: Duration::MAX,
        call: Duration::MAX,
        listing: Duration::MAX,
    };
    let client = hasty(appliance.base(), endless);
    client.call(&a_drop()).await.unwrap();
    let limits = pam_proto::termination::Limits::default();
    let nobody: [pam_proto::SessionRef; 0] = [];
    let reports = client.terminate(nobody, limits, &(), std::future::pending());
    assert_eq!(reports.await.len(), 0);
}
