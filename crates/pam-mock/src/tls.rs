//! TLS with a private CA that is made at the start and forgotten at the end.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Whether callers show a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClientCertificates {
    /// They are not asked for one.
    #[default]
    Ignored,
    /// They are asked, and may go without: an authorization that names one refuses them then.
    Requested,
    /// No connection comes about without one of the mock's own CA.
    Required,
}

/// What is wrong with the mock's own certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ServerCertificate {
    /// Nothing: it is good for `localhost`, `127.0.0.1`, `::1` and the names given.
    #[default]
    Good,
    /// It expired in 2020.
    Expired,
    /// It is for `elsewhere.example.com`.
    OtherName,
    /// It signed itself; the CA of the mock has nothing to do with it.
    SelfSigned,
}

/// A client certificate with its key, both in PEM.
#[derive(Clone)]
pub struct ClientIdentity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key.
    pub key_pem: String,
    /// The certificate's DER form.
    pub certificate_der: Vec<u8>,
}

impl std::fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// TLS that can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The certificates can't be made.
    #[error("the mock's certificates can't be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// They can't be used.
    #[error("the mock's certificates can't be used: {0}")]
    Configuration(#[from] rustls::Error),
    /// The verification of client certificates can't be set up.
    #[error("client certificates can't be verified: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The server's side of TLS, and what its clients need.
pub(crate) struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    pub(crate) client: ClientIdentity,
}

impl Tls {
    pub(crate) fn new(
        names: &[String],
        certificate: ServerCertificate,
        clients: ClientCertificates,
    ) -> Result<Self, TlsError> {
        let ca = authority()?;
        let (chain, key) = leaf(names, certificate, &ca)?;
        let client = client(&ca)?;
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match clients {
            ClientCertificates::Ignored => builder.with_no_client_auth(),
            ClientCertificates::Requested | ClientCertificates::Required => {
                let mut roots = RootCertStore::empty();
                roots.add(ca.der().clone())?;
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = match clients {
                    ClientCertificates::Requested => verifier.allow_unauthenticated(),
                    _ => verifier,
                };
                builder.with_client_cert_verifier(verifier.build()?)
            }
        };
        let mut config = builder.with_single_cert(chain, key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            ca_pem: ca.pem(),
            client,
        })
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, TlsError> {
    let mut params = named("pam-mock private CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn leaf(
    names: &[String],
    certificate: ServerCertificate,
    ca: &CertifiedIssuer<'static, KeyPair>,
) -> Result<ChainAndKey, TlsError> {
    let own = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut subjects: Vec<String> = own.into_iter().chain(names.iter().cloned()).collect();
    if certificate == ServerCertificate::OtherName {
        subjects = vec!["elsewhere.example.com".to_owned()];
    }
    subjects.sort();
    subjects.dedup();
    let mut params = CertificateParams::new(subjects)?;
    params.distinguished_name = named("pam-mock").distinguished_name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    if certificate == ServerCertificate::Expired {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate()?;
    let signed = match certificate {
        ServerCertificate::SelfSigned => params.self_signed(&key)?,
        _ => params.signed_by(&key, ca)?,
    };
    let der = PrivatePkcs8KeyDer::from(key.serialize_der());
    Ok((vec![signed.der().clone()], der.into()))
}

fn client(ca: &CertifiedIssuer<'static, KeyPair>) -> Result<ClientIdentity, TlsError> {
    let mut params = named("pam-mock client");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let signed = params.signed_by(&key, ca)?;
    Ok(ClientIdentity {
        certificate_pem: signed.pem(),
        key_pem: key.serialize_pem(),
        certificate_der: signed.der().to_vec(),
    })
}

/// Whether a text can be a name in a certificate: a host name or an address.
pub(crate) fn is_name(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.parse::<IpAddr>().is_ok() || text.split('.').all(label)
}
