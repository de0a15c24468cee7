//! What a client is told before its first call.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pam_proto::oauth1::Credentials;
use pam_proto::oauth2::ClientCredentials;
use pam_proto::{BaseUrl, Pace, Routes};

use crate::observer::Observer;

/// Everything that a client needs to know.
///
/// [`Settings::new`] fills in the defaults; each field may then be changed.
///
/// ```
/// use std::time::Duration;
/// use pam_adapter::{Authentication, Settings, Trust};
/// use pam_proto::oauth1::Credentials;
/// use pam_proto::{BaseUrl, Secret};
///
/// let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("consumer secret"))
///     .with_token("tk-9a8b7c6d", Secret::new("token secret"));
/// let base = BaseUrl::new("https://vault.example.com")?;
/// let mut settings = Settings::new(base, Authentication::OAuth1(credentials));
/// settings.trust = Trust::OnlyThese("/etc/pam/appliance-ca.pem".into());
/// settings.deadlines.call = Duration::from_secs(10);
/// # Ok::<(), pam_proto::BuildError>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Settings {
    /// Where the appliance is. No request ever goes anywhere else.
    pub base: BaseUrl,
    /// How a request proves who sends it.
    pub authentication: Authentication,
    /// Which certificates may vouch for the appliance. Default: [`Trust::Platform`].
    pub trust: Trust,
    /// The client certificate, for an authorization that demands one. Default: none.
    pub identity: Option<ClientIdentity>,
    /// The `Referer` header, for an authorization that has a list of them (A2A API specification,
    /// "What an authorization carries"). Default: none.
    pub referer: Option<String>,
    /// The `User-Agent` header. Default: `pamctl/VERSION`.
    pub user_agent: String,
    /// How long to wait for what.
    pub deadlines: Deadlines,
    /// The most bytes that the body of an answer may have, the listing excepted: that one is
    /// read as a stream and never held. Default: 1 MiB.
    pub body_limit: usize,
    /// Under which paths the appliance serves its operations. Default: [`RouteChoice::Auto`].
    pub routes: RouteChoice,
    /// A file that keeps the OAuth 2.0 access token from one process to the next. It is created
    /// with mode 0600, replaced atomically, and refused when anybody else may read or write it.
    /// Default: none.
    pub token_cache: Option<PathBuf>,
    /// Who is told what goes over the wire. Default: nobody.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Settings {
    /// The defaults for an appliance.
    #[must_use]
    pub fn new(base: BaseUrl, authentication: Authentication) -> Self {
        Self {
            base,
            authentication,
            trust: Trust::Platform,
            identity: None,
            referer: None,
            user_agent: concat!("pamctl/", env!("CARGO_PKG_VERSION")).to_owned(),
            deadlines: Deadlines::default(),
            body_limit: 1024 * 1024,
            routes: RouteChoice::Auto,
            token_cache: None,
            observer: None,
        }
    }
}

/// How a request proves who sends it (A2A API specification, "Object model").
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Authentication {
    /// OAuth 1.0, every request signed with HMAC-SHA1 (RFC 5849).
    OAuth1(Credentials),
    /// OAuth 2.0 client credentials (RFC 6749 section 4.4), exchanged for a token when one is
    /// needed.
    OAuth2(ClientCredentials),
}

/// Which certificates may vouch for the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// The platform's certificate store, read when the first TLS connection needs it.
    Platform,
    /// The certificates in this PEM file and no others: the platform's store is not consulted.
    /// A certificate in it may be the appliance's own, which vouches for itself.
    OnlyThese(PathBuf),
}

/// A client certificate and its key, both PEM files.
///
/// An authorization can demand one in addition to OAuth and compares its fingerprint (A2A API
/// specification, "What an authorization carries").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate, followed by its issuers where the appliance needs them.
    pub certificate: PathBuf,
    /// The private key: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// How long to wait for what. Each is counted from its own beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// To resolve the name, connect and shake hands. Default: 5 s.
    pub connect: Duration,
    /// From sending an ordinary request to the last byte of its answer. Default: 30 s.
    pub call: Duration,
    /// The same for the listing, which "may take a few minutes" (A2A API specification, "List
    /// all"). Default: 10 min.
    pub listing: Duration,
}

impl Deadlines {
    /// That of a call.
    pub(crate) fn of(&self, pace: Pace) -> Duration {
        match pace {
            Pace::Ordinary => self.call,
            Pace::Listing => self.listing,
        }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            call: Duration::from_secs(30),
            listing: Duration::from_secs(600),
        }
    }
}

/// Under which paths the appliance serves its operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RouteChoice {
    /// Learnt from the appliance by harmless reads, once.
    #[default]
    Auto,
    /// The same, beginning with what an earlier run learnt.
    Remembered(Routes),
    /// Known, whatever comes back.
    Fixed(Routes),
}
