//! Who may do what: applications, their authorizations, and the proof that a request came with
//! one.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pam_proto::oauth1::Credentials;
use pam_proto::oauth1::signature::Key;
use pam_proto::oauth1::verify::Unknown;
use pam_proto::oauth2::ClientCredentials;

use crate::answers::refusal::Refusal;
use crate::clock::Moment;
use crate::fingerprint::Fingerprint;
use crate::state::Record;
use crate::switches::{NoAddresses, Switches};

/// A resource that an authorization can cover (A2A API specification, "What an authorization
/// carries").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Resource {
    /// `PAM Core`: listing, reading and terminating sessions.
    PamCore,
    /// `Web Proxy Session`: opening sessions.
    WebProxySession,
}

/// What an authorization may do with its resources: one switch for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// `Read-only`.
    ReadOnly,
    /// `Read and write`.
    ReadAndWrite,
}

/// An authorization's own key material.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Keys {
    /// Consumer key and token, each with its secret.
    OAuth1(Credentials),
    /// Client id and secret, for a bearer token.
    OAuth2(ClientCredentials),
}

/// One authorization of an application.
///
/// ```
/// use pam_mock::Authorization;
/// use pam_proto::Secret;
/// use pam_proto::oauth2::ClientCredentials;
///
/// let client = ClientCredentials::new("siem", Secret::new("never in a fixture of yours"));
/// let authorization = Authorization::oauth2(client)
///     .read_only()
///     .addresses(["127.0.0.1"])
///     .referers(["https://siem.example.com"]);
/// # let _ = authorization;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Authorization {
    /// What a caller proves to have.
    pub keys: Keys,
    /// What it covers; everything by default.
    pub resources: BTreeSet<Resource>,
    /// Whether it may write; it may by default.
    pub permission: Permission,
    /// Until when it is good; for ever by default.
    pub expires: Option<SystemTime>,
    /// Whether it is switched on; it is by default.
    pub enabled: bool,
    /// From where it may be used: addresses, or `*`; from anywhere by default.
    pub addresses: Vec<String>,
    /// Which `Referer` it takes; any when empty, which is the default.
    pub referers: Vec<String>,
    /// The client certificate that must come with a request.
    pub certificate: Option<Fingerprint>,
    /// The tenant that it belongs to.
    pub tenant: Option<String>,
    /// The devices whose sessions it sees, by their name without the port; all by default.
    pub devices: Option<BTreeSet<String>>,
}

impl Authorization {
    /// An authorization for OAuth 1.0 that may do everything.
    #[must_use]
    pub fn oauth1(credentials: Credentials) -> Self {
        Self::with(Keys::OAuth1(credentials))
    }

    /// An authorization for OAuth 2.0 that may do everything, of the client's tenant if it has
    /// one.
    #[must_use]
    pub fn oauth2(client: ClientCredentials) -> Self {
        let tenant = client.tenant.clone();
        Self {
            tenant,
            ..Self::with(Keys::OAuth2(client))
        }
    }

    fn with(keys: Keys) -> Self {
        Self {
            keys,
            resources: BTreeSet::from([Resource::PamCore, Resource::WebProxySession]),
            permission: Permission::ReadAndWrite,
            expires: None,
            enabled: true,
            addresses: vec!["*".to_owned()],
            referers: Vec::new(),
            certificate: None,
            tenant: None,
            devices: None,
        }
    }

    /// The same, covering these resources only.
    #[must_use]
    pub fn resources(mut self, resources: impl IntoIterator<Item = Resource>) -> Self {
        self.resources = resources.into_iter().collect();
        self
    }

