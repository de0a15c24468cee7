//! Every recipe of `docs/deploy/senders.md`: its configuration has no mistake, and its sample ends
//! the session that it means and no other.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pam_mock::{MockAppliance, NewSession};
use pam_proto::oauth1::Credentials;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::Sha256;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::conformance::certificates::{Authority, Issued};

const PAGE: &str = include_str!("../../docs/deploy/senders.md");

/// What is not the recipe's.
const BASE: &str = "journal = \"journal.db\"\nsocket = \"control\"\npoll = \"1s\"\n";

/// Long enough for any secret, and a login where one is asked for.
const SECRET: &str = "pamctl:correct-horse-battery-staple";

/// A part of the page: its fenced blocks by what stands behind the fence.
struct Recipe<'p> {
    name: &'p str,
    blocks: Vec<(&'p str, &'p str)>,
}

impl<'p> Recipe<'p> {
    fn all() -> Vec<Recipe<'p>> {
        let parts = PAGE.split("\n## ");
        let recipes = parts.map(|part| {
            let (name, text) = part.split_once('\n').unwrap();
            let fenced = text.split("\n```").skip(1).step_by(2);
            let blocks = fenced.map(|block| block.split_once('\n').unwrap_or((block, "")));
            let blocks = blocks.collect();
            Recipe { name, blocks }
        });
        recipes.collect()
    }

    fn block(&self, kind: &str) -> Option<&'p str> {
        let mut blocks = self.blocks.iter();
        blocks
            .find(|(info, _)| *info == kind)
            .map(|(_, text)| *text)
    }

    fn sample(&self) -> Option<&'p str> {
        self.block("json sample")
            .or_else(|| self.block("text sample"))
    }
}

/// Writes each file that a configuration names.
fn write_files(folder: &Path, recipe: &Recipe<'_>, config: &str, all: &Certificates) {
    fs::create_dir(folder.join("secrets")).unwrap();
    fs::create_dir(folder.join("tls")).unwrap();
    let private = |name: &str, text: &str| {
        fs::write(folder.join(name), text).unwrap();
        fs::set_permissions(folder.join(name), Permissions::from_mode(0o600)).unwrap();
    };
    for name in config
        .split('"')
        .filter(|text| text.starts_with("secrets/"))
    {
        private(name, SECRET);
    }
    private("secrets/tls-key", &all.responder.key);
    fs::write(folder.join("tls/responder.pem"), &all.responder.certificate).unwrap();
    fs::write(folder.join("tls/relays-ca.pem"), all.authority.pem()).unwrap();
    for (info, text) in &recipe.blocks {
        if let Some(name) = info.strip_prefix("toml ") {
            fs::write(folder.join(name), text).unwrap();
        }
    }
}

struct Certificates {
    authority: Authority,
    responder: Issued,
}

