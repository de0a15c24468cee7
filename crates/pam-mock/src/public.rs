//! By which URL the mock was called, which is what a caller signs.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::HOST;
use http::uri::Scheme;
use http::{HeaderMap, Request};
use pam_proto::BaseUrl;
use pam_proto::oauth1::base_string::UriError;
use pam_proto::oauth1::verify::Origin;

/// How the mock is reached from outside.
#[derive(Debug, Clone)]
pub(crate) enum Public {
    /// By the scheme that it speaks and the host that callers name.
    Directly(Scheme),
    /// Under this URL, whatever a proxy made of it.
    At(BaseUrl),
    /// Through a proxy that says so in `X-Forwarded-…`.
    Forwarded(Scheme),
}

/// How one request was called.
pub(crate) struct Called {
    /// The path without the public prefix.
    pub(crate) path: String,
    /// What comes before the path that the request has.
    pub(crate) origin: Result<Origin, UriError>,
    /// The host, without its port.
    pub(crate) host: String,
    /// Scheme, host and prefix, for a URL that is handed out.
    pub(crate) base: String,
    /// Who calls.
    pub(crate) address: IpAddr,
}

impl Public {
    pub(crate) fn called(&self, request: &Request<Bytes>, peer: IpAddr) -> Called {
        let headers = request.headers();
        let header = |name: &str| text(headers, name);
        // A URL in the request line names its host itself (RFC 9112 section 3.2.2).
        let named = request.uri().authority().map(ToString::to_string);
        let host = named.or_else(|| header(HOST.as_str())).unwrap_or_default();
        let (scheme, host, prefix, address) = match self {
            Self::Directly(scheme) => (scheme.clone(), host, String::new(), peer),
            Self::At(base) => {
                let scheme = if base.is_https() {
                    Scheme::HTTPS
                } else {
                    Scheme::HTTP
                };
                let prefix = base.to_string();
                let prefix = prefix.split_once("://").map_or("", |(_, rest)| rest);
                let (host, prefix) = match prefix.find('/') {
                    Some(at) => prefix.split_at(at),
                    None => (prefix, ""),
                };
                (scheme, host.to_owned(), prefix.to_owned(), peer)
            }
            Self::Forwarded(own) => {
                let scheme = header("x-forwarded-proto").and_then(|scheme| scheme.parse().ok());
                let address = header("x-forwarded-for").and_then(|list| {
                    let nearest = list.rsplit(',').next()?;
                    nearest.trim().parse().ok()
                });
                (
                    scheme.unwrap_or_else(|| own.clone()),
                    header("x-forwarded-host").unwrap_or(host),
                    header("x-forwarded-prefix").unwrap_or_default(),
                    address.unwrap_or(peer),
                )
            }
        };
        let prefix = prefix.trim_end_matches('/');
        let path = request.uri().path();
        // A proxy takes the prefix away or leaves it.
        let inside = path
            .strip_prefix(prefix)
            .filter(|rest| !prefix.is_empty() && rest.starts_with('/'));
        let base = format!("{scheme}://{host}{prefix}");
        let origin = Origin::of_host(scheme, &host).map(|origin| match inside {
            Some(_) => origin,
            None => origin.with_prefix(prefix),
        });
        Called {
            path: inside.unwrap_or(path).to_owned(),
            origin,
            host: without_port(&host).to_owned(),
            base,
            address,
        }
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