    /// The same, for reading only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.permission = Permission::ReadOnly;
        self
    }

    /// The same, good until then.
    #[must_use]
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.expires = Some(at);
        self
    }

    /// The same, switched off.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }

    /// The same, from these addresses only; `*` is any.
    #[must_use]
    pub fn addresses<T: Into<String>>(mut self, addresses: impl IntoIterator<Item = T>) -> Self {
        self.addresses = addresses.into_iter().map(Into::into).collect();
        self
    }

    /// The same, with one of these `Referer` headers only.
    #[must_use]
    pub fn referers<T: Into<String>>(mut self, referers: impl IntoIterator<Item = T>) -> Self {
        self.referers = referers.into_iter().map(Into::into).collect();
        self
    }

    /// The same, with this client certificate only.
    #[must_use]
    pub fn certificate(mut self, fingerprint: Fingerprint) -> Self {
        self.certificate = Some(fingerprint);
        self
    }

    /// The same, of this tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// The same, seeing the sessions on these devices only.
    #[must_use]
    pub fn devices<T: Into<String>>(mut self, devices: impl IntoIterator<Item = T>) -> Self {
        self.devices = Some(devices.into_iter().map(Into::into).collect());
        self
    }

    fn sees(&self, record: &Record) -> bool {
        let device = match record.device.rsplit_once(':') {
            Some((device, _)) => device,
            None => &record.device,
        };
        self.devices
            .as_ref()
            .is_none_or(|devices| devices.contains(device))
    }
}

/// An application: a name and its authorizations.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Application {
    /// Its name, which the record of requests shows.
    pub name: String,
    /// Whether it may authenticate; it may by default.
    pub enabled: bool,
    /// Its authorizations, each with keys of its own.
    pub authorizations: Vec<Authorization>,
}

impl Application {
    /// An application with these authorizations.
    pub fn new(
        name: impl Into<String>,
        authorizations: impl IntoIterator<Item = Authorization>,
    ) -> Self {
        Self {
            name: name.into(),
            enabled: true,
            authorizations: authorizations.into_iter().collect(),
        }
    }

    /// The same, switched off.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.enabled = false;
        self
    }
}

/// An authorization together with its application.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) authorization: Authorization,
    pub(crate) application: String,
    enabled: bool,
    /// The signing key, prepared once.
    key: Option<Key>,
}

/// Who calls, as far as the connection tells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller<'a> {
    pub(crate) address: IpAddr,
    pub(crate) certificate: Option<&'a [u8]>,
    pub(crate) referer: Option<&'a str>,
}

/// The proof that a request came with an authorization that is good, from where it may come.
/// Only [`Access::admit`] makes one, and handlers take nothing less.
#[derive(Debug, Clone)]
pub(crate) struct Verified {
    grant: Arc<Grant>,
    read_only: bool,
}

