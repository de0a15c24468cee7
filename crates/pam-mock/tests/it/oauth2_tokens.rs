//! The OAuth 2.0 token endpoint and bearer tokens (A2A API specification, "OAuth 2.0 client
//! credentials").

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{Method, StatusCode};
use pam_mock::{Application, Authorization, Clock, MockAppliance};
use pam_proto::Secret;
use pam_proto::oauth2::ClientCredentials;

use crate::client::{Client, Reply};

const FORM: &str = "application/x-www-form-urlencoded";
const LIST: &str = "/api/pam/session/remotesessions";

fn form(client: &ClientCredentials) -> String {
    format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.client_id,
        client.client_secret.expose()
    )
}

async fn ask(client: &Client, path: &str, content_type: &str, body: &str) -> Reply {
    let request = client.body(path, content_type, body);
    client.send(request).await.unwrap()
}

fn token(reply: &Reply) -> String {
    assert_eq!(reply.status, StatusCode::OK, "{reply:?}");
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_got_in_three_ways_on_every_path_and_opens_the_api() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    let keys = mock.oauth2();
    let (id, secret) = (&keys.client_id, keys.client_secret.expose());
    let json = format!(
        r#"{{"grant_type":"client_credentials","client_id":"{id}","client_secret":"{secret}"}}"#
    );
    for path in ["/iso/oauth2/token", "/api/oauth2/token", "/iso/token/v2"] {
        let by_form = ask(&client, path, FORM, &form(keys)).await;
        let by_json = ask(&client, path, "application/json", &json).await;
        let mut request = client.body(path, FORM, "grant_type=client_credentials");
        let basic = STANDARD.encode(format!("{id}:{secret}"));
        let basic = format!("Basic {basic}").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, basic);
        let by_basic = client.send(request).await.unwrap();
        for reply in [by_form, by_json, by_basic] {
            assert!(
                reply
                    .text()
                    .starts_with(r#"{"token_type":"Bearer","expires_in":3600,"access_token":""#)
            );
            let reply = client.bearer(Method::GET, LIST, &token(&reply)).await;
            assert_eq!(reply.status, StatusCode::OK);
        }
    }
}

#[tokio::test]
async fn a_wrong_client_is_refused_in_the_words_of_the_server() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    let right = form(mock.oauth2());
    let failed = r#"{"error":"invalid_client","error_description":"Client authentication failed","message":"Client authentication failed"}"#;
    let table = [
        (format!("{right}x"), 401, Some(failed)),
        (format!("{right}&tenant=elsewhere"), 401, Some(failed)),
        (
            right.replace("client_id=", "client_id=x"),
            401,
            Some(failed),
        ),
        (right.replace("client_credentials", "password"), 400, None),
        ("grant_type=client_credentials".to_owned(), 400, None),
    ];
    for (body, status, expected) in table {
        let reply = ask(&client, "/api/oauth2/token", FORM, &body).await;
        assert_eq!(reply.status, status, "{body}");
        assert!(reply.json()["error"].is_string());
        if let Some(expected) = expected {
            assert_eq!(reply.text(), expected);
        }
    }
}

#[tokio::test]
async fn a_token_is_good_until_it_expires() {
    let mock = MockAppliance::builder()
        .plain_http()
        .clock(Clock::system())
        .token_lifetime(Duration::from_secs(90))
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let reply = ask(&client, "/api/oauth2/token", FORM, &form(mock.oauth2())).await;
    assert_eq!(reply.json()["expires_in"], 90);
    let bearer = token(&reply);
    mock.advance(Duration::from_secs(80));
    let status = |reply: Reply| reply.status;
    assert_eq!(
        status(client.bearer(Method::GET, LIST, &bearer).await),
        StatusCode::OK
    );
    mock.advance(Duration::from_secs(11));
    let reply = client.bearer(Method::GET, LIST, &bearer).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reply.json()["response"]["message"], "unauthorized");
    let reply = client.bearer(Method::GET, LIST, "made.up.token").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);

    let body = format!("{}&ttl=2", form(mock.oauth2()));
    let reply = ask(&client, "/api/oauth2/token", FORM, &body).await;
    assert_eq!(reply.json()["expires_in"], 120);
}

#[tokio::test]
async fn a_tenant_is_named_by_the_host_or_by_the_request() {
    let keys = ClientCredentials::new("c", Secret::new("s")).at_tenant("test");
    let mock = MockAppliance::builder()
        .names(["test.example.com", "other.example.com"])
        .application(Application::new("a", [Authorization::oauth2(keys.clone())]))
        .start()
        .await
        .unwrap();
    let by_address = Client::new(&mock);
    let at_home = by_address.named("test.example.com");
    let elsewhere = by_address.named("other.example.com");
    let plain = form(&keys);
    let named = format!("{plain}&tenant=test");
    for (client, body, expected) in [
        (&by_address, &plain, 401),
        (&by_address, &named, 200),
        (&at_home, &plain, 200),
        (&elsewhere, &plain, 401),
        (&elsewhere, &named, 200),
    ] {
        let reply = ask(client, "/api/oauth2/token", FORM, body).await;
        assert_eq!(reply.status, expected, "{body}");
    }
    let bearer = token(&ask(&by_address, "/api/oauth2/token", FORM, &named).await);
    for (client, expected) in [(&by_address, 200), (&at_home, 200), (&elsewhere, 401)] {
        let reply = client.bearer(Method::GET, LIST, &bearer).await;
        assert_eq!(reply.status, expected);
    }
}
