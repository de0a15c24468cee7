//! Where the mock listens and how its connections are protected.

use http::StatusCode;
use pam_mock::{ClientCertificates, MockAppliance, ServerCertificate, StartError};

use crate::client::Client;

const LIST: &str = "/api/pam/session/remotesessions";

#[tokio::test]
async fn tls_is_the_default_and_its_names_are_good() {
    let mock = MockAppliance::builder()
        .names(["vault.example.com"])
        .start()
        .await
        .unwrap();
    assert!(mock.base_url().is_https());
    let client = Client::new(&mock);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    for name in ["localhost", "vault.example.com"] {
        assert_eq!(
            client.named(name).get(LIST).await.status,
            StatusCode::OK,
            "{name}"
        );
    }
    let elsewhere = client.named("elsewhere.example.com");
    let request = elsewhere.sign(elsewhere.request(http::Method::GET, LIST));
    elsewhere.send(request).await.unwrap_err();
}

#[tokio::test]
async fn every_mock_has_a_ca_of_its_own() {
    let mock = MockAppliance::builder().start().await.unwrap();
    let other = MockAppliance::builder().start().await.unwrap();
    let client = Client::new(&mock).trusting(other.ca_pem().unwrap());
    let request = client.sign(client.request(http::Method::GET, LIST));
    let error = client.send(request).await.unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
}

#[tokio::test]
async fn a_bad_certificate_is_bad_in_the_way_asked_for() {
    for (certificate, part) in [
        (ServerCertificate::Expired, "xpired"),
        (ServerCertificate::OtherName, "NotValidForName"),
        (ServerCertificate::SelfSigned, "nknownIssuer"),
    ] {
        let mock = MockAppliance::builder()
            .certificate(certificate)
            .start()
            .await
            .unwrap();
        let client = Client::new(&mock);
        let request = client.sign(client.request(http::Method::GET, LIST));
        let error = format!("{:?}", client.send(request).await.unwrap_err());
        assert!(error.contains(part), "{certificate:?}: {error}");
    }
}

#[tokio::test]
async fn a_required_client_certificate_is_required() {
    let builder = MockAppliance::builder().client_certificates(ClientCertificates::Required);
    let mock = builder.start().await.unwrap();
    let client = Client::with_certificate(&mock);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    let client = Client::new(&mock);
    let request = client.sign(client.request(http::Method::GET, LIST));
    client.send(request).await.unwrap_err();
}

#[tokio::test]
async fn other_machines_are_kept_out_unless_told_otherwise() {
    let everywhere = "0.0.0.0:0".parse().unwrap();
    let error = MockAppliance::builder()
        .listen(everywhere)
        .start()
        .await
        .unwrap_err();
    assert!(matches!(error, StartError::NotLoopback(_)), "{error}");
    let builder = MockAppliance::builder()
        .listen(everywhere)
        .beyond_loopback();
    let error = builder.plain_http().start().await.unwrap_err();
    assert!(
        matches!(error, StartError::PlainHttpBeyondLoopback),
        "{error}"
    );
    let builder = MockAppliance::builder()
        .listen(everywhere)
        .beyond_loopback();
    let mock = builder.start().await.unwrap();
    assert_eq!(mock.base_url().host(), "localhost");
}

#[tokio::test]
async fn options_that_make_no_sense_say_so() {
    let error = MockAppliance::builder()
        .names(["a b"])
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("`a b`"), "{error}");
    let builder = MockAppliance::builder().public_url("vault.example.com");
    let error = builder.start().await.unwrap_err();
    assert!(error.to_string().contains("public URL"), "{error}");
    let error = MockAppliance::builder()
        .utc_offset(9999)
        .start()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("9999"), "{error}");
    let mock = MockAppliance::builder().start().await.unwrap();
    let taken = MockAppliance::builder().listen(mock.address());
    let error = taken.start().await.unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error}");
}

#[tokio::test]
async fn a_mock_that_is_shut_down_or_dropped_is_gone() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
    mock.shutdown().await;
    let request = client.sign(client.request(http::Method::GET, LIST));
    client.send(request).await.unwrap_err();
}

#[tokio::test]
async fn a_body_without_end_is_cut_short() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    let body = "x".repeat(2 * 1024 * 1024);
    let reply = client.send(client.body(LIST, "text/plain", &body)).await;
    // The answer may come while the body is still being sent, and is lost then.
    assert!(reply.is_err() || reply.unwrap().status == StatusCode::PAYLOAD_TOO_LARGE);
}
