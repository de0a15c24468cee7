//! What the examples need that speak HTTP/1.1 with hyper: TLS, and the form of a request.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::vault::{Failed, Request};

/// What may go wrong.
pub type Fallible<T> = Result<T, Failed>;

/// Trusts these certificates and no others. The provider is named, so that no other crate in the
/// tree chooses one.
///
/// # Errors
/// When the text is not PEM, or a certificate in it can't be read.
pub fn tls(ca: &[u8]) -> Fallible<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The request as it goes over the wire of HTTP/1.1: the path alone, and the host in a header.
/// Most clients do this themselves.
///
/// # Errors
/// When its URL has no host.
pub fn wire_form(mut request: Request) -> Fallible<Request> {
    let host = request.uri().authority().ok_or("the URL has no host")?;
    let host = host.as_str().parse()?;
    request.headers_mut().insert(http::header::HOST, host);
    *request.uri_mut() = request.uri().path().parse()?;
    Ok(request)
}
