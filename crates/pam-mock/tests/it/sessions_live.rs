//! Sessions start, run and end on a clock that the test moves.

use std::time::{Duration, UNIX_EPOCH};

use http::{Method, StatusCode};
use pam_mock::{Clock, EndedBy, Life, MockAppliance, NewSession};
use serde_json::Value;

use crate::client::Client;

const NOW: u64 = 1_700_000_000;
const LIST: &str = "/api/pam/session/remotesessions";

async fn mock(life: Life) -> (MockAppliance, Client) {
    let mock = MockAppliance::builder()
        .plain_http()
        .clock(Clock::manual(UNIX_EPOCH + Duration::from_secs(NOW)))
        .session(NewSession::default())
        .life(life)
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    (mock, client)
}

/// A call at the mock's own time.
async fn call(mock: &MockAppliance, client: &Client, method: Method, path: &str) -> Value {
    let clock = client.mock(Method::GET, "clock", "").await.json();
    let now = clock["now_ms"].as_u64().unwrap() / 1000;
    let request = client.sign_at(client.request(method, path), now);
    let reply = client.send(request).await.unwrap();
    assert_eq!(reply.status, StatusCode::OK, "{reply:?} {mock:?}");
    reply.json()
}

#[tokio::test]
async fn a_drop_is_seen_after_its_delay_and_in_the_listing_after_the_lag() {
    let mut life = Life::default();
    life.drop_delay = Duration::from_secs(10);
    life.listing_lag = Duration::from_secs(30);
    let (mock, client) = mock(life).await;
    let session = mock.sessions().remove(0);
    let one = format!("{LIST}/{}", session.id);
    let drop = format!("/api/pam/session/drop/{}", session.session_id);
    mock.advance(Duration::from_secs(60));

    call(&mock, &client, Method::DELETE, &drop).await;
    let ended = |listing: Value, key: &str| !listing[key][0]["end"].is_null();
    for (wait, truth, listed) in [
        (9, false, false),
        (2, true, false),
        (28, true, false),
        (2, true, true),
    ] {
        mock.advance(Duration::from_secs(wait));
        assert_eq!(!mock.session(&session.session_id).unwrap().active, truth);
        let record = call(&mock, &client, Method::GET, &one).await;
        assert_eq!(ended(record, "remote_session"), truth);
        let listing = call(&mock, &client, Method::GET, LIST).await;
        assert_eq!(ended(listing, "remote_sessions"), listed);
    }
    let truth = mock.session(&session.session_id).unwrap();
    assert_eq!(truth.ended_by, Some(EndedBy::Drop));
    assert_eq!(truth.ended_at.as_deref(), Some("2023-11-14 22:14:30"));
}

#[tokio::test]
async fn sessions_come_and_go_by_themselves() {
    let mut life = Life::default();
    life.arrivals_per_minute = 10.0;
    life.mean_duration = Some(Duration::from_secs(120));
    let (mock, client) = mock(life).await;
    let answer = client
        .mock(Method::POST, "clock", r#"{"advance_seconds":3600}"#)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let sessions = mock.sessions();
    let running = sessions.iter().filter(|session| session.active).count();
    assert!((400..900).contains(&sessions.len()), "{}", sessions.len());
    assert!((1..100).contains(&running), "{running}");
    assert_eq!(sessions[0].ended_by, Some(EndedBy::Itself));
}

#[tokio::test]
async fn a_user_who_is_dropped_comes_back_when_told_to() {
    let mut life = Life::default();
    life.reconnect_after = Some(Duration::from_secs(5));
    let (mock, client) = mock(life).await;
    let dropped = mock.sessions().remove(0);
    let path = format!("/api/pam/session/drop/{}", dropped.session_id);
    call(&mock, &client, Method::DELETE, &path).await;
    assert_eq!(mock.sessions().len(), 1);
    mock.advance(Duration::from_secs(5));
    let back = mock.sessions().remove(1);
    assert!(back.active);
    assert_eq!((back.user, back.device), (dropped.user, dropped.device));
    assert_ne!(back.session_id, dropped.session_id);
}

#[tokio::test]
async fn an_opened_url_starts_a_session_once_and_within_30_seconds() {
    let (mock, client) = mock(Life::default()).await;
    let open = async || {
        let body = r#"{"user":"alice","credential":"root","device":"192.0.2.9","protocol":"SSH","remoteAddr":"198.51.100.7"}"#;
        let request = client.body("/api/pam/remote/session", "application/json", body);
        let now = u64::try_from(
            client.mock(Method::GET, "clock", "").await.json()["now_ms"]
                .as_i64()
                .unwrap()
                / 1000,
        );
        let reply = client
            .send(client.sign_at(request, now.unwrap()))
            .await
            .unwrap();
        let url = reply.json()["session"]["session_url"]
            .as_str()
            .unwrap()
            .to_owned();
        let at = url.find("/modulos").unwrap();
        url[at..].to_owned()
    };
    let visit = async |path: &str| {
        let request = client.request(Method::GET, path);
        client.send(request).await.unwrap().status
    };
    let path = open().await;
    assert_eq!(mock.sessions().len(), 1);
    assert_eq!(visit(&path).await, StatusCode::OK);
    assert_eq!(visit(&path).await, StatusCode::GONE);
    let session = mock.sessions().remove(1);
    assert_eq!(session.user, "alice");
    assert_eq!(session.device, "192.0.2.9:22");
    assert_eq!(session.origin_ip, "198.51.100.7");
    assert_eq!(session.proxy, "Web Proxy");

    let late = open().await;
    mock.advance(Duration::from_secs(31));
    assert_eq!(visit(&late).await, StatusCode::GONE);
    assert_eq!(mock.sessions().len(), 2);
}
