//! The state file, the ready file and `/_mock/…`.

use std::time::{Duration, UNIX_EPOCH};

use http::{Method, StatusCode};
use pam_mock::{Clock, EndedBy, MockAppliance, StartError, State};

use crate::client::Client;

#[tokio::test]
async fn the_truth_is_what_a_state_file_takes() {
    let mock = MockAppliance::builder()
        .plain_http()
        .sessions(12, 4)
        .seed(3)
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let truth = client.mock(Method::GET, "sessions", "").await;
    let row = &truth.json()["sessions"][0];
    for key in [
        "id",
        "session_id",
        "user",
        "origin_ip",
        "credential",
        "device",
        "protocol",
        "proxy",
        "started_at",
        "ended_at",
        "active",
        "prevent_purge",
        "request",
        "itsm",
    ] {
        assert!(row.get(key).is_some(), "{key}: {row}");
    }
    assert!(row["id"].is_string());
    let state = State::from_json(truth.text()).unwrap();
    let copy = MockAppliance::builder()
        .plain_http()
        .state(state)
        .start()
        .await
        .unwrap();
    assert_eq!(copy.sessions(), mock.sessions());
    // So is a listing of the appliance.
    let listing = client.get("/api/pam/session/remotesessions").await.json();
    let listing = serde_json::json!({ "remote_sessions": listing["remote_sessions"] });
    let state = State::from_json(&listing.to_string()).unwrap();
    let copy = MockAppliance::builder()
        .plain_http()
        .state(state)
        .start()
        .await
        .unwrap();
    assert_eq!(copy.sessions(), mock.sessions());
}

#[tokio::test]
async fn a_clash_in_the_state_stops_the_start() {
    let state = State::from_json(r#"{"sessions":[{"id":1},{"id":1}]}"#).unwrap();
    let error = MockAppliance::builder()
        .state(state)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("id 1"), "{error}");
    let error = MockAppliance::builder()
        .sessions(2, 3)
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::MoreActiveThanSessions { .. }));
}

#[tokio::test]
async fn a_session_can_have_its_end_ahead_but_not_its_start() {
    let start = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let state = |text: &str| {
        let state = State::from_json(text).unwrap();
        let clock = Clock::manual(start);
        let builder = MockAppliance::builder().plain_http().clock(clock);
        builder.state(state).start()
    };
    let ahead = r#"{"sessions":[{"start":"2023-11-14 22:00:00","end":"2023-11-14 22:14:00"}]}"#;
    let mock = state(ahead).await.unwrap();
    assert!(mock.sessions()[0].active);
    mock.advance(Duration::from_secs(40));
    let session = mock.sessions().remove(0);
    assert_eq!(
        (session.active, session.ended_by),
        (false, Some(EndedBy::Itself))
    );

    for (text, part) in [
        (
            r#"{"sessions":[{"start":"2023-11-14 22:14:00"}]}"#,
            "after now",
        ),
        (
            r#"{"sessions":[{"start":"2023-11-14 22:00:00","end":"2023-11-14 21:00:00"}]}"#,
            "before it starts",
        ),
        (r#"{"sessions":[{"start":"14/11/2023"}]}"#, "YYYY-MM-DD"),
    ] {
        let error = state(text).await.unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[tokio::test]
async fn the_record_of_requests_holds_no_secret() {
    let mock = MockAppliance::builder()
        .plain_http()
        .recorded(2)
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let keys = &client.credentials;
    for _ in 0..3 {
        client
            .get("/api/pam/session/remotesessions?password=hunter2")
            .await;
    }
    let reply = client.mock(Method::GET, "requests", "").await;
    let requests = reply.json();
    let requests = requests["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 2);
    let last = &requests[1];
    assert_eq!(last["number"], 3);
    assert_eq!(last["method"], "GET");
    assert_eq!(last["path"], "/api/pam/session/remotesessions");
    assert_eq!(last["operation"], "list");
    assert_eq!(last["scheme"], "OAuth");
    assert_eq!(last["application"], "pamctl");
    assert_eq!(last["status"], 200);
    let token = keys.token.as_ref().unwrap();
    let secrets = [
        "hunter2",
        "oauth_signature",
        keys.consumer_key.as_str(),
        keys.consumer_secret.expose(),
        token.key.as_str(),
        token.secret.expose(),
    ];
    for secret in secrets {
        assert!(!reply.text().contains(secret), "{}", reply.text());
    }
    assert!(reply.text().contains(&keys.consumer_key[..6]));

    client.mock(Method::DELETE, "requests", "").await;
    assert!(mock.requests().is_empty());
}

#[tokio::test]
async fn the_levers_move_things_and_say_what_is_wrong() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    let started = client
        .mock(Method::POST, "sessions", r#"{"user":"eve"}"#)
        .await
        .json();
    let id = started["session_id"].as_str().unwrap();
    assert_eq!(mock.session(id).unwrap().user, "eve");
    let end = format!("sessions/{id}/end");
    assert_eq!(
        client.mock(Method::POST, &end, "").await.status,
        StatusCode::OK
    );
    assert!(!mock.session(id).unwrap().active);

    let faults = r#"{"faults":["drop-500:2","slow-list:1"]}"#;
    let reply = client.mock(Method::POST, "faults", faults).await;
    assert_eq!(reply.text(), faults);
    assert_eq!(client.mock(Method::GET, "faults", "").await.text(), faults);

    for (path, body, part) in [
        ("faults", r#"{"faults":["drop-501"]}"#, "unknown fault"),
        ("faults", "drop-500", "body"),
        ("clock", r#"{"advance_seconds":-1}"#, "forward"),
        ("sessions", r#"{"id":"x"}"#, "not a number"),
        (end.as_str(), "", "no session"),
        (
            "alerts",
            r#"{"alert":"x","session_id":"y"}"#,
            "unknown alert",
        ),
    ] {
        let reply = client.mock(Method::POST, path, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}");
        let error = reply.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(part), "{path}: {error}");
    }
    assert_eq!(mock.faults().len(), 2);
    let reply = client.mock(Method::GET, "nothing", "").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_ready_file_is_all_that_a_client_needs_and_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready.json");
    let mock = MockAppliance::builder()
        .tenant("acme")
        .start()
        .await
        .unwrap();
    mock.write_ready_file(&path).unwrap();
    let ready: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(ready["base_url"], mock.base_url().to_string());
    let oauth1 = &ready["oauth1"];
    let keys = mock.oauth1();
    assert_eq!(oauth1["consumer_key"], keys.consumer_key);
    assert_eq!(oauth1["consumer_secret"], keys.consumer_secret.expose());
    assert_eq!(oauth1["token"], keys.token.as_ref().unwrap().key);
    assert_eq!(
        oauth1["token_secret"],
        keys.token.as_ref().unwrap().secret.expose()
    );
    assert_eq!(ready["oauth2"]["client_id"], mock.oauth2().client_id);
    assert_eq!(ready["oauth2"]["tenant"], "acme");
    let ca = std::fs::read_to_string(ready["ca_file"].as_str().unwrap()).unwrap();
    assert_eq!(Some(ca.as_str()), mock.ca_pem());
    #[cfg(unix)]
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = entry.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // An older one gives way, and nothing is left beside it.
    mock.write_ready_file(&path).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4);
}
