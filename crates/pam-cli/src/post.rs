//! A body, posted to one URL until it is taken.

use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Request, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use pam_proto::Secret;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsConnector;

/// How long is waited after the first attempt; each time it is twice as long.
const PATIENCE: Duration = Duration::from_millis(250);
/// The longest that is waited between two attempts, unless the receiver asks for more.
const PATIENCE_MAX: Duration = Duration::from_secs(5);

/// Where bodies are posted to. Its certificate is verified; a redirect is not followed.
pub(crate) struct Receiver {
    url: Uri,
    host: String,
    port: u16,
    tls: Option<(ServerName<'static>, Arc<ClientConfig>)>,
    bearer: Option<HeaderValue>,
}

/// Why a body was not taken.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// It was refused for good.
    Refused(StatusCode),
    /// It was not taken in time.
    TooLate(String),
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                f.write_str("it does not let us in; check the token and the address we come from")
            }
            Self::Refused(StatusCode::NOT_FOUND) => {
                f.write_str("it knows no such path (404); check the URL")
            }
            Self::Refused(status) => write!(f, "it refuses the alert ({status})"),
            Self::TooLate(last) => write!(f, "it did not take the alert in time: {last}"),
        }
    }
}

impl Receiver {
    /// The receiver at a URL, over TLS unless it is this machine.
    ///
    /// # Errors
    /// One line where the URL, the CA file or the token can't be used.
    pub(crate) fn new(
        url: &str,
        ca_file: Option<&Path>,
        bearer: Option<&Secret>,
    ) -> Result<Self, String> {
        let refuse = |why: &str| format!("the responder's URL {why}");
        let url: Uri = url
            .parse()
            .map_err(|_| refuse("is none; write it like https://responder.example.com/alerts"))?;
        let authority = url.authority().ok_or_else(|| refuse("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(refuse("must not hold a user or a password; use --token"));
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let tls = match url.scheme_str() {
            Some("https") => {
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|_| refuse("names no host that a certificate can name"))?;
                Some((name, Arc::new(client_config(ca_file)?)))
            }
            Some("http") if is_this_machine(&host) => None,
            Some("http") => {
                return Err(refuse(
                    "must begin with https://; http:// is for this machine alone",
                ));
            }
            _ => return Err(refuse("must begin with https://")),
        };
        let bearer = match bearer {
            Some(token) => {
                let header = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
                let mut header = header.map_err(|_| "the token can't be sent as a header")?;
                header.set_sensitive(true);
                Some(header)
            }
            None => None,
        };
        let default_port = if tls.is_some() { 443 } else { 80 };
        Ok(Self {
            port: url.port_u16().unwrap_or(default_port),
            host,
            url,
            tls,
            bearer,
        })
    }

    /// Posts JSON until it is taken, it is refused for good, or the deadline has passed. What is
    /// posted twice must be harmless: a lost answer looks like a lost request.
    pub(crate) async fn deliver(&self, body: &[u8], deadline: Instant) -> Result<(), NotTaken> {
        let mut patience = PATIENCE;
        loop {
            let (line, wished) = match timeout_at(deadline, self.post(body)).await {
                Err(_) => return Err(NotTaken::TooLate("it did not answer".to_owned())),
                Ok(Err(line)) => (line, None),
                Ok(Ok((status, _))) if status.is_success() => return Ok(()),
                Ok(Ok((status, wished))) if is_passing(status) => {
                    (format!("it answers {status}"), wished)
                }
                Ok(Ok((status, _))) => return Err(NotTaken::Refused(status)),
            };
            let pause = wished.unwrap_or(patience);
            if Instant::now() + pause >= deadline {
                return Err(NotTaken::TooLate(line));
            }
            sleep(pause).await;
            patience = (patience * 2).min(PATIENCE_MAX);
        }
    }

    /// One attempt: the status, and how long the receiver asks to wait.
    async fn post(&self, body: &[u8]) -> Result<(StatusCode, Option<Duration>), String> {
        let address = format!("{}:{}", self.host, self.port);
        let unconnected = |error| format!("can't connect to {address}: {error}");
        let tcp = TcpStream::connect((self.host.as_str(), self.port));
        let tcp = tcp.await.map_err(unconnected)?;
        match &self.tls {
            None => self.exchange(tcp, body).await,
            Some((name, config)) => {
                let connector = TlsConnector::from(Arc::clone(config));
                let tls = connector.connect(name.clone(), tcp).await;
                let tls = tls.map_err(|error| format!("no trusted connection: {error}"))?;
                self.exchange(tls, body).await
            }
        }
    }

    async fn exchange(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        body: &[u8],
    ) -> Result<(StatusCode, Option<Duration>), String> {
        let lost = |error: hyper::Error| format!("the connection was lost: {error}");
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let path = self.url.path_and_query().map_or("/", |path| path.as_str());
        let host = self
            .url
            .authority()
            .map_or("", |authority| authority.as_str());
        let mut request = Request::post(path)
            .header(HOST, host)
            .header(USER_AGENT, concat!("pamctl/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/json");
        if let Some(bearer) = &self.bearer {
            request = request.header(AUTHORIZATION, bearer);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body)))
            .map_err(|error| error.to_string())?;
        let response = beside(connection, sender.send_request(request)).await;
        let response = response.map_err(lost)?;
        let wished = response.headers().get(RETRY_AFTER);
        let wished = wished.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Ok((response.status(), wished.map(Duration::from_secs)))
    }
}

/// Drives a connection until the answer is there.
async fn beside<T, E>(connection: impl Future<Output = E>, answer: impl Future<Output = T>) -> T {
    let mut connection = std::pin::pin!(connection);
    let mut answer = std::pin::pin!(answer);
    let mut is_open = true;
    std::future::poll_fn(|context| {
        if is_open && connection.as_mut().poll(context).is_ready() {
            is_open = false;
        }
        answer.as_mut().poll(context)
    })
    .await
}

/// Whether a later attempt may succeed.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT
        )
}

fn is_this_machine(host: &str) -> bool {
    let ip = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || ip.is_ok_and(|ip| ip.is_loopback())
}

/// TLS 1.2 and 1.3 with the certificates in a file and no others, or those of the platform.
fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let place = match ca_file {
        Some(path) => {
            let certificates = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
            let certificates: Vec<_> = certificates
                .map_err(|error| format!("can't use the CA file {}: {error}", path.display()))?;
            roots.add_parsable_certificates(certificates);
            path.display().to_string()
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            "the platform's store".to_owned()
        }
    };
    if roots.is_empty() {
        return Err(format!("{place} holds no certificate to trust"));
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| format!("TLS can't be set up: {error}"))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_travels_in_the_clear() {
        for url in [
            "http://responder.example.com/alerts",
            "http://192.0.2.1/alerts",
            "ftp://localhost/",
            "https://user:secret@responder.example.com/",
            "/alerts",
            "",
        ] {
            assert!(Receiver::new(url, None, None).is_err(), "{url}");
        }
        for url in [
            "http://localhost:8080/alerts",
            "http://[::1]/",
            "http://127.0.0.1/",
        ] {
            assert!(Receiver::new(url, None, None).is_ok(), "{url}");
        }
    }
}