impl Certificates {
    /// A client that trusts the responder's authority and shows a certificate of it.
    fn connector(&self) -> TlsConnector {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(self.authority.pem().as_bytes()).unwrap();
        roots.add(root).unwrap();
        let client = self.authority.client();
        let chain = vec![CertificateDer::from_pem_slice(client.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(client.key.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .unwrap();
        TlsConnector::from(Arc::new(config))
    }
}

/// A responder that ends with the test.
struct Responder {
    child: Child,
    address: SocketAddr,
}

impl Responder {
    /// Starts it, and finds where the listener of this name is.
    fn start(mock: &MockAppliance, folder: &Path, listener: &str) -> Self {
        let oauth: &Credentials = mock.oauth1();
        let token = oauth.token.as_ref().unwrap();
        let mut child = Command::new(tests::pamctl().unwrap())
            .args(["respond", "run", "--config"])
            .arg(folder.join("responder.toml"))
            .env_clear()
            .env("PAM_URL", mock.base_url().to_string())
            .env("PAM_CA_FILE", folder.join("mock-ca.pem"))
            .env("PAM_CONSUMER_KEY", &oauth.consumer_key)
            .env("PAM_CONSUMER_SECRET", oauth.consumer_secret.expose())
            .env("PAM_TOKEN", &token.key)
            .env("PAM_TOKEN_SECRET", token.secret.expose())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stderr.take().unwrap());
        let sought = format!("{listener} listens on ");
        let mut address = None;
        let mut lines = said.lines();
        for line in lines.by_ref().map_while(Result::ok) {
            if let Some((_, found)) = line.split_once(&sought) {
                address = Some(found.trim().parse().unwrap());
                break;
            }
        }
        // It must never wait for somebody to read what it says.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            address: address.expect("the responder listens"),
            child,
        }
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The request of a sender that is set up as the configuration says.
fn request(webhook: &toml::Value, body: &str) -> String {
    let text = |key: &str| webhook.get(key).and_then(toml::Value::as_str);
    let mut path = text("path").unwrap().to_owned();
    let mut headers = String::new();
    if text("bearer_file").is_some() {
        headers.push_str(&format!("Authorization: Bearer {SECRET}\r\n"));
    }
    if text("basic_file").is_some() {
        headers.push_str(&format!(
            "Authorization: Basic {}\r\n",
            STANDARD.encode(SECRET)
        ));
    }
    if let Some(name) = text("header") {
        headers.push_str(&format!("{name}: {SECRET}\r\n"));
    }
    if text("path_token_file").is_some() {
        path.push_str(&format!("/{SECRET}"));
    }
    if text("hmac") == Some("grafana") {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs();
        let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
        mac.update(format!("{now}:{body}").as_bytes());
        let mac = mac.finalize().into_bytes();
        let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
        let timestamp = text("hmac_timestamp_header").unwrap();
        headers.push_str(&format!(
            "{timestamp}: {now}\r\nX-Grafana-Alerting-Signature: {hex}\r\n"
        ));
    }
    format!(
        "POST {path} HTTP/1.1\r\nHost: responder.example.com\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// What comes back until the other end closes.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Sends the sample as the sender of this configuration does.
async fn send(config: &toml::Table, sample: &str, to: SocketAddr, tls: &TlsConnector) {
    let stream = TcpStream::connect(to).await.unwrap();
    let name = "responder.example.com".try_into().unwrap();
    if let Some(webhook) = config.get("webhook") {
        let stream = tls.connect(name, stream).await.unwrap();
        let answer = exchange(stream, request(&webhook[0], sample).as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        return;
    }
    let line = sample.trim_end();
    match config["syslog"][0]["transport"].as_str() {
        Some("tls") => {
            let mut stream = tls.connect(name, stream).await.unwrap();
            let framed = format!("{} {line}", line.len());
            stream.write_all(framed.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
        }
        _ => {
            let mut stream = stream;
            let framed = format!("{line}\n");
            stream.write_all(framed.as_bytes()).await.unwrap();
        }
    }
}

/// The user that every sample means on the device that it means, and others beside.
async fn mock() -> MockAppliance {
    let mut builder = MockAppliance::builder();
    for (user, device, origin) in [
        ("stlee", "192.0.2.7:22", "198.51.100.9"),
        ("stlee", "192.0.2.8:22", "198.51.100.10"),
        ("ana", "192.0.2.7:22", "198.51.100.9"),
    ] {
        builder = builder.session(NewSession {
            user: Some(user.to_owned()),
            device: Some(device.to_owned()),
            origin_ip: Some(origin.to_owned()),
            credential: Some("root".to_owned()),
            started_at: Some("2026-11-23 20:00:00".to_owned()),
            ..NewSession::default()
        });
    }
    builder.start().await.unwrap()
}

async fn holds(recipe: &Recipe<'_>, listener: &str, sample: &str) {
    let text = recipe.block("toml").unwrap();
    let parsed: toml::Table = text.parse().unwrap();
    let authority = Authority::new();
    let responder = authority.server("responder.example.com");
    let certificates = Certificates {
        authority,
        responder,
    };
    let folder = tempfile::tempdir().unwrap();
    let config = format!("{BASE}{listener}\n{text}");
    write_files(folder.path(), recipe, &config, &certificates);
    let file = folder.path().join("responder.toml");
    fs::write(&file, &config).unwrap();
    let check = Command::new(tests::pamctl().unwrap())
        .args(["respond", "check", "--config"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(check.status.success(), "{}: {check:?}", recipe.name);

    // On this machine, and in earnest.
    let lines = config.lines().map(|line| match line.split_once(" = ") {
        Some(("listen", _)) => "listen = \"127.0.0.1:0\"".to_owned(),
        Some(("networks", _)) => "networks = [\"127.0.0.0/8\"]".to_owned(),
        Some(("mode", _)) => "mode = \"armed\"".to_owned(),
        _ => line.to_owned(),
    });
    fs::write(&file, lines.collect::<Vec<_>>().join("\n")).unwrap();
    let mock = mock().await;
    fs::write(folder.path().join("mock-ca.pem"), mock.ca_pem().unwrap()).unwrap();
    let listener = match parsed.get("syslog") {
        Some(syslog) => syslog[0]["name"].as_str().unwrap(),
        None => "http",
    };
    let responder = Responder::start(&mock, folder.path(), listener);
    send(
        &parsed,
        sample,
        responder.address,
        &certificates.connector(),
    )
    .await;
    let ended = async {
        while mock.sessions().iter().all(|session| session.active) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let ended = tokio::time::timeout(Duration::from_secs(30), ended).await;
    assert!(ended.is_ok(), "{}: its session still runs", recipe.name);
    let active: Vec<_> = mock
        .sessions()
        .iter()
        .map(|session| session.active)
        .collect();
    assert_eq!(active, [false, true, true], "{}", recipe.name);
    let drops: u32 = mock.sessions().iter().map(|session| session.drops).sum();
    assert_eq!(drops, 1, "{}", recipe.name);
}

#[test]
fn every_recipe_ends_the_right_session_and_no_other() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let all = Recipe::all();
    let listener = all.iter().find(|recipe| recipe.sample().is_none());
    let listener = listener.and_then(|recipe| recipe.block("toml")).unwrap();
    let mut held = Vec::new();
    for recipe in &all {
        if let Some(sample) = recipe.sample() {
            runtime.block_on(holds(recipe, listener, sample));
            held.push(recipe.name);
        }
    }
    println!("{} recipes: {}", held.len(), held.join(", "));
    for name in [
        "Wazuh",
        "Splunk",
        "Elastic",
        "Microsoft Sentinel",
        "QRadar",
        "Alertmanager",
        "rsyslog",
    ] {
        assert!(held.contains(&name), "there is no recipe for {name}");
    }
    assert_eq!(held.len(), all.len() - 1, "a recipe has no sample");
}
