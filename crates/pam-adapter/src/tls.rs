//! Trust and identity: which certificates may vouch for the appliance, and which is ours.
//!
//! Verification can't be switched off, and a store without certificates is an error: an empty one
//! must never mean "trust everybody" (CVE-2016-11086 is a client that did).

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{SetupError, TlsFault};
use crate::presented::Presented;
use crate::self_signed::{SelfSignedToo, is_authority};
use crate::settings::{ClientIdentity, Trust};

const CA_FILE: &str = "the CA file";

/// TLS 1.2 and 1.3 with the given trust and identity. The provider is named, so that a crate
/// elsewhere in the tree can't choose another one for us.
pub(crate) fn client_config(
    trust: &Trust,
    identity: Option<&ClientIdentity>,
) -> Result<ClientConfig, SetupError> {
    config(verifier(trust)?, identity)
}

/// The same, and what the other side presents is kept, trusted or not.
pub(crate) fn watched_config(
    trust: &Trust,
    identity: Option<&ClientIdentity>,
) -> Result<(ClientConfig, Arc<Presented>), SetupError> {
    let presented = Arc::new(Presented::beside(verifier(trust)?));
    Ok((config(Arc::clone(&presented) as _, identity)?, presented))
}

fn verifier(trust: &Trust) -> Result<Arc<dyn ServerCertVerifier>, SetupError> {
    let webpki = |roots: RootCertStore| {
        let provider = Arc::new(aws_lc_rs::default_provider());
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()
    };
    match trust {
        Trust::Platform => webpki(platform_roots()?)
            .map(|webpki| webpki as _)
            .map_err(|error| SetupError::NoPlatformCertificates {
                reason: format!(": {error}"),
            }),
        Trust::OnlyThese(path) => {
            let trusted = certificates(CA_FILE, path)?;
            let webpki = webpki(file_roots(path, &trusted)?);
            let webpki = webpki.map_err(|error| SetupError::Unusable {
                what: CA_FILE,
                path: path.clone(),
                reason: error.to_string(),
            })?;
            Ok(Arc::new(SelfSignedToo { webpki, trusted }))
        }
    }
}

fn config(
    verifier: Arc<dyn ServerCertVerifier>,
    identity: Option<&ClientIdentity>,
) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        // Called so because a verifier can be written that verifies nothing.
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let Some(identity) = identity else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("the client certificate", &identity.certificate)?;
    let key = private_key(&identity.key)?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|error| SetupError::Unusable {
            what: "the client key",
            path: identity.key.clone(),
            reason: match error {
                rustls::Error::InconsistentKeys(_) => {
                    "it does not belong to the client certificate".to_owned()
                }
                error => error.to_string(),
            },
        })
}

fn platform_roots() -> Result<RootCertStore, SetupError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // A platform's store may hold certificates that webpki can't read; the others count.
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reason = found.errors.first().map(|error| format!(": {error}"));
        return Err(SetupError::NoPlatformCertificates {
            reason: reason.unwrap_or_default(),
        });
    }
    Ok(roots)
}

fn file_roots(
    path: &Path,
    trusted: &[CertificateDer<'static>],
) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in trusted {
        roots
            .add(certificate.clone())
            .map_err(|error| SetupError::Unusable {
                what: CA_FILE,
                path: path.to_owned(),
                reason: format!("a certificate in it can't be read ({error})"),
            })?;
    }
    Ok(roots)
}

