//! A small client: one connection a request, no opinion about the answers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use pam_mock::MockAppliance;
use pam_proto::oauth1::{Credentials, Signer, Stamp};
use rustls::RootCertStore;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

/// A caller of one mock.
#[derive(Clone)]
pub(crate) struct Client {
    address: SocketAddr,
    base: String,
    tls: Option<TlsConnector>,
    server_name: ServerName<'static>,
    pub(crate) credentials: Credentials,
}

impl Client {
    pub(crate) fn new(mock: &MockAppliance) -> Self {
        Self {
            address: mock.address(),
            base: mock.base_url().to_string(),
            tls: mock.ca_pem().map(|ca| connector(ca, None)),
            server_name: ServerName::from(mock.address().ip()),
            credentials: mock.oauth1().clone(),
        }
    }

    pub(crate) fn with_certificate(mock: &MockAppliance) -> Self {
        let identity = mock.client_identity().unwrap();
        let identity = (identity.certificate_pem.as_str(), identity.key_pem.as_str());
        Self {
            tls: Some(connector(mock.ca_pem().unwrap(), Some(identity))),
            ..Self::new(mock)
        }
    }

    pub(crate) fn with_keys(&self, credentials: &Credentials) -> Self {
        Self {
            credentials: credentials.clone(),
            ..self.clone()
        }
    }

    pub(crate) fn named(&self, name: &str) -> Self {
        let port = self.address.port();
        Self {
            base: format!("https://{name}:{port}"),
            server_name: ServerName::try_from(name.to_owned()).unwrap(),
            ..self.clone()
        }
    }

    pub(crate) fn trusting(&self, ca_pem: &str) -> Self {
        Self {
            tls: Some(connector(ca_pem, None)),
            ..self.clone()
        }
    }

    /// A request to this path, not signed.
    pub(crate) fn request(&self, method: Method, path: &str) -> Request<Vec<u8>> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        request.body(Vec::new()).unwrap()
    }

    pub(crate) fn sign_at(&self, request: Request<Vec<u8>>, time: u64) -> Request<Vec<u8>> {
        static NONCES: AtomicU64 = AtomicU64::new(0);
        let nonce = format!("n{}", NONCES.fetch_add(1, Ordering::Relaxed));
        let signer = Signer::new(&self.credentials).unwrap();
        signer.sign(request, &Stamp::new(time, nonce)).unwrap()
    }

    pub(crate) fn sign(&self, request: Request<Vec<u8>>) -> Request<Vec<u8>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        self.sign_at(request, now.as_secs())
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        let request = self.sign(self.request(Method::GET, path));
        self.send(request).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        let request = self.sign(self.request(Method::DELETE, path));
        self.send(request).await.unwrap()
    }

    pub(crate) async fn drop_session(&self, session_id: &str) -> Reply {
        self.delete(&format!("/api/pam/session/drop/{session_id}"))
            .await
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: &str) -> Reply {
        let request = self.body(path, content_type, body);
        self.send(self.sign(request)).await.unwrap()
    }

    /// A POST, not signed.
    pub(crate) fn body(&self, path: &str, content_type: &str, body: &str) -> Request<Vec<u8>> {
        let mut request = self.request(Method::POST, path);
        let content_type = content_type.parse().unwrap();
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        *request.body_mut() = body.as_bytes().to_vec();
        request
    }

    /// A request below `/_mock/`, which needs no signature.
    pub(crate) async fn mock(&self, method: Method, path: &str, body: &str) -> Reply {
        let mut request = self.request(method, &format!("/_mock/{path}"));
        *request.body_mut() = body.as_bytes().to_vec();
        self.send(request).await.unwrap()
    }

    pub(crate) async fn bearer(&self, method: Method, path: &str, token: &str) -> Reply {
        let mut request = self.request(method, path);
        let value = format!("Bearer {token}").parse().unwrap();
        request.headers_mut().insert(AUTHORIZATION, value);
        self.send(request).await.unwrap()
    }

    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Reply, Error> {
        let tcp = TcpStream::connect(self.address).await?;
        match &self.tls {
            Some(connector) => {
                let stream = connector.connect(self.server_name.clone(), tcp).await?;
                exchange(stream, request).await
            }
            None => exchange(tcp, request).await,
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    mut request: Request<Vec<u8>>,
) -> Result<Reply, Error> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    if !request.headers().contains_key(HOST) {
        let authority = request.uri().authority().unwrap().as_str().parse()?;
        request.headers_mut().insert(HOST, authority);
    }
    *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse()?;
    let response = sender
        .send_request(request.map(Full::<bytes::Bytes>::from))
        .await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    connection.abort();
    Ok(Reply {
        status: parts.status,
        headers: parts.headers,
        body,
    })
}

fn connector(ca_pem: &str, identity: Option<(&str, &str)>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match identity {
        Some((certificate, key)) => builder
            .with_client_auth_cert(
                vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
            )
            .unwrap(),
        None => builder.with_no_client_auth(),
    };
    TlsConnector::from(Arc::new(config))
}
