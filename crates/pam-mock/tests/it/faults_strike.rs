//! Each fault does what its line says, and leaves the truth alone where it says so.

use std::time::Duration;

use http::{Method, StatusCode};
use pam_mock::{Fault, FaultKind, MockAppliance};

use crate::client::Client;

const LIST: &str = "/api/pam/session/remotesessions";

async fn mock(fault: &str) -> (MockAppliance, Client, String) {
    let fault: Fault = fault.parse().unwrap();
    let builder = MockAppliance::builder().plain_http().sessions(4, 2);
    let mock = builder.fault(fault).start().await.unwrap();
    let client = Client::new(&mock);
    let active = mock.sessions().into_iter().find(|session| session.active);
    (mock, client, active.unwrap().session_id)
}

fn alive(mock: &MockAppliance, id: &str) -> bool {
    mock.session(id).unwrap().active
}

#[tokio::test]
async fn a_drop_that_fails_or_only_pretends_ends_nothing() {
    for (fault, status) in [("drop-500", 500), ("drop-accepted-but-alive", 200)] {
        let (mock, client, id) = mock(fault).await;
        assert_eq!(client.drop_session(&id).await.status, status, "{fault}");
        assert!(alive(&mock, &id), "{fault}");
        assert_eq!(mock.session(&id).unwrap().drops, 1);
    }
}

#[tokio::test]
async fn a_counted_fault_is_over_after_its_number() {
    let (mock, client, id) = mock("drop-500:1").await;
    assert_eq!(client.drop_session(&id).await.status, 500);
    assert_eq!(client.drop_session(&id).await.status, 200);
    assert!(!alive(&mock, &id));
    assert_eq!(mock.faults(), []);
}

#[tokio::test]
async fn a_lost_reply_is_lost_after_the_drop() {
    let (mock, client, id) = mock("lost-reply").await;
    let path = format!("/api/pam/session/drop/{id}");
    let request = client.sign(client.request(Method::DELETE, &path));
    client.send(request).await.unwrap_err();
    assert!(!alive(&mock, &id));
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    let lost = &mock.requests()[0];
    assert_eq!((lost.operation, lost.status), (Some("terminate"), None));
}

