//! What the log says of a refused signature, and what it never says.

use std::io;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use pam_mock::MockAppliance;
use pam_proto::Secret;
use tracing_subscriber::fmt::MakeWriter;

use crate::client::Client;

const LIST: &str = "/api/pam/session/remotesessions";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_refused_signature_is_explained_without_its_secrets() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(log.clone())
        .finish();
    // One thread runs the test and the mock, so this one's subscriber hears all.
    let _guard = tracing::subscriber::set_default(subscriber);

    let mock = MockAppliance::builder()
        .plain_http()
        .explain()
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let elsewhere = "https://vault.example.com/pam/api/pam/session/remotesessions?password=hunter2";
    let mut request = client.request(Method::GET, LIST);
    *request.uri_mut() = elsewhere.parse().unwrap();
    let mut request = client.sign(request);
    *request.uri_mut() = format!("{}{LIST}?password=hunter2", mock.base_url())
        .parse()
        .unwrap();
    request
        .headers_mut()
        .insert("x-forwarded-host", "vault.example.com".parse().unwrap());
    request
        .headers_mut()
        .insert("x-forwarded-prefix", "/pam".parse().unwrap());
    assert_eq!(
        client.send(request).await.unwrap().status,
        StatusCode::UNAUTHORIZED
    );
    let explanation = mock.requests().remove(0).explanation.unwrap();
    assert!(
        explanation.contains("the caller signed the URL https://vault.example.com/pam/api"),
        "{explanation}"
    );

    let mut wrong = client.credentials.clone();
    wrong.consumer_secret = Secret::new("mistyped");
    assert_eq!(
        client.with_keys(&wrong).get(LIST).await.status,
        StatusCode::UNAUTHORIZED
    );

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for part in [
        "base string built: GET&http",
        "first difference: ",
        "no usual mistake",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let keys = mock.oauth1();
    let token = &keys.token.as_ref().unwrap().secret;
    for secret in [
        "hunter2",
        "mistyped",
        keys.consumer_secret.expose(),
        token.expose(),
    ] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn nothing_is_explained_unless_asked() {
    let mock = MockAppliance::builder().plain_http().start().await.unwrap();
    let client = Client::new(&mock);
    let mut wrong = client.credentials.clone();
    wrong.consumer_secret = Secret::new("mistyped");
    client.with_keys(&wrong).get(LIST).await;
    assert_eq!(mock.requests().remove(0).explanation, None);
}
