//! A listing of any length, sent without being held.

use http::Method;
use pam_mock::MockAppliance;
use serde_json::Value;

use crate::client::Client;

const LIST: &str = "/api/pam/session/remotesessions";

#[tokio::test]
async fn a_listing_is_filled_up_with_ended_sessions() {
    let mock = MockAppliance::builder()
        .plain_http()
        .sessions(50, 5)
        .listing_size(20_000)
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let listing = client.get(LIST).await.json();
    let rows = listing["remote_sessions"].as_array().unwrap();
    assert_eq!(rows.len(), 20_000);
    let running = rows.iter().filter(|row| row["end"].is_null()).count();
    assert_eq!(running, 5);
    let ids: std::collections::HashSet<&Value> =
        rows.iter().map(|row| &row["session_id"]).collect();
    assert_eq!(ids.len(), rows.len());

    // What is made up while it is sent is there when it is asked for.
    let row = &rows[1234];
    let path = format!("{LIST}/{}", row["id"].as_str().unwrap());
    assert_eq!(client.get(&path).await.json()["remote_session"][0], *row);
    let reply = client
        .drop_session(row["session_id"].as_str().unwrap())
        .await;
    assert_eq!(reply.status, 500);

    let truth = client.mock(Method::GET, "sessions", "").await.json();
    assert_eq!(truth["sessions"].as_array().unwrap().len(), 20_000);
    assert_eq!(truth["sessions"][1234]["session_id"], row["session_id"]);
    assert_eq!(truth["sessions"][1234]["active"], false);
}
