//! What all calls of a client know together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pam_proto::discovery::{RouteDiscovery, RouteSearch};
use pam_proto::oauth1::Signer;
use pam_proto::oauth2::{ClientCredentials, TokenPath, TokenState};
use pam_proto::{BaseUrl, Notes, Routes};

use crate::clock::Clock;
use crate::error::{CallError, SetupError};
use crate::observer::{Notice, Observer};
use crate::settings::{Authentication, Deadlines, RouteChoice, Settings};
use crate::token_cache::TokenCache;

/// The credentials, the token, the paths and the time, shared by all calls of a client.
///
/// A call may have to wait until another one has fetched the token or found the path; whenever
/// that may be over, `wake` is called.
pub struct Calls {
    pub(crate) base: BaseUrl,
    pub(crate) clock: Clock,
    pub(crate) method: Method,
    pub(crate) deadlines: Deadlines,
    routing: Mutex<Routing>,
    observer: Option<Arc<dyn Observer>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

/// How a request proves who sends it.
pub(crate) enum Method {
    Signature(Signer),
    Token(Box<Tokens>),
}

/// The access token, and how to get one: one request under way, however many calls wait for it.
pub(crate) struct Tokens {
    pub(crate) client: ClientCredentials,
    pub(crate) paths: [TokenPath; 2],
    pub(crate) cache: Option<TokenCache>,
    state: Mutex<TokenState<CallError>>,
}

/// What is known of the paths.
pub(crate) struct Routing {
    pub(crate) discovery: RouteDiscovery,
    /// A probe goes ahead of a call, so that many calls at once send one.
    pub(crate) probing: bool,
}

impl Calls {
    /// Reads the token that an earlier run kept, if the settings name a file for it.
    ///
    /// # Errors
    /// [`SetupError`] when the credentials or the file can't be used.
    pub fn new(
        settings: &Settings,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self, SetupError> {
        let method = match &settings.authentication {
            Authentication::OAuth1(credentials) => Method::Signature(Signer::new(credentials)?),
            Authentication::OAuth2(client) => {
                Method::Token(Box::new(Tokens::new(settings, client)?))
            }
        };
        let discovery = match settings.routes {
            RouteChoice::Auto => RouteDiscovery::auto(),
            RouteChoice::Remembered(routes) => RouteDiscovery::remembered(routes),
            RouteChoice::Fixed(routes) => RouteDiscovery::fixed(routes),
        };
        Ok(Self {
            base: settings.base.clone(),
            clock: Clock::new(),
            method,
            deadlines: settings.deadlines,
            routing: Mutex::new(Routing {
                discovery,
                probing: false,
            }),
            observer: settings.observer.clone(),
            wake: Box::new(wake),
        })
    }

    /// Where the appliance is.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        &self.base
    }

    /// The family of paths that the appliance was found to serve, or was said to.
    #[must_use]
    pub fn routes(&self) -> Option<Routes> {
        self.routing().discovery.learned()
    }

    /// Until when the access token at hand is used, in seconds since 1970; `None` when there is
    /// none, as with OAuth 1.0.
    #[must_use]
    pub fn token_use_until(&self) -> Option<u64> {
        match &self.method {
            Method::Signature(_) => None,
            Method::Token(tokens) => Some(tokens.state().token()?.use_until()),
        }
    }

    /// Tells the observer what had to be forgiven in an answer.
    pub fn tolerated(&self, notes: Notes) {
        if !notes.is_empty() {
            self.notice(&Notice::Tolerated(notes));
        }
    }

    pub(crate) fn notice(&self, notice: &Notice) {
        if let Some(observer) = &self.observer {
            observer.notice(notice);
        }
    }

    pub(crate) fn learn(&self, search: &RouteSearch) {
        let news = self.routing().discovery.learn(search);
        if let Some(routes) = news {
            self.notice(&Notice::RoutesLearned(routes));
        }
    }

    pub(crate) fn routing(&self) -> MutexGuard<'_, Routing> {
        // What was learnt is changed in one call, so a panic leaves it whole.
        self.routing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn wake(&self) {
        (self.wake)();
    }
}

impl Tokens {
    fn new(settings: &Settings, client: &ClientCredentials) -> Result<Self, SetupError> {
        let cache = settings.token_cache.as_deref();
        let cache = cache.map(|path| TokenCache::new(path, &settings.base, client));
        let kept = cache.as_ref().map(TokenCache::read).transpose()?.flatten();
        let routes = match settings.routes {
            RouteChoice::Fixed(routes) | RouteChoice::Remembered(routes) => Some(routes),
            RouteChoice::Auto => None,
        };
        Ok(Self {
            client: client.clone(),
            paths: TokenPath::order(routes),
            cache,
            state: Mutex::new(kept.map(TokenState::with_token).unwrap_or_default()),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, TokenState<CallError>> {
        // Every change of the state is one call, so a panic leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
