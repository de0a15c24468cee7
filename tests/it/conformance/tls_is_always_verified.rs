use pam_adapter::{
    CallError, ClientIdentity, Settings, SetupError, TlsFault, TransportError, Trust,
};
use pam_proto::BaseUrl;
use tempfile::NamedTempFile;

use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, ok, settings};
use super::certificates::{Authority, Issued, file, server};

fn serving(issued: &Issued) -> Appliance {
    Appliance::start_tls(server(issued, None), |_| vec![Step::Send(ok())])
}

fn trusting(base: BaseUrl, ca: &NamedTempFile) -> Settings {
    let mut settings = settings(base);
    settings.trust = Trust::OnlyThese(ca.path().to_owned());
    settings
}

fn fault<A: Adapter>(base: BaseUrl, ca: &NamedTempFile) -> TlsFault {
    let client = A::new(trusting(base, ca)).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(!error.may_have_executed(), "{error}");
    assert!(error.is_unreachable(), "{error}");
    assert_eq!(error.to_string().lines().count(), 1, "{error}");
    match error {
        CallError::Transport(TransportError::Tls { fault, .. }) => fault,
        error => panic!("{error}"),
    }
}

pub(super) fn the_right_name_under_the_right_authority_is_trusted<A: Adapter>() {
    let authority = Authority::new();
    for host in ["localhost", "127.0.0.1"] {
        let appliance = serving(&authority.server(host));
        let client = A::new(trusting(appliance.base_tls(host), &authority.file())).unwrap();
        client.call(&a_drop()).unwrap();
        client.call(&a_drop()).unwrap();
        assert_eq!(appliance.connections(), 1);
    }
}

pub(super) fn another_name_is_refused_and_named<A: Adapter>() {
    let authority = Authority::new();
    let appliance = serving(&authority.server("vault.example.com"));
    let fault = fault::<A>(appliance.base_tls("localhost"), &authority.file());
    assert_eq!(
        fault,
        TlsFault::WrongName {
            presented: vec!["vault.example.com".to_owned()]
        }
    );
    assert_eq!(appliance.seen().len(), 0);
}

pub(super) fn a_certificate_out_of_its_time_is_refused<A: Adapter>() {
    let authority = Authority::new();
    let appliance = serving(&authority.expired("localhost"));
    let old = fault::<A>(appliance.base_tls("localhost"), &authority.file());
    assert_eq!(old, TlsFault::Expired);
    let appliance = serving(&authority.not_yet_valid("localhost"));
    let new = fault::<A>(appliance.base_tls("localhost"), &authority.file());
    assert_eq!(new, TlsFault::NotValidYet);
}

pub(super) fn an_unknown_authority_is_refused<A: Adapter>() {
    let appliance = serving(&Authority::new().server("localhost"));
    let fault = fault::<A>(appliance.base_tls("localhost"), &Authority::new().file());
    assert_eq!(fault, TlsFault::UnknownIssuer);
    assert_eq!(appliance.seen().len(), 0);
}

