//! OAuth 1.0 as a server has to verify it (RFC 5849 section 3.2).

use std::time::{Duration, UNIX_EPOCH};

use http::header::AUTHORIZATION;
use http::{Method, Request, StatusCode};
use pam_mock::{Clock, MockAppliance, Switches};
use pam_proto::Secret;
use pam_proto::oauth1::{Credentials, Signer, Stamp};

use crate::client::{Client, Reply};

const NOW: u64 = 1_700_000_000;
const LIST: &str = "/api/pam/session/remotesessions";

async fn mock(switches: Switches) -> (MockAppliance, Client) {
    let mock = MockAppliance::builder()
        .plain_http()
        .switches(switches)
        .clock(Clock::manual(UNIX_EPOCH + Duration::from_secs(NOW)))
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    (mock, client)
}

const INVALID: &str = r#""message":"Invalid signature","error":true"#;

async fn status(client: &Client, request: Request<Vec<u8>>) -> StatusCode {
    let Reply { status, body, .. } = client.send(request).await.unwrap();
    let refused = String::from_utf8(body).unwrap().contains(INVALID);
    assert_eq!(refused, status != StatusCode::OK);
    status
}

#[tokio::test]
async fn the_window_is_open_to_its_edges() {
    let (_mock, client) = mock(Switches::default()).await;
    for (time, expected) in [
        (NOW - 301, StatusCode::UNAUTHORIZED),
        (NOW - 300, StatusCode::OK),
        (NOW + 300, StatusCode::OK),
        (NOW + 301, StatusCode::UNAUTHORIZED),
    ] {
        let request = client.sign_at(client.request(Method::GET, LIST), time);
        assert_eq!(status(&client, request).await, expected, "{time}");
    }
}

#[tokio::test]
async fn a_nonce_is_good_once_also_for_concurrent_copies() {
    let (_mock, client) = mock(Switches::default()).await;
    let request = client.sign_at(client.request(Method::GET, LIST), NOW);
    let copies = (0..8).map(|_| {
        let (client, request) = (client.clone(), request.clone());
        tokio::spawn(async move { status(&client, request).await })
    });
    let mut admitted = 0;
    for copy in copies.collect::<Vec<_>>() {
        admitted += usize::from(copy.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(admitted, 1);
}

#[tokio::test]
async fn whatever_is_changed_after_signing_is_noticed() {
    let (_mock, client) = mock(Switches::default()).await;
    let signed = |path: &str| client.sign_at(client.request(Method::GET, path), NOW);
    let mut another_query = signed(&format!("{LIST}?a=1"));
    *another_query.uri_mut() = client
        .request(Method::GET, &format!("{LIST}?a=2"))
        .uri()
        .clone();
    let mut another_host = signed(LIST);
    another_host
        .headers_mut()
        .insert("host", "example.com".parse().unwrap());
    let mut another_method = signed(LIST);
    *another_method.method_mut() = Method::DELETE;
    let another_key = Credentials::new("nobody", Secret::new("x"));
    let unknown = client.with_keys(&another_key);
    let unknown = unknown.sign_at(client.request(Method::GET, LIST), NOW);
    for request in [another_query, another_host, another_method, unknown] {
        assert_eq!(status(&client, request).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(status(&client, signed(LIST)).await, StatusCode::OK);
}

#[tokio::test]
async fn a_malformed_header_is_a_bad_request() {
    let (_mock, client) = mock(Switches::default()).await;
    let mut request = client.sign_at(client.request(Method::GET, LIST), NOW);
    let header = request.headers()[AUTHORIZATION].to_str().unwrap();
    let header = header.replace("HMAC-SHA1", "PLAINTEXT").parse().unwrap();
    request.headers_mut().insert(AUTHORIZATION, header);
    assert_eq!(status(&client, request).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn stamps_may_be_absent_when_the_switch_says_so() {
    let bare = |client: &Client| {
        let signer = Signer::new(&client.credentials).unwrap();
        let request = client.request(Method::GET, LIST);
        signer.sign(request, &Stamp::absent()).unwrap()
    };
    let (_mock, client) = mock(Switches::default()).await;
    assert_eq!(
        status(&client, bare(&client)).await,
        StatusCode::BAD_REQUEST
    );
    let mut switches = Switches::default();
    switches.set("stamps=optional").unwrap();
    let (_mock, client) = mock(switches).await;
    assert_eq!(status(&client, bare(&client)).await, StatusCode::OK);
}

#[tokio::test]
async fn a_form_body_is_signed_and_a_json_body_is_not() {
    let (_mock, client) = mock(Switches::default()).await;
    let path = "/api/pam/remote/session";
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let body = "user=u&credential=c&device=d%3A22&protocol=ssh";
    for (content_type, body, other, expected) in [
        (form, body, body, StatusCode::OK),
        (
            form,
            body,
            "user=u&credential=root&device=d&protocol=ssh",
            StatusCode::UNAUTHORIZED,
        ),
        (
            "application/json",
            "{}",
            r#"{"user":"u"}"#,
            StatusCode::BAD_REQUEST,
        ),
    ] {
        let mut request = client.sign_at(client.body(path, content_type, body), NOW);
        *request.body_mut() = other.as_bytes().to_vec();
        assert_eq!(
            client.send(request).await.unwrap().status,
            expected,
            "{other}"
        );
    }
}

#[tokio::test]
async fn a_proxy_is_believed_when_told_to() {
    let signed_elsewhere = |client: &Client| {
        let mut request = client.request(Method::GET, LIST);
        *request.uri_mut() = format!("https://vault.example.com:8443/pam{LIST}")
            .parse()
            .unwrap();
        let mut request = client.sign_at(request, NOW);
        *request.uri_mut() = client.request(Method::GET, LIST).uri().clone();
        request
    };
    let builder = || {
        MockAppliance::builder()
            .plain_http()
            .clock(Clock::manual(UNIX_EPOCH + Duration::from_secs(NOW)))
    };

    let public = builder().public_url("https://vault.example.com:8443/pam");
    let public = public.start().await.unwrap();
    let client = Client::new(&public);
    assert_eq!(
        status(&client, signed_elsewhere(&client)).await,
        StatusCode::OK
    );
    // A proxy may leave the prefix.
    let mut request = signed_elsewhere(&client);
    let path = format!("/pam{LIST}");
    *request.uri_mut() = client.request(Method::GET, &path).uri().clone();
    assert_eq!(status(&client, request).await, StatusCode::OK);

    let forwarded = |client: &Client| {
        let mut request = signed_elsewhere(client);
        for (name, value) in [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "vault.example.com:8443"),
            ("x-forwarded-prefix", "/pam/"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let behind = builder().behind_proxy().start().await.unwrap();
    let client = Client::new(&behind);
    assert_eq!(status(&client, forwarded(&client)).await, StatusCode::OK);
    let direct = builder().start().await.unwrap();
    let client = Client::new(&direct);
    assert_eq!(
        status(&client, forwarded(&client)).await,
        StatusCode::UNAUTHORIZED
    );
}
