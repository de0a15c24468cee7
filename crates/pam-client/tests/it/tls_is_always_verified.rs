use pam_client::{
    CallError, Client, ClientIdentity, Settings, SetupError, TlsFault, TransportError, Trust,
};
use pam_proto::BaseUrl;
use tempfile::NamedTempFile;

use crate::appliance::{Appliance, Step, a_drop, ok, settings};
use crate::certificates::{Authority, Issued, file, server};

async fn serving(issued: &Issued) -> Appliance {
    Appliance::start_tls(server(issued, None), |_| vec![Step::Send(ok())]).await
}

fn trusting(base: BaseUrl, ca: &NamedTempFile) -> Settings {
    let mut settings = settings(base);
    settings.trust = Trust::OnlyThese(ca.path().to_owned());
    settings
}

async fn fault(base: BaseUrl, ca: &NamedTempFile) -> TlsFault {
    let client = Client::new(trusting(base, ca)).unwrap();
    let error = client.call(&a_drop()).await.unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    assert!(error.is_unreachable(), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    match error {
        CallError::Transport(TransportError::Tls { fault, .. }) => fault,
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn the_right_name_under_the_right_authority_is_trusted() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let appliance = serving(&authority.server(host)).await;
        let client = Client::new(trusting(appliance.base_tls(host), &authority.file())).unwrap();
        client.call(&a_drop()).await.unwrap();
        client.call(&a_drop()).await.unwrap();
        assert_eq!(appliance.connections(), 1);
    }
}

#[tokio::test]
async fn another_name_is_refused_and_named() {
    let authority = Authority::new();
    let appliance = serving(&authority.server("vault.example.com")).await;
    let fault = fault(appliance.base_tls("localhost"), &authority.file()).await;
    assert_eq!(
        fault,
        TlsFault::WrongName {
            presented: vec!["vault.example.com".to_owned()]
        }
    );
    assert_eq!(appliance.seen().len(), 0);
}

#[tokio::test]
async fn a_certificate_out_of_its_time_is_refused() {
    let authority = Authority::new();
    let appliance = serving(&authority.expired("localhost")).await;
    let old = fault(appliance.base_tls("localhost"), &authority.file()).await;
    assert_eq!(old, TlsFault::Expired);
    let appliance = serving(&authority.not_yet_valid("localhost")).await;
    let new = fault(appliance.base_tls("localhost"), &authority.file()).await;
    assert_eq!(new, TlsFault::NotValidYet);
}

#[tokio::test]
async fn an_unknown_authority_is_refused() {
    let appliance = serving(&Authority::new().server("localhost")).await;
    let fault = fault(appliance.base_tls("localhost"), &Authority::new().file()).await;
    assert_eq!(fault, TlsFault::UnknownIssuer);
    assert_eq!(appliance.seen().len(), 0);
}

#[tokio::test]
async fn the_platform_does_not_know_a_private_authority() {
    let appliance = serving(&Authority::new().server("localhost")).await;
    let client = Client::new(settings(appliance.base_tls("localhost"))).unwrap();
    let error = client.call(&a_drop()).await.unwrap_err();
    // Either the platform has certificates and none of them fits, or it has none at all.
    let refused = matches!(
        &error,
        CallError::Transport(TransportError::Tls {
            fault: TlsFault::UnknownIssuer,
            ..
        }) | CallError::Setup(SetupError::NoPlatformCertificates { .. })
    );
    assert!(refused && !error.may_have_executed(), "{error}");
    assert_eq!(appliance.seen().len(), 0);
}

#[tokio::test]
async fn a_certificate_that_vouches_for_itself_is_trusted_where_the_file_holds_it() {
    let localhost = || vec!["localhost".to_owned()];
    let own = Authority::named(localhost(), |_| {});
    let appliance = serving(&own.as_server()).await;
    let base = appliance.base_tls("localhost");
    let client = Client::new(trusting(base.clone(), &own.file())).unwrap();
    client.call(&a_drop()).await.unwrap();

    // The same in every word but its key.
    let other = Authority::named(localhost(), |_| {});
    assert_eq!(
        fault(base.clone(), &other.file()).await,
        TlsFault::SelfSigned
    );
    // Under a name that it does not have.
    let fault_of_name = fault(appliance.base_tls("127.0.0.1"), &own.file()).await;
    assert!(matches!(fault_of_name, TlsFault::WrongName { .. }));
    // After its time.
    let old = Authority::named(localhost(), |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    let appliance = serving(&old.as_server()).await;
    let fault_of_time = fault(appliance.base_tls("localhost"), &old.file()).await;
    assert_eq!(fault_of_time, TlsFault::Expired);
    assert_eq!(appliance.seen().len(), 0);
}

#[tokio::test]
async fn the_file_may_hold_the_servers_own_certificate() {
    let authority = Authority::new();
    let issued = authority.server("localhost");
    let appliance = serving(&issued).await;
    let itself = file(&issued.certificate);
    let client = Client::new(trusting(appliance.base_tls("localhost"), &itself)).unwrap();
    client.call(&a_drop()).await.unwrap();

    let fault_of_name = fault(appliance.base_tls("127.0.0.1"), &itself).await;
    assert!(matches!(fault_of_name, TlsFault::WrongName { .. }));
    let sibling = file(&authority.server("localhost").certificate);
    let fault_of_key = fault(appliance.base_tls("localhost"), &sibling).await;
    assert_eq!(fault_of_key, TlsFault::UnknownIssuer);
    let old = authority.expired("localhost");
    let appliance = serving(&old).await;
    let fault_of_time = fault(appliance.base_tls("localhost"), &file(&old.certificate)).await;
    assert_eq!(fault_of_time, TlsFault::Expired);
}

#[tokio::test]
async fn a_body_whose_end_is_not_vouched_for_is_cut_off() {
    let authority = Authority::new();
    let config = server(&authority.server("localhost"), None);
    let whole = String::from_utf8(ok()).unwrap();
    let body = whole.split_once("\r\n\r\n").unwrap().1;
    let open_ended = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
    let ca = authority.file();
    for (end, whole) in [(Step::Close, true), (Step::Vanish, false)] {
        let (answer, config) = (open_ended.clone(), config.clone());
        let steps = vec![Step::Send(answer), end];
        let appliance = Appliance::start_tls(config, move |_| steps.clone()).await;
        let settings = trusting(appliance.base_tls("localhost"), &ca);
        let outcome = Client::new(settings).unwrap().call(&a_drop()).await;
        assert_eq!(outcome.is_ok(), whole, "{outcome:?}");
    }
}

#[tokio::test]
async fn plain_http_behind_https_is_named() {
    let appliance = Appliance::start(|_| vec![Step::Send(ok())]).await;
    let raw = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = raw.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt;
        let (mut stream, _) = raw.accept().await.unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let fault = fault(base, &Authority::new().file()).await;
    assert_eq!(fault, TlsFault::NotTls);
    drop(appliance);
}

#[tokio::test]
async fn a_server_that_knows_only_old_tls_is_refused() {
    let raw = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = raw.local_addr().unwrap();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let (mut stream, _) = raw.accept().await.unwrap();
        let mut hello = [0; 512];
        let _ = stream.read(&mut hello).await;
        // A fatal alert "protocol_version" (RFC 8446 section 6.2), as a TLS 1.1 server sends it.
        let _ = stream.write_all(b"\x15\x03\x02\x00\x02\x02\x46").await;
    });
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let fault = fault(base, &Authority::new().file()).await;
    assert!(matches!(fault, TlsFault::Incompatible { .. }), "{fault}");
}

