//! What each restriction of an authorization answers (A2A API specification, "What an
//! authorization carries" and "Envelope errors common to every A2A endpoint").

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::REFERER;
use pam_mock::{
    Application, Authorization, ClientCertificates, Fingerprint, MockAppliance, NewSession,
    Resource, Switches,
};
use pam_proto::Secret;
use pam_proto::oauth1::Credentials;

use crate::client::{Client, Reply};

const LIST: &str = "/api/pam/session/remotesessions";

fn credentials(name: &str) -> Credentials {
    Credentials::new(format!("{name}-key"), Secret::new("cs")).with_token("t", Secret::new("ts"))
}

struct Case {
    name: &'static str,
    change: fn(Authorization) -> Authorization,
}

async fn mock_with(
    switches: Switches,
    cases: impl IntoIterator<Item = Case>,
) -> (MockAppliance, Client) {
    let mut builder = MockAppliance::builder()
        .plain_http()
        .switches(switches)
        .tenant("acme")
        .sessions(3, 3);
    for Case { name, change } in cases {
        let authorization = change(Authorization::oauth1(credentials(name)));
        builder = builder.application(Application::new(name, [authorization]));
    }
    let mock = builder.start().await.unwrap();
    let client = Client::new(&mock);
    (mock, client)
}

async fn message(client: &Client, name: &str, path: &str) -> (StatusCode, String) {
    let reply = client.with_keys(&credentials(name)).get(path).await;
    (reply.status, text(&reply))
}

fn text(reply: &Reply) -> String {
    let json = reply.json();
    let envelope = json.get("response").unwrap_or(&json);
    envelope["message"].as_str().unwrap().to_owned()
}

const NOT_AUTHORIZED: &str = "You are not authorized to access this resource";

#[tokio::test]
async fn each_restriction_has_its_answer() {
    let cases = [
        Case {
            name: "none",
            change: |authorization| authorization,
        },
        Case {
            name: "resource",
            change: |authorization| authorization.resources([Resource::WebProxySession]),
        },
        Case {
            name: "expired",
            change: |authorization| {
                authorization.expires(SystemTime::now() - Duration::from_secs(1))
            },
        },
        Case {
            name: "disabled",
            change: Authorization::disabled,
        },
        Case {
            name: "address",
            change: |authorization| authorization.addresses(["192.0.2.1"]),
        },
        Case {
            name: "certificate",
            change: |authorization| {
                authorization.certificate(Fingerprint::of(b"another certificate"))
            },
        },
        Case {
            name: "referer",
            change: |authorization| authorization.referers(["https://siem.example.com"]),
        },
    ];
    let (_mock, client) = mock_with(Switches::default(), cases).await;
    let table = [
        ("none", 200, ""),
        ("resource", 500, NOT_AUTHORIZED),
        ("expired", 401, "Inactive authorization"),
        ("disabled", 401, "Inactive authorization"),
        ("address", 500, NOT_AUTHORIZED),
        ("certificate", 500, NOT_AUTHORIZED),
        ("referer", 500, "The http referer is not allowed"),
        ("nobody", 401, "Invalid signature"),
    ];
    for (name, status, expected) in table {
        let (got, message) = message(&client, name, LIST).await;
        assert_eq!(
            (got.as_u16(), message.as_str()),
            (status, expected),
            "{name}"
        );
    }
}

#[tokio::test]
async fn the_referer_refusal_has_its_own_code_and_the_right_referer_is_let_in() {
    let cases = [Case {
        name: "referer",
        change: |authorization| authorization.referers(["https://siem.example.com"]),
    }];
    let (_mock, client) = mock_with(Switches::default(), cases).await;
    let client = client.with_keys(&credentials("referer"));
    let reply = client.get(LIST).await;
    assert_eq!(
        reply.text(),
        r#"{"code":500,"response":{"status":500,"message":"The http referer is not allowed","error":true,"error_code":1105,"detail":"","mensagem":"The http referer is not allowed","erro":true,"cod_erro":1105},"tenant":"acme"}"#
    );
    let mut request = client.sign(client.request(http::Method::GET, LIST));
    let referer = "https://siem.example.com".parse().unwrap();
    request.headers_mut().insert(REFERER, referer);
    assert_eq!(client.send(request).await.unwrap().status, StatusCode::OK);
}

