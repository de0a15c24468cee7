//! Errors by who is at fault: the settings, the request, the wire, or the appliance's answer.

use std::path::PathBuf;
use std::time::Duration;

use pam_proto::oauth1::SignError;
use pam_proto::{BuildError, Fault, ReplyError};

/// Settings that can't work.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// A certificate or key file can't be read.
    #[error("can't read {what} {}: {cause}", path.display())]
    Unreadable {
        /// What the file was to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// A certificate or key file was read and is of no use.
    #[error("{what} {} is unusable: {reason}", path.display())]
    Unusable {
        /// What the file was to be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The platform has no certificates to trust.
    #[error(
        "the platform's certificate store is empty or unreadable{reason}; \
         install the ca-certificates package or name the appliance's CA file"
    )]
    NoPlatformCertificates {
        /// What the platform said: empty, or `: ` and a reason.
        reason: String,
    },
    /// The TLS library refuses the configuration.
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
    /// A header value that HTTP can't carry.
    #[error("the {name} can't be sent as a header; use visible ASCII characters only")]
    Header {
        /// Which setting.
        name: &'static str,
    },
    /// Credentials that can't sign.
    #[error("the credentials can't be used: {0}")]
    Credentials(#[from] SignError),
    /// The host can't be a certificate's name.
    #[error("`{host}` is neither a host name nor an IP address that a certificate can name")]
    Host {
        /// The host.
        host: String,
    },
    /// The file that keeps the access token is not fit for it.
    #[error("the token cache {} can't be used: {reason}", path.display())]
    TokenCache {
        /// The file.
        path: PathBuf,
        /// What is wrong with it and what to do.
        reason: String,
    },
    /// The operating system gives no random bytes for nonces.
    #[error("the operating system gives no random bytes: {0}")]
    Randomness(getrandom::Error),
}

/// What happened on the wire. Each is one line with its cause and what to do about it.
///
/// Whether the request may have been carried out is not in the text, as it matters for some
/// requests only: ask [`may_have_executed`](Self::may_have_executed).
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The name has no address.
    #[error("can't find the address of {host}: {cause}; check the appliance's URL and the DNS")]
    Resolve {
        /// The host.
        host: String,
        /// Why.
        cause: String,
    },
    /// Nothing listens there.
    #[error(
        "{address} refused the connection; check the port in the appliance's URL and that the \
         appliance is up"
    )]
    Refused {
        /// Host and port.
        address: String,
    },
    /// The connection can't be made for another reason.
    #[error("can't connect to {address}: {cause}; check the network, VPN and firewall")]
    Connect {
        /// Host and port.
        address: String,
        /// Why.
        cause: String,
    },
    /// The connection was not made, or the TLS handshake not finished, in time.
    #[error(
        "no connection to {address} within {} s; check the network and firewall, or raise the \
         connect deadline", seconds(*.limit)
    )]
    ConnectTimeout {
        /// Host and port.
        address: String,
        /// The deadline.
        limit: Duration,
    },
    /// No TLS connection that can be trusted.
    #[error("no trusted connection to {host}: {fault}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        fault: TlsFault,
    },
    /// The connection ended before the request could be written to it.
    #[error("{address} closed the connection before the request was sent; try again")]
    ClosedBeforeRequest {
        /// Host and port.
        address: String,
    },
    /// The connection ended before an answer began.
    #[error("the connection was lost before the appliance answered: {cause}")]
    ClosedBeforeReply {
        /// How it was lost.
        cause: String,
    },
    /// The connection ended in the middle of an answer.
    #[error("the appliance's answer was cut off after {received} bytes: {cause}; try again")]
    ClosedMidBody {
        /// How much of the body had arrived.
        received: u64,
        /// How it was cut off.
        cause: String,
    },
    /// No complete answer in time.
    #[error(
        "no complete answer from the appliance within {} s; raise the {what} deadline if it is \
         only slow", seconds(*.limit)
    )]
    ReplyTimeout {
        /// Which deadline: `call` or `listing`.
        what: &'static str,
        /// The deadline.
        limit: Duration,
    },
    /// The answer is larger than allowed.
    #[error("the appliance's answer is larger than the limit of {limit} bytes")]
    BodyOverLimit {
        /// The limit.
        limit: usize,
    },
    /// The answer is compressed although that was not asked for.
    #[error(
        "the answer (HTTP {status}) is compressed as `{encoding}`, which was not asked for; \
         check the proxy in front of the appliance"
    )]
    Encoded {
        /// The status of the answer.
        status: http::StatusCode,
        /// The `Content-Encoding`.
        encoding: String,
    },
    /// What came back is not HTTP.
    #[error("the answer is not valid HTTP/1.1: {detail}; check the scheme and port in the URL")]
    NotHttp {
        /// What is wrong with it.
        detail: String,
    },
}