/// Two authorizations that can't be told apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("two authorizations have the same {0}")]
pub struct SameKeys(&'static str);

/// The applications, found by their keys.
#[derive(Debug, Default)]
pub(crate) struct Access {
    consumers: HashMap<String, HashMap<Option<String>, Arc<Grant>>>,
    clients: HashMap<String, Arc<Grant>>,
}

impl Access {
    pub(crate) fn new(applications: Vec<Application>) -> Result<Self, SameKeys> {
        let mut access = Self::default();
        for application in applications {
            for authorization in application.authorizations {
                access.add(Grant {
                    key: match &authorization.keys {
                        Keys::OAuth1(credentials) => Some(Key::new(
                            &credentials.consumer_secret,
                            credentials.token.as_ref().map(|token| &token.secret),
                        )),
                        Keys::OAuth2(_) => None,
                    },
                    authorization,
                    application: application.name.clone(),
                    enabled: application.enabled,
                })?;
            }
        }
        Ok(access)
    }

    fn add(&mut self, grant: Grant) -> Result<(), SameKeys> {
        let grant = Arc::new(grant);
        let known = match &grant.authorization.keys {
            Keys::OAuth1(credentials) => {
                let token = credentials.token.as_ref().map(|token| token.key.clone());
                let tokens = self
                    .consumers
                    .entry(credentials.consumer_key.clone())
                    .or_default();
                tokens
                    .insert(token, Arc::clone(&grant))
                    .map(|_| "consumer key and token")
            }
            Keys::OAuth2(client) => {
                let id = client.client_id.clone();
                self.clients
                    .insert(id, Arc::clone(&grant))
                    .map(|_| "client id")
            }
        };
        known.map_or(Ok(()), |what| Err(SameKeys(what)))
    }

    /// The authorization behind a consumer key and a token, with its signing key.
    pub(crate) fn consumer(
        &self,
        consumer_key: &str,
        token: Option<&str>,
    ) -> Result<(&Arc<Grant>, &Key), Unknown> {
        let tokens = self.consumers.get(consumer_key);
        let tokens = tokens.ok_or(Unknown::ConsumerKey)?;
        let found = match token {
            Some(token) => tokens.iter().find(|(key, _)| key.as_deref() == Some(token)),
            None => tokens.iter().find(|(key, _)| key.is_none()),
        };
        let (_, grant) = found.ok_or(Unknown::Token)?;
        let key = grant.key.as_ref().ok_or(Unknown::Token)?;
        Ok((grant, key))
    }

    /// The authorization of an OAuth 2.0 client.
    pub(crate) fn client(&self, client_id: &str) -> Option<&Arc<Grant>> {
        self.clients.get(client_id)
    }

    /// Lets a caller in who has proven to hold the keys of `grant`.
    ///
    /// # Errors
    /// What the authorization does not allow.
    pub(crate) fn admit(
        grant: &Arc<Grant>,
        caller: &Caller<'_>,
        now: Moment,
        switches: &Switches,
        read_only: bool,
    ) -> Result<Verified, Refusal> {
        let authorization = &grant.authorization;
        if !grant.enabled {
            return Err(Refusal::Inactive("the application is disabled"));
        }
        if !authorization.enabled {
            return Err(Refusal::Inactive("the authorization is disabled"));
        }
        if authorization
            .expires
            .is_some_and(|expires| Moment::from(expires) <= now)
        {
            return Err(Refusal::Inactive("the authorization is expired"));
        }
        let address = caller.address.to_canonical();
        let listed = authorization.addresses.iter().any(|listed| {
            listed == "*"
                || listed
                    .parse::<IpAddr>()
                    .is_ok_and(|listed| listed == address)
        });
        let open = authorization.addresses.is_empty() && switches.no_addresses == NoAddresses::Any;
        if !listed && !open {
            return Err(Refusal::Address);
        }
        if let Some(fingerprint) = &authorization.certificate
            && !caller
                .certificate
                .is_some_and(|certificate| fingerprint.matches(certificate))
        {
            return Err(Refusal::Certificate);
        }
        let referers = &authorization.referers;
        let referred = referers
            .iter()
            .any(|referer| Some(referer.as_str()) == caller.referer);
        if !referers.is_empty() && !referred {
            return Err(Refusal::Referer);
        }
        Ok(Verified {
            grant: Arc::clone(grant),
            read_only: read_only || authorization.permission == Permission::ReadOnly,
        })
    }
}

impl Verified {
    /// Checks that the authorization covers reading this resource.
    pub(crate) fn may_read(&self, resource: Resource) -> Result<(), Refusal> {
        if self.grant.authorization.resources.contains(&resource) {
            return Ok(());
        }
        Err(Refusal::NotAuthorized(
            "the authorization does not cover the resource",
        ))
    }

    /// Checks that the authorization covers changing this resource.
    pub(crate) fn may_write(&self, resource: Resource) -> Result<(), Refusal> {
        self.may_read(resource)?;
        if self.read_only {
            return Err(Refusal::ReadOnly);
        }
        Ok(())
    }

    /// Whether the session list shows this one to the caller.
    pub(crate) fn sees(&self, record: &Record) -> bool {
        self.grant.authorization.sees(record)
    }

    pub(crate) fn application(&self) -> &str {
        &self.grant.application
    }
}

/// How long a bearer token is good unless asked otherwise: an hour (A2A API specification,
/// "OAuth 2.0 client credentials").
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