#[tokio::test]
async fn a_read_only_authorization_reads_and_does_not_write() {
    for (switch, status, expected) in [
        ("read-only-write=not-authorized", 500, NOT_AUTHORIZED),
        (
            "read-only-write=1039",
            400,
            "1039: Without PAM Configuration Access permission",
        ),
    ] {
        let mut switches = Switches::default();
        switches.set(switch).unwrap();
        let cases = [Case {
            name: "reader",
            change: Authorization::read_only,
        }];
        let (mock, client) = mock_with(switches, cases).await;
        let client = client.with_keys(&credentials("reader"));
        assert_eq!(client.get(LIST).await.status, StatusCode::OK);
        let id = &mock.sessions()[0].session_id;
        let open = client
            .post("/api/pam/remote/session", "application/json", "{}")
            .await;
        for reply in [client.drop_session(id).await, open] {
            assert_eq!(
                (reply.status.as_u16(), text(&reply).as_str()),
                (status, expected)
            );
        }
        assert!(mock.session(id).unwrap().active);
        assert_eq!(mock.session(id).unwrap().drops, 0);
    }
}

#[tokio::test]
async fn what_is_not_documented_answers_as_the_switches_say() {
    let cases = || {
        [
            Case {
                name: "address",
                change: |authorization| authorization.addresses(["192.0.2.1"]),
            },
            Case {
                name: "nowhere",
                change: |authorization| authorization.addresses([""; 0]),
            },
            Case {
                name: "disabled",
                change: Authorization::disabled,
            },
        ]
    };
    let table = [
        (
            "address-denied=no-route",
            "address",
            404,
            "no Route matched with those values",
        ),
        ("address-denied=forbidden", "address", 403, "Forbidden"),
        ("no-addresses=any", "nowhere", 200, ""),
        ("no-addresses=none", "nowhere", 500, NOT_AUTHORIZED),
        ("inactive=not-authorized", "disabled", 500, NOT_AUTHORIZED),
        ("inactive=unknown", "disabled", 401, "Invalid signature"),
        ("signature-status=403", "nobody", 403, "Invalid signature"),
    ];
    for (switch, name, status, expected) in table {
        let mut switches = Switches::default();
        switches.set(switch).unwrap();
        let (_mock, client) = mock_with(switches, cases()).await;
        let (got, message) = message(&client, name, LIST).await;
        assert_eq!(
            (got.as_u16(), message.as_str()),
            (status, expected),
            "{switch}"
        );
    }
}

#[tokio::test]
async fn a_client_certificate_is_compared_with_the_authorizations() {
    let builder = || MockAppliance::builder().client_certificates(ClientCertificates::Requested);
    let free = builder().start().await.unwrap();
    assert_eq!(Client::new(&free).get(LIST).await.status, StatusCode::OK);

    let bound = builder()
        .restrict(|authorization| authorization.certificate(Fingerprint::of(b"another")))
        .start()
        .await
        .unwrap();
    let refused = Client::with_certificate(&bound).get(LIST).await;
    assert_eq!(text(&refused), NOT_AUTHORIZED);

    let bound = builder().bind_own_certificate().start().await.unwrap();
    let let_in = Client::with_certificate(&bound).get(LIST).await;
    assert_eq!(let_in.status, StatusCode::OK);
    let refused = Client::new(&bound).get(LIST).await;
    assert_eq!(text(&refused), NOT_AUTHORIZED);
}

#[tokio::test]
async fn who_fails_too_often_is_not_listened_to_for_a_while() {
    let builder = MockAppliance::builder().plain_http();
    let mock = builder.failures_per_minute(3).start().await.unwrap();
    let client = Client::new(&mock);
    let nobody = client.with_keys(&credentials("nobody"));
    for _ in 0..3 {
        assert_eq!(nobody.get(LIST).await.status, StatusCode::UNAUTHORIZED);
    }
    let reply = client.get(LIST).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    mock.advance(Duration::from_secs(wait));
    assert_eq!(client.get(LIST).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_authorization_sees_the_sessions_on_its_devices() {
    let session = |device: &str| NewSession {
        device: Some(device.to_owned()),
        ..NewSession::default()
    };
    let mock = MockAppliance::builder()
        .plain_http()
        .session(session("192.0.2.1:22"))
        .session(session("192.0.2.2:22"))
        .restrict(|authorization| authorization.devices(["192.0.2.1"]))
        .start()
        .await
        .unwrap();
    let client = Client::new(&mock);
    let seen = client.get(LIST).await.json();
    let seen = seen["remote_sessions"].as_array().unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["device"], "192.0.2.1:22");
    let hidden = &mock.sessions()[1];
    let reply = client.get(&format!("{LIST}/{}", hidden.id)).await;
    assert_eq!(text(&reply), "1002: Session not found");
    let reply = client.drop_session(&hidden.session_id).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(mock.session(&hidden.session_id).unwrap().active);
}
