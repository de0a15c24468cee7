//! Calls: authorize, send, read, and once more where that is safe.

use std::sync::Arc;

use http::{Method, Request, Response};
use pam_proto::{BaseUrl, Envelope, Operation, Pace, ReplyError, Routes};

use crate::authenticator::{Authenticator, Proof, Remedy};
use crate::error::{CallError, SetupError};
use crate::observer::{Notice, Observer};
use crate::settings::{RouteChoice, Settings};
use crate::transport::{Failure, Transport};

/// A client of one appliance. Clones share its connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    base: BaseUrl,
    routes: RouteChoice,
    authenticator: Authenticator,
    transport: Transport,
    observer: Option<Arc<dyn Observer>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.0.base).finish()
    }
}

impl Client {
    /// Checks the settings and the files that they name. Connects to nothing.
    ///
    /// # Errors
    /// [`SetupError`] when a certificate or key file can't be used, or a value can't be sent.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        Ok(Self(Arc::new(Shared {
            transport: Transport::new(&settings)?,
            authenticator: Authenticator::new(&settings.authentication)?,
            base: settings.base,
            routes: settings.routes,
            observer: settings.observer,
        })))
    }

    /// Where the appliance is.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        &self.0.base
    }

    /// Carries out one operation and reads its answer.
    ///
    /// A request whose reply was lost is never sent again on its own, reads excepted.
    ///
    /// # Errors
    /// [`CallError`]; its [`may_have_executed`](CallError::may_have_executed) says whether the
    /// appliance may have acted.
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Output, CallError> {
        let routes = self.routes().await?;
        let build = || Ok(operation.request(self.base(), routes)?);
        let mut remedied = false;
        loop {
            let (response, proof) = self.exchange(&build, operation.pace()).await?;
            let refusal = match operation.parse(&response) {
                Ok(output) => return Ok(output),
                Err(refusal) => refusal,
            };
            if remedied || !self.remedy(&refusal, response.headers(), proof) {
                return Err(refusal.into());
            }
            remedied = true;
        }
    }

    /// Sends a request of the caller's own, authorized as every other, and returns whatever
    /// comes back. Its URL must be below the appliance's, see [`BaseUrl::raw`].
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came back. An answer that is an error is returned
    /// as it is.
    pub async fn send(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let build = || Ok(request.clone());
        let (response, proof) = self.exchange(&build, pace).await?;
        match Envelope::success(&response) {
            Err(refusal) if self.remedy(&refusal, response.headers(), proof) => {
                Ok(self.exchange(&build, pace).await?.0)
            }
            _ => Ok(response),
        }
    }

    async fn routes(&self) -> Result<Routes, CallError> {
        match self.0.routes {
            RouteChoice::Fixed(routes) => Ok(routes),
            RouteChoice::Auto => Ok(Routes::ALL[0]),
        }
    }

    /// One request and its whole answer.
    async fn exchange(
        &self,
        build: &impl Fn() -> Result<Request<Vec<u8>>, CallError>,
        pace: Pace,
    ) -> Result<(Response<Vec<u8>>, Proof), CallError> {
        let mut stale = false;
        loop {
            let (request, proof) = self.0.authenticator.authorize(build()?).await?;
            let may_repeat = !stale && *request.method() == Method::GET;
            let request = self.observe(request);
            match self.0.transport.exchange(request, pace).await {
                Ok(response) => return Ok((response, proof)),
                // A read that met a server just closing the connection (RFC 9112 section 9.3.1).
                Err(Failure { stale: true, .. }) if may_repeat => stale = true,
                Err(failure) => return Err(failure.error),
            }
        }
    }

    fn observe(&self, request: Request<Vec<u8>>) -> Request<Vec<u8>> {
        let Some(observer) = &self.0.observer else {
            return request;
        };
        let (parts, body) = request.into_parts();
        observer.request_sent(&parts);
        Request::from_parts(parts, body)
    }

    fn remedy(&self, refusal: &ReplyError, headers: &http::HeaderMap, proof: Proof) -> bool {
        match self.0.authenticator.remedy(refusal, headers, proof) {
            Remedy::None => false,
            Remedy::Again(notice) => {
                if let Some(notice) = notice {
                    self.notice(&notice);
                }
                true
            }
        }
    }

    fn notice(&self, notice: &Notice) {
        if let Some(observer) = &self.0.observer {
            observer.notice(notice);
        }
    }
}