/// At least one certificate from a PEM file.
fn certificates(
    what: &'static str,
    path: &Path,
) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let unusable = |reason: &str| SetupError::Unusable {
        what,
        path: path.to_owned(),
        reason: reason.to_owned(),
    };
    let text = read(what, path)?;
    if text.trim_ascii().is_empty() {
        return Err(unusable("it is empty; give a PEM file with a certificate"));
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(unusable(
            "it holds no certificate; give a PEM file with a BEGIN CERTIFICATE line",
        )),
        Ok(found) => Ok(found),
        Err(_) => Err(unusable("it is not well-formed PEM")),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, SetupError> {
    const WHAT: &str = "the client key";
    let text = zeroize::Zeroizing::new(read(WHAT, path)?);
    PrivateKeyDer::from_pem_slice(&text).map_err(|_| SetupError::Unusable {
        what: WHAT,
        path: path.to_owned(),
        reason: "it holds no private key that is not encrypted; \
                 give a PEM file with a BEGIN PRIVATE KEY line"
            .to_owned(),
    })
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, SetupError> {
    fs::read(path).map_err(|cause| SetupError::Unreadable {
        what,
        path: path.to_owned(),
        cause: cause.to_string(),
    })
}

/// What a failed handshake was about.
#[must_use]
pub fn handshake_fault(error: &io::Error) -> TlsFault {
    match rustls_error(error) {
        Some(error) => fault(error),
        None if is_hang_up(error.kind()) => TlsFault::Closed,
        None => TlsFault::Handshake {
            detail: error.to_string(),
        },
    }
}

/// The alert by which a server refuses our certificate. With TLS 1.3 it arrives after our side
/// has finished the handshake, in the place of an answer (RFC 8446 section 4.4.2.4).
#[must_use]
pub fn refused_identity(error: &io::Error) -> Option<TlsFault> {
    let fault = fault(rustls_error(error)?);
    matches!(fault, TlsFault::ClientCertificate { .. }).then_some(fault)
}

/// Whether this is how a connection reads that the other side has closed.
#[must_use]
pub fn is_hang_up(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
    )
}

fn rustls_error(error: &io::Error) -> Option<&rustls::Error> {
    let inner = error.get_ref()?;
    inner
        .downcast_ref()
        .or_else(|| inner.source()?.downcast_ref())
}

fn fault(error: &rustls::Error) -> TlsFault {
    use rustls::Error as E;
    match error {
        error if is_authority(error) => TlsFault::SelfSigned,
        E::InvalidCertificate(error) => certificate_fault(error),
        E::AlertReceived(alert) => alert_fault(*alert),
        E::PeerIncompatible(detail) => TlsFault::Incompatible {
            detail: format!("{detail:?}"),
        },
        E::InvalidMessage(_) | E::PeerSentOversizedRecord => TlsFault::NotTls,
        error => TlsFault::Handshake {
            detail: error.to_string(),
        },
    }
}

fn certificate_fault(error: &CertificateError) -> TlsFault {
    use CertificateError as C;
    match error {
        C::NotValidForName => TlsFault::WrongName {
            presented: Vec::new(),
        },
        C::NotValidForNameContext { presented, .. } => TlsFault::WrongName {
            presented: presented.iter().map(|name| presented_name(name)).collect(),
        },
        C::Expired | C::ExpiredContext { .. } => TlsFault::Expired,
        C::NotValidYet | C::NotValidYetContext { .. } => TlsFault::NotValidYet,
        // An authority of the right name with another key is what a renewed one leaves behind.
        C::UnknownIssuer | C::BadSignature => TlsFault::UnknownIssuer,
        error => TlsFault::Certificate {
            detail: error.to_string(),
        },
    }
}

fn alert_fault(alert: AlertDescription) -> TlsFault {
    use AlertDescription as A;
    let name = format!("{alert:?}");
    match alert {
        // These are about the certificate that the alert's receiver presented (RFC 8446
        // section 6.2), and we are that.
        A::NoCertificate
        | A::BadCertificate
        | A::UnsupportedCertificate
        | A::CertificateRevoked
        | A::CertificateExpired
        | A::CertificateUnknown
        | A::UnknownCA
        | A::AccessDenied
        | A::CertificateRequired => TlsFault::ClientCertificate { alert: name },
        A::ProtocolVersion | A::HandshakeFailure | A::InsufficientSecurity => {
            TlsFault::Incompatible { detail: name }
        }
        _ => TlsFault::Handshake {
            detail: format!("the other side answered with the alert {name}"),
        },
    }
}

/// `vault.example.com` from webpki's `DnsName("vault.example.com")`. The text is the other
/// side's, so what does not belong into a name is dropped.
fn presented_name(name: &str) -> String {
    let inner = name
        .split_once('(')
        .and_then(|(_, rest)| rest.strip_suffix(')'))
        .unwrap_or(name);
    inner
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || ".-_:*".contains(*c))
        .take(253)
        .collect()
}
