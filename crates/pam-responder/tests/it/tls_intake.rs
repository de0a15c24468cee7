//! Alerts over TLS: HTTP and syslog (RFC 5425), with certificates of clients.

use std::path::Path;
use std::sync::Arc;

use pam_respond_core::End;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::fixture::{Bench, RULE, cef, webhook, write_private};

const LISTENERS: &str = r#"
journal = "journal.db"
socket = "control.sock"
admin = "127.0.0.1:0"
poll = "1s"
[http]
listen = "127.0.0.1:0"
tls_certificate = "server.pem"
tls_key = "server.key"
client_ca = "clients.pem"
[[webhook]]
name = "certificate"
path = "/certificate"
client_certificate = true
client_names = ["siem.example.com"]
[[webhook]]
name = "bearer"
path = "/bearer"
bearer_file = "token"
[[syslog]]
name = "tls"
transport = "tls"
listen = "127.0.0.1:0"
tls_certificate = "server.pem"
tls_key = "server.key"
client_ca = "clients.pem"
"#;

struct Authority(Issuer<'static, KeyPair>, String);

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self(Issuer::new(params, key), pem)
    }

    /// Certificate and key, both as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

/// The authorities of servers and of clients, and a stranger.
struct Authorities {
    servers: Authority,
    clients: Authority,
    strangers: Authority,
}

impl Authorities {
    fn new() -> Self {
        Self {
            servers: Authority::new(),
            clients: Authority::new(),
            strangers: Authority::new(),
        }
    }

    fn write(&self, folder: &Path) {
        let (certificate, key) = self.servers.issue("localhost");
        std::fs::write(folder.join("server.pem"), certificate).unwrap();
        write_private(&folder.join("server.key"), &key);
        std::fs::write(folder.join("clients.pem"), &self.clients.1).unwrap();
    }

    /// A client that shows this certificate, or none.
    fn connector(&self, shown: Option<(String, String)>) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.servers.1.as_bytes()).unwrap();
        roots.add(root).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match shown {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        TlsConnector::from(Arc::new(config))
    }
}

/// Sends over TLS and returns what came back; an error where the connection was refused.
async fn send(
    bench: &Bench,
    listener: &str,
    connector: &TlsConnector,
    bytes: &[u8],
) -> std::io::Result<String> {
    let stream = TcpStream::connect(bench.address(listener)).await?;
    let name = "localhost".try_into().unwrap();
    let mut stream = connector.connect(name, stream).await?;
    stream.write_all(bytes).await?;
    if listener != "http" {
        stream.shutdown().await?;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn post(path: &str, user: &str) -> String {
    let body = webhook(&format!("a-{user}"), user);
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer correct horse\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_asks_for_a_certificate_takes_the_right_one_alone() {
    let all = Authorities::new();
    let bench = Bench::configured(&format!("{LISTENERS}{RULE}"), |folder| all.write(folder)).await;
    let (right, other_name, stranger) = (
        all.connector(Some(all.clients.issue("siem.example.com"))),
        all.connector(Some(all.clients.issue("printer.example.com"))),
        all.connector(Some(all.strangers.issue("siem.example.com"))),
    );
    let none = all.connector(None);
    let request = post("/certificate", "alice");
    let mut refused = 0;
    for connector in [&none, &other_name] {
        let answer = send(&bench, "http", connector, request.as_bytes()).await;
        assert!(answer.unwrap().starts_with("HTTP/1.1 401"));
        refused += 1;
    }
    let shaken = send(&bench, "http", &stranger, request.as_bytes()).await;
    assert!(shaken.is_err(), "{shaken:?}");
    assert_eq!(bench.running(), ["alice", "bob", "ceo"]);
    let answer = send(&bench, "http", &right, request.as_bytes()).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 202"));
    bench.until_running(&["bob", "ceo"]).await;
    // Another source of the same listener asks for a token instead.
    let request = post("/bearer", "bob");
    let answer = send(&bench, "http", &none, request.as_bytes()).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 202"));
    bench.until_running(&["ceo"]).await;
    println!("HTTP over TLS: {refused} wrong certificates got 401, 1 no connection, 2 were taken");
    bench.service.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn syslog_over_tls_takes_no_one_without_a_certificate() {
    let all = Authorities::new();
    let bench = Bench::configured(&format!("{LISTENERS}{RULE}"), |folder| all.write(folder)).await;
    let frame = |user: &str| {
        let message = cef(user);
        format!("{} {message}", message.len())
    };
    for shown in [None, Some(all.strangers.issue("siem.example.com"))] {
        let connector = all.connector(shown);
        // In TLS 1.3 a client hears of the refusal when it reads.
        let answer = send(&bench, "tls", &connector, frame("alice").as_bytes()).await;
        assert!(answer.is_err(), "{answer:?}");
    }
    let refused = "requests_refused_total{reason=\"handshake\"} 2";
    let metrics = bench.metrics_saying(refused).await;
    assert!(!metrics.contains("alerts_received_total"), "{metrics}");
    assert_eq!(bench.running(), ["alice", "bob", "ceo"]);
    let right = all.connector(Some(all.clients.issue("siem.example.com")));
    // Two messages in one connection, as RFC 5425 counts them.
    let both = format!("{}{}", frame("alice"), frame("bob"));
    let answer = send(&bench, "tls", &right, both.as_bytes()).await;
    assert_eq!(answer.unwrap(), "");
    bench.until_running(&["ceo"]).await;
    assert_eq!(
        [bench.ends(1).await, bench.ends(2).await],
        [[End::Terminated]; 2]
    );
    println!("syslog over TLS: 2 wrong certificates refused, 2 messages of the right one taken");
    bench.service.shutdown().await;
}

/// The hello of a client of this version (RFC 5246 section 7.4.1.2): two suites, the curves and the
/// signatures that go with them.
fn hello(version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, 4, 0xc0, 0x2b, 0xc0, 0x2f]);
    hello.extend([1, 0]);
    let extensions = [
        0, 10, 0, 4, 0, 2, 0, 23, // supported_groups: secp256r1
        0, 13, 0, 4, 0, 2, 4, 3, // signature_algorithms: ecdsa_secp256r1_sha256
    ];
    hello.extend([0, 16]);
    hello.extend(extensions);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![0x16, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_1_1_is_refused() {
    let all = Authorities::new();
    let bench = Bench::configured(&format!("{LISTENERS}{RULE}"), |folder| all.write(folder)).await;
    let answer = async |listener, version| {
        let mut stream = TcpStream::connect(bench.address(listener)).await.unwrap();
        stream.write_all(&hello(version)).await.unwrap();
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await.unwrap();
        answer
    };
    for listener in ["http", "tls"] {
        // The same hello is taken of a client of TLS 1.2.
        assert_eq!(answer(listener, [3, 3]).await[0], 0x16, "{listener}");
        // An alert, fatal, protocol_version.
        let refused = answer(listener, [3, 2]).await;
        assert_eq!(
            (refused[0], &refused[5..]),
            (0x15, &[2, 70][..]),
            "{listener}"
        );
    }
    println!("TLS 1.1: refused with protocol_version on 2 of 2 listeners");
    bench.service.shutdown().await;
}