#[tokio::test]
async fn a_reset_in_the_middle_breaks_the_connection() {
    let (_mock, client, _) = mock("reset-mid-body").await;
    let request = client.sign(client.request(Method::GET, LIST));
    let error = client.send(request).await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_listing_is_slow_and_nothing_else_is() {
    let (_mock, client, id) = mock("slow-list:120").await;
    let start = tokio::time::Instant::now();
    assert_eq!(client.drop_session(&id).await.status, StatusCode::OK);
    assert!(start.elapsed() < Duration::from_secs(60));
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn a_listing_shows_the_moment_when_it_was_asked_for() {
    let (mock, client, id) = mock("slow-list:3600").await;
    let asked = tokio::spawn({
        let client = client.clone();
        async move { client.get(LIST).await }
    });
    while mock.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    mock.advance(Duration::from_secs(1));
    assert_eq!(client.drop_session(&id).await.status, StatusCode::OK);
    let listing = asked.await.unwrap().json();
    let rows = listing["remote_sessions"].as_array().unwrap();
    let row = rows.iter().find(|row| row["session_id"] == id.as_str());
    assert!(row.unwrap()["end"].is_null(), "{row:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dripping_body_comes_whole_at_its_rate() {
    let (_mock, client, _) = mock("drip:100").await;
    let start = tokio::time::Instant::now();
    let reply = client.get(LIST).await;
    assert_eq!(reply.json()["remote_sessions"].as_array().unwrap().len(), 4);
    let seconds = start.elapsed().as_secs_f64();
    let expected = reply.body.len() as f64 / 100.0;
    assert!((seconds - expected).abs() < 2.0, "{seconds} of {expected}");
}

#[tokio::test]
async fn a_gateway_answers_in_the_appliances_place() {
    let (mock_502, client, id) = mock("gateway-502-html").await;
    let reply = client.drop_session(&id).await;
    assert_eq!(reply.status, StatusCode::BAD_GATEWAY);
    assert_eq!(reply.header("content-type"), "text/html");
    assert!(alive(&mock_502, &id));

    let (mock_504, client, id) = mock("gateway-504").await;
    let reply = client.drop_session(&id).await;
    assert_eq!(reply.status, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(
        reply.text(),
        r#"{"message":"The upstream server is timing out"}"#
    );
    assert!(!alive(&mock_504, &id));
}

#[tokio::test]
async fn refusals_of_every_call_leave_the_session_alone() {
    for (fault, status, part) in [
        ("no-route", 404, "no Route matched with those values"),
        (
            "unauthorized-500",
            500,
            "You are not authorized to access this resource",
        ),
        (
            "read-only",
            500,
            "You are not authorized to access this resource",
        ),
        ("error-200", 200, r#""error":true"#),
        ("lockdown", 503, r#""cod_erro":100"#),
    ] {
        let (mock, client, id) = mock(fault).await;
        let reply = client.drop_session(&id).await;
        assert_eq!(reply.status, status, "{fault}");
        assert!(reply.text().contains(part), "{fault}: {}", reply.text());
        assert!(alive(&mock, &id), "{fault}");
        let reads = client.get(LIST).await;
        assert_eq!(
            reads.status == 200,
            fault == "read-only" || fault == "error-200"
        );
    }
}

#[tokio::test]
async fn the_lockdown_has_no_code_and_says_until_when() {
    let (_mock, client, _) = mock("lockdown").await;
    let reply = client.get(LIST).await;
    let (head, tail) = reply.text().split_once("until ").unwrap();
    assert_eq!(
        head,
        r#"{"response":{"status":503,"mensagem":"Segura is under Lockdown "#
    );
    // 09/08/2022 22:54:00
    assert_eq!(tail.as_bytes()[2], b'/');
    assert_eq!(tail.as_bytes()[10], b' ');
}

#[tokio::test]
async fn a_skewed_clock_shows_in_the_date_and_refuses_our_time() {
    let (mock, client, id) = mock("clock-skew:4000").await;
    let reply = client.drop_session(&id).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    let date = reply.header("date").to_owned();
    let theirs = std::time::SystemTime::now() + Duration::from_secs(4000);
    let theirs = theirs
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let request = client.request(Method::DELETE, &format!("/api/pam/session/drop/{id}"));
    let reply = client.send(client.sign_at(request, theirs)).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "the date was {date}");
    // Back to the right time, ours is good again.
    mock.set_faults([]);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_truncated_body_arrives_in_good_order_and_is_no_json() {
    let (mock, client, id) = mock("truncated-json").await;
    for reply in [client.get(LIST).await, client.drop_session(&id).await] {
        assert_eq!(reply.status, StatusCode::OK);
        let error = serde_json::from_slice::<serde_json::Value>(&reply.body).unwrap_err();
        assert!(error.is_eof(), "{error}");
    }
    assert!(!alive(&mock, &id));
}

#[tokio::test]
async fn a_nested_listing_is_an_envelope_in_its_own_array() {
    let (_mock, client, _) = mock("nested-listing").await;
    let listing = client.get(LIST).await.json();
    let inner = &listing["remote_sessions"][0];
    assert_eq!(inner["code"], 200);
    assert_eq!(inner["remote_sessions"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn duplicate_keys_stand_in_every_envelope() {
    let (_mock, client, id) = mock("duplicate-keys").await;
    for reply in [client.get(LIST).await, client.drop_session(&id).await] {
        assert_eq!(
            reply.text().matches(r#""message":"#).count(),
            2,
            "{}",
            reply.text()
        );
    }
}

#[tokio::test]
async fn a_huge_listing_has_its_rows() {
    let (_mock, client, _) = mock("huge-listing:1234").await;
    let listing = client.get(LIST).await.json();
    let rows = listing["remote_sessions"].as_array().unwrap();
    assert_eq!(rows.len(), 1234);
    assert_eq!(rows.iter().filter(|row| row["end"].is_null()).count(), 2);
}

#[tokio::test]
async fn too_many_calls_are_told_when_to_come_back() {
    let (mock, client, _) = mock("rate-limit:2/60").await;
    for _ in 0..2 {
        assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    }
    let reply = client.get(LIST).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(reply.header("x-ratelimit-limit"), "2");
    mock.set_faults([]);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
}

#[tokio::test]
async fn expired_tokens_are_refused_and_keys_are_not() {
    let (mock, client, _) = mock("token-expired").await;
    let keys = mock.oauth2();
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        keys.client_id,
        keys.client_secret.expose()
    );
    let request = client.body(
        "/api/oauth2/token",
        "application/x-www-form-urlencoded",
        &body,
    );
    let reply = client.send(request).await.unwrap().json();
    let token = reply["access_token"].as_str().unwrap();
    let refused = client.bearer(Method::GET, LIST, token).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    mock.set_faults([]);
    let good = client.bearer(Method::GET, LIST, token).await;
    assert_eq!(good.status, StatusCode::OK);
}

#[tokio::test]
async fn faults_are_switched_while_it_runs() {
    let (mock, client, id) = mock("no-route").await;
    assert_eq!(client.get(LIST).await.status, StatusCode::NOT_FOUND);
    mock.set_faults([]);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    mock.set_fault(FaultKind::Drop500);
    assert_eq!(client.drop_session(&id).await.status, 500);
}
