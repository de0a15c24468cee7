//! Calls: authorize, send, read, and once more where that is safe.

use std::sync::Arc;
use std::time::Duration;

use http::response::Parts;
use http::{Request, Response, StatusCode};
use pam_proto::{BaseUrl, Effect, Envelope, Notes, Operation, Pace, ReplyError, Routes};

use crate::authenticator::{Authenticator, Proof, Remedy};
use crate::error::{CallError, SetupError};
use crate::observer::{Notice, Observer};
use crate::settings::{Deadlines, RouteChoice, Settings};
use crate::transport::{Arriving, Failure, Transport};

/// A client of one appliance. Clones share its connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    base: BaseUrl,
    routes: RouteChoice,
    deadlines: Deadlines,
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
            deadlines: settings.deadlines,
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
    /// A request whose reply was lost is never sent again on its own, unless the operation only
    /// [reads](Effect::Reads).
    ///
    /// # Errors
    /// [`CallError`]; its [`may_have_executed`](CallError::may_have_executed) says whether the
    /// appliance may have acted.
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Output, CallError> {
        Ok(self.call_for_status(operation).await?.1)
    }

    /// The same, with the HTTP status of the success.
    pub(crate) async fn call_for_status<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<(StatusCode, O::Output), CallError> {
        let routes = self.routes().await?;
        let build = || Ok(operation.request(self.base(), routes)?);
        let mut remedied = false;
        loop {
            let exchange = self.exchange(&build, operation.pace(), operation.effect());
            let (response, proof) = exchange.await?;
            let mut notes = Notes::default();
            let outcome = operation.parse_noting(&response, &mut notes);
            if !notes.is_empty() {
                self.notice(&Notice::Tolerated(notes));
            }
            let refusal = match outcome {
                Ok(output) => return Ok((response.status(), output)),
                Err(refusal) => refusal,
            };
            if remedied || !self.remedy(&refusal, proof) {
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
        let effect = match request.method().is_safe() {
            true => Effect::Reads,
            false => Effect::Changes,
        };
        let build = || Ok(request.clone());
        let (response, proof) = self.exchange(&build, pace, effect).await?;
        match Envelope::success(&response) {
            Err(refusal) if self.remedy(&refusal, proof) => {
                Ok(self.exchange(&build, pace, effect).await?.0)
            }
            _ => Ok(response),
        }
    }

    pub(crate) async fn routes(&self) -> Result<Routes, CallError> {
        match self.0.routes {
            RouteChoice::Fixed(routes) => Ok(routes),
            RouteChoice::Auto => Ok(Routes::ALL[0]),
        }
    }

    /// The longest that an ordinary call can take.
    pub(crate) fn longest_call(&self) -> Duration {
        let Deadlines { connect, call, .. } = self.0.deadlines;
        connect.saturating_add(call)
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }

    /// One request and its whole answer.
    async fn exchange(
        &self,
        build: &impl Fn() -> Result<Request<Vec<u8>>, CallError>,
        pace: Pace,
        effect: Effect,
    ) -> Result<(Response<Vec<u8>>, Proof), CallError> {
        let (request, proof) = self.authorize(build()?).await?;
        match self.transport().exchange(request, pace).await {
            Ok(response) => Ok((response, proof)),
            Err(Failure { stale: true, .. }) if effect == Effect::Reads => {
                let (request, proof) = self.authorize(build()?).await?;
                let response = self.transport().exchange(request, pace).await;
                Ok((response.map_err(|failure| failure.error)?, proof))
            }
            Err(failure) => Err(failure.error),
        }
    }

    /// One request that only reads, and the head of its answer.
    pub(crate) async fn begin(
        &self,
        build: &impl Fn() -> Result<Request<Vec<u8>>, CallError>,
        pace: Pace,
    ) -> Result<((Parts, Arriving), Proof), CallError> {
        let (request, proof) = self.authorize(build()?).await?;
        match self.transport().begin(request, pace).await {
            Ok(answer) => Ok((answer, proof)),
            Err(Failure { stale: true, .. }) => {
                let (request, proof) = self.authorize(build()?).await?;
                let answer = self.transport().begin(request, pace).await;
                Ok((answer.map_err(|failure| failure.error)?, proof))
            }
            Err(failure) => Err(failure.error),
        }
    }

    async fn authorize(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<(Request<Vec<u8>>, Proof), CallError> {
        let (request, proof) = self.0.authenticator.authorize(request).await?;
        let Some(observer) = &self.0.observer else {
            return Ok((request, proof));
        };
        let (parts, body) = request.into_parts();
        observer.request_sent(&parts);
        Ok((Request::from_parts(parts, body), proof))
    }

    /// Whether a refusal was remedied, so that the request may be sent once more.
    pub(crate) fn remedy(&self, refusal: &ReplyError, proof: Proof) -> bool {
        match self.0.authenticator.remedy(refusal, proof) {
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