/// Why a TLS connection is not trusted, or was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate names other hosts.
    #[error(
        "its certificate is for {}; use that name in the appliance's URL",
        names(presented)
    )]
    WrongName {
        /// The names in the certificate.
        presented: Vec<String>,
    },
    /// The certificate's time is over.
    #[error("its certificate has expired; renew it (or set this machine's clock right)")]
    Expired,
    /// The certificate's time has not begun.
    #[error("its certificate is not valid yet; set this machine's clock right")]
    NotValidYet,
    /// The certificate's issuer is not trusted.
    #[error("its certificate was issued by an unknown authority; name the appliance's CA file")]
    UnknownIssuer,
    /// The certificate vouches for itself, and the CA file does not hold it.
    #[error(
        "its certificate vouches for itself; if it is the right one, name it as the appliance's \
         CA file"
    )]
    SelfSigned,
    /// The certificate is revoked or otherwise bad.
    #[error("its certificate is refused: {detail}")]
    Certificate {
        /// What is wrong with it.
        detail: String,
    },
    /// The server wants a client certificate, or refused the one it got.
    #[error(
        "it refuses the client certificate, or wants one ({alert}); \
         check the client certificate and key"
    )]
    ClientCertificate {
        /// The TLS alert.
        alert: String,
    },
    /// No common version or cipher.
    #[error("it offers neither TLS 1.2 nor TLS 1.3 with a cipher that is safe ({detail})")]
    Incompatible {
        /// What is missing.
        detail: String,
    },
    /// The other side does not speak TLS.
    #[error("it does not speak TLS on that port; check the port in the appliance's URL")]
    NotTls,
    /// The other side hung up in the handshake.
    #[error("it closed the connection during the TLS handshake; check the port and the network")]
    Closed,
    /// Anything else.
    #[error("the TLS handshake failed: {detail}")]
    Handshake {
        /// What went wrong.
        detail: String,
    },
}

impl TransportError {
    /// Whether the appliance may have carried the request out. `false` means that not one byte
    /// of it can have reached the application behind the connection.
    #[must_use]
    pub fn may_have_executed(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Refused { .. }
            | Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::ClosedBeforeRequest { .. } => false,
            Self::ClosedBeforeReply { .. }
            | Self::ClosedMidBody { .. }
            | Self::ReplyTimeout { .. }
            | Self::BodyOverLimit { .. }
            | Self::Encoded { .. }
            | Self::NotHttp { .. } => true,
        }
    }

    /// Whether a deadline passed.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(
            self,
            Self::ConnectTimeout { .. } | Self::ReplyTimeout { .. }
        )
    }
}

/// A call that did not succeed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The request can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The request can't be signed.
    #[error("the request can't be signed: {0}")]
    Sign(#[from] SignError),
    /// The request is for another host, port or scheme than the appliance's.
    #[error("the request is for {target}, which is not the appliance; build it from its URL")]
    OtherHost {
        /// Scheme, host and port of the request.
        target: String,
    },
    /// The settings turned out to be unusable when they were needed.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// Something that must come before the request failed, so it was not sent.
    #[error("{preparation}: {cause}")]
    NotSent {
        /// What was to come first.
        preparation: Preparation,
        /// Why it failed.
        cause: Box<CallError>,
    },
    /// The wire failed.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// The appliance, or a gateway before it, answered with something else than success.
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

/// What comes before a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Preparation {
    /// Getting an OAuth 2.0 access token.
    #[error("no access token")]
    AccessToken,
    /// Learning which paths the appliance serves.
    #[error("the appliance's routes can't be learnt")]
    Routes,
}

impl CallError {
    /// That something failed before the request was sent. A failure that says so by itself is
    /// told as it is.
    pub(crate) fn before(preparation: Preparation, cause: Self) -> Self {
        match cause {
            Self::Transport(error) if !error.may_have_executed() => Self::Transport(error),
            Self::NotSent { .. } | Self::Setup(_) => cause,
            cause => Self::NotSent {
                preparation,
                cause: Box::new(cause),
            },
        }
    }

    /// The answer of the appliance that is the reason, if one is: to the request itself or to
    /// what had to come before it.
    #[must_use]
    pub fn reply(&self) -> Option<&ReplyError> {
        match self {
            Self::Reply(reply) => Some(reply),
            Self::NotSent { cause, .. } => cause.reply(),
            _ => None,
        }
    }

    /// Whether the appliance may have carried the request out.
    #[must_use]
    pub fn may_have_executed(&self) -> bool {
        match self {
            Self::Build(_)
            | Self::Sign(_)
            | Self::OtherHost { .. }
            | Self::Setup(_)
            | Self::NotSent { .. } => false,
            Self::Transport(error) => error.may_have_executed(),
            Self::Reply(error) => error.may_have_executed(),
        }
    }

    /// Whether it is about who asks: authentication or authorization.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        match self {
            Self::Reply(error) => error.is_auth(),
            Self::NotSent { cause, .. } => cause.is_auth(),
            Self::Transport(TransportError::Tls { fault, .. }) => {
                matches!(fault, TlsFault::ClientCertificate { .. })
            }
            _ => false,
        }
    }

    /// Whether the appliance was not reached, did not answer in time, or was lost on the way.
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Reply(error) => matches!(error.fault, Fault::Gateway | Fault::TimedOut),
            Self::NotSent { cause, .. } => cause.is_unreachable(),
            Self::Transport(error) => match error {
                TransportError::BodyOverLimit { .. }
                | TransportError::Encoded { .. }
                | TransportError::NotHttp { .. } => false,
                TransportError::Tls { .. } => !self.is_auth(),
                _ => true,
            },
            _ => false,
        }
    }
}

fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 1.0 {
        format!("{seconds:.3}")
    } else {
        format!("{seconds}")
    }
}

fn names(presented: &[String]) -> String {
    match presented {
        [] => "another host".to_owned(),
        names => names.join(", "),
    }
}