#[tokio::test]
async fn an_empty_or_wrong_ca_file_is_an_error_before_any_call() {
    let base = BaseUrl::new("https://vault.example.com").unwrap();
    let key_only = Authority::new().client().key;
    for (text, part) in [
        ("", "empty"),
        ("\n\n", "empty"),
        ("hello", "no certificate"),
        (key_only.as_str(), "no certificate"),
        (
            "-----BEGIN CERTIFICATE-----\n%%%%\n-----END CERTIFICATE-----\n",
            "PEM",
        ),
        (
            "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n",
            "can't be read",
        ),
    ] {
        let error = Client::new(trusting(base.clone(), &file(text))).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains(part) && shown.contains("CA file"),
            "{text:?}: {shown}"
        );
    }
    let mut settings = settings(base);
    settings.trust = Trust::OnlyThese("/nonexistent/ca.pem".into());
    let error = Client::new(settings).unwrap_err();
    assert!(matches!(error, SetupError::Unreadable { .. }), "{error}");
}

#[tokio::test]
async fn a_client_certificate_is_presented_where_it_is_demanded() {
    let authority = Authority::new();
    let config = server(&authority.server("localhost"), Some(&authority));
    let appliance = Appliance::start_tls(config, |_| vec![Step::Send(ok())]).await;
    let issued = authority.client();
    let (certificate, key) = (file(&issued.certificate), file(&issued.key));
    let ca = authority.file();
    let mut settings = trusting(appliance.base_tls("localhost"), &ca);

    let without = Client::new(settings.clone()).unwrap();
    let error = without.call(&a_drop()).await.unwrap_err();
    assert!(error.is_auth() && !error.may_have_executed(), "{error}");
    assert!(error.to_string().contains("client certificate"), "{error}");

    settings.identity = Some(ClientIdentity {
        certificate: certificate.path().to_owned(),
        key: key.path().to_owned(),
    });
    Client::new(settings)
        .unwrap()
        .call(&a_drop())
        .await
        .unwrap();
    assert_eq!(appliance.seen().len(), 1);
}

#[tokio::test]
async fn a_client_key_that_does_not_fit_is_an_error_before_any_call() {
    let authority = Authority::new();
    let ca = authority.file();
    let (one, other) = (authority.client(), authority.client());
    let certificate = file(&one.certificate);
    let base = BaseUrl::new("https://vault.example.com").unwrap();
    for (key, part) in [
        (file(&other.key), "does not belong"),
        (file(&one.certificate), "no private key"),
        (file(""), "no private key"),
    ] {
        let mut settings = trusting(base.clone(), &ca);
        settings.identity = Some(ClientIdentity {
            certificate: certificate.path().to_owned(),
            key: key.path().to_owned(),
        });
        let error = Client::new(settings).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("client key"),
            "{error}"
        );
    }
}