pub(super) fn the_platform_does_not_know_a_private_authority<A: Adapter>() {
    let appliance = serving(&Authority::new().server("localhost"));
    let client = A::new(settings(appliance.base_tls("localhost"))).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
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

pub(super) fn a_certificate_that_vouches_for_itself_is_trusted_where_the_file_holds_it<
    A: Adapter,
>() {
    let localhost = || vec!["localhost".to_owned()];
    let own = Authority::named(localhost(), |_| {});
    let appliance = serving(&own.as_server());
    let base = appliance.base_tls("localhost");
    let client = A::new(trusting(base.clone(), &own.file())).unwrap();
    client.call(&a_drop()).unwrap();

    // The same in every word but its key.
    let other = Authority::named(localhost(), |_| {});
    assert_eq!(
        fault::<A>(base.clone(), &other.file()),
        TlsFault::SelfSigned
    );
    // Under a name that it does not have.
    let fault_of_name = fault::<A>(appliance.base_tls("127.0.0.1"), &own.file());
    assert!(matches!(fault_of_name, TlsFault::WrongName { .. }));
    // After its time.
    let old = Authority::named(localhost(), |params| {
        params.not_before = rcgen::date_time_ymd(2019, 1, 1);
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    let appliance = serving(&old.as_server());
    let fault_of_time = fault::<A>(appliance.base_tls("localhost"), &old.file());
    assert_eq!(fault_of_time, TlsFault::Expired);
    assert_eq!(appliance.seen().len(), 0);
}

pub(super) fn the_file_may_hold_the_servers_own_certificate<A: Adapter>() {
    let authority = Authority::new();
    let issued = authority.server("localhost");
    let appliance = serving(&issued);
    let itself = file(&issued.certificate);
    let client = A::new(trusting(appliance.base_tls("localhost"), &itself)).unwrap();
    client.call(&a_drop()).unwrap();

    let fault_of_name = fault::<A>(appliance.base_tls("127.0.0.1"), &itself);
    assert!(matches!(fault_of_name, TlsFault::WrongName { .. }));
    let sibling = file(&authority.server("localhost").certificate);
    let fault_of_key = fault::<A>(appliance.base_tls("localhost"), &sibling);
    assert_eq!(fault_of_key, TlsFault::UnknownIssuer);
    let old = authority.expired("localhost");
    let appliance = serving(&old);
    let fault_of_time = fault::<A>(appliance.base_tls("localhost"), &file(&old.certificate));
    assert_eq!(fault_of_time, TlsFault::Expired);
}

pub(super) fn a_body_whose_end_is_not_vouched_for_is_cut_off<A: Adapter>() {
    let authority = Authority::new();
    let config = server(&authority.server("localhost"), None);
    let whole = String::from_utf8(ok()).unwrap();
    let body = whole.split_once("\r\n\r\n").unwrap().1;
    let open_ended = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}").into_bytes();
    let ca = authority.file();
    for (end, whole) in [(Step::Close, true), (Step::Vanish, false)] {
        let (answer, config) = (open_ended.clone(), config.clone());
        let steps = vec![Step::Send(answer), end];
        let appliance = Appliance::start_tls(config, move |_| steps.clone());
        let settings = trusting(appliance.base_tls("localhost"), &ca);
        let outcome = A::new(settings).unwrap().call(&a_drop());
        assert_eq!(outcome.is_ok(), whole, "{outcome:?}");
    }
}

pub(super) fn plain_http_behind_https_is_named<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Send(ok())]);
    let raw = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = raw.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::Write as _;
        let (mut stream, _) = raw.accept().unwrap();
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let fault = fault::<A>(base, &Authority::new().file());
    assert_eq!(fault, TlsFault::NotTls);
    drop(appliance);
}

pub(super) fn a_server_that_knows_only_old_tls_is_refused<A: Adapter>() {
    let raw = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = raw.local_addr().unwrap();
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = raw.accept().unwrap();
        let mut hello = [0; 512];
        let _ = stream.read(&mut hello);
        // A fatal alert "protocol_version" (RFC 8446 section 6.2), as a TLS 1.1 server sends it.
        let _ = stream.write_all(b"\x15\x03\x02\x00\x02\x02\x46");
    });
    let base = BaseUrl::new(&format!("https://{address}")).unwrap();
    let fault = fault::<A>(base, &Authority::new().file());
    assert!(matches!(fault, TlsFault::Incompatible { .. }), "{fault}");
}

pub(super) fn an_empty_or_wrong_ca_file_is_an_error_before_any_call<A: Adapter>() {
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
        let error = A::new(trusting(base.clone(), &file(text))).unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.contains(part) && shown.contains("CA file"),
            "{text:?}: {shown}"
        );
    }
    let mut settings = settings(base);
    settings.trust = Trust::OnlyThese("/nonexistent/ca.pem".into());
    let error = A::new(settings).unwrap_err();
    assert!(matches!(error, SetupError::Unreadable { .. }), "{error}");
}

pub(super) fn a_client_certificate_is_presented_where_it_is_demanded<A: Adapter>() {
    let authority = Authority::new();
    let config = server(&authority.server("localhost"), Some(&authority));
    let appliance = Appliance::start_tls(config, |_| vec![Step::Send(ok())]);
    let issued = authority.client();
    let (certificate, key) = (file(&issued.certificate), file(&issued.key));
    let ca = authority.file();
    let mut settings = trusting(appliance.base_tls("localhost"), &ca);

    let without = A::new(settings.clone()).unwrap();
    let error = without.call(&a_drop()).unwrap_err();
    assert!(error.is_auth() && !error.may_have_executed(), "{error}");
    assert!(error.to_string().contains("client certificate"), "{error}");

    settings.identity = Some(ClientIdentity {
        certificate: certificate.path().to_owned(),
        key: key.path().to_owned(),
    });
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    assert_eq!(appliance.seen().len(), 1);
}

pub(super) fn a_client_key_that_does_not_fit_is_an_error_before_any_call<A: Adapter>() {
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
        let error = A::new(settings).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains("client key"),
            "{error}"
        );
    }
}
