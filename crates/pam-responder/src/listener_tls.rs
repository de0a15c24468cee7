//! TLS of the listeners: 1.2 or newer, and client certificates where a CA for them is named.

use std::path::Path;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::{ServerConfig, WebPkiClientVerifier};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::Tls;
use crate::service::StartError;

/// Who may connect where a CA for clients is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    /// Only who shows a certificate of it.
    Known,
    /// Anybody; who shows a certificate must show one of it. Each source says what it asks for.
    Any,
}

pub(crate) fn acceptor(tls: &Tls, clients: Clients) -> Result<TlsAcceptor, StartError> {
    let chain = certificates(&tls.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| wrong(&tls.key, &error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(&tls.certificate, &error))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file)? {
                roots
                    .add(certificate)
                    .map_err(|error| wrong(file, &error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match clients {
                Clients::Known => verifier,
                Clients::Any => verifier.allow_unauthenticated(),
            };
            let verifier = verifier.build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong(file, &error))?)
        }
    };
    let config = builder.with_single_cert(chain, key);
    let config = config.map_err(|error| wrong(&tls.certificate, &error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, StartError> {
    let read = CertificateDer::pem_file_iter(file).map_err(|error| wrong(file, &error))?;
    let all: Result<Vec<_>, _> = read.collect();
    let all = all.map_err(|error| wrong(file, &error))?;
    if all.is_empty() {
        return Err(wrong(file, &"it holds no certificate"));
    }
    Ok(all)
}

fn wrong(file: &Path, what: &dyn std::fmt::Display) -> StartError {
    StartError::Tls {
        file: file.to_owned(),
        what: what.to_string(),
    }
}
