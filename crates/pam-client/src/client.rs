//! Calls: authorize, send, read, and once more where that is safe.

use std::sync::Arc;
use std::time::Duration;

use http::response::Parts;
use http::{Request, Response, StatusCode};
use pam_proto::{BaseUrl, Effect, Envelope, Notes, Operation, Pace, ReplyError, Routes};

use crate::authenticator::{Attempts, Authenticator};
use crate::error::{CallError, SetupError};
use crate::routing::{Routing, route_answer};
use crate::settings::{Deadlines, Settings};
use crate::transport::{Arriving, Failure, Transport};

/// A client of one appliance. Clones share its connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    base: BaseUrl,
    routing: Routing,
    deadlines: Deadlines,
    authenticator: Authenticator,
    transport: Transport,
}

/// A success.
pub(crate) struct Answered<T> {
    pub(crate) status: StatusCode,
    pub(crate) output: T,
    /// What was noticed in it.
    pub(crate) notes: Notes,
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
            authenticator: Authenticator::new(&settings)?,
            base: settings.base,
            routing: Routing::new(settings.routes),
            deadlines: settings.deadlines,
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
        Ok(self.answered(operation).await?.output)
    }

    /// Carries out one operation along the path where the appliance has it.
    pub(crate) async fn answered<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<Answered<O::Output>, CallError> {
        let (mut routes, mut way) = self.first_path(operation).await?;
        loop {
            let outcome = self.ask(operation, routes).await;
            let next = self.next_path(operation, &mut way, route_answer(&outcome));
            match next.await? {
                Some(next) => routes = next,
                None => return outcome,
            }
        }
    }

    /// Carries out one operation along one path.
    pub(crate) async fn ask<O: Operation>(
        &self,
        operation: &O,
        routes: Routes,
    ) -> Result<Answered<O::Output>, CallError> {
        let build = || Ok(operation.request(self.base(), routes)?);
        let (pace, effect) = (operation.pace(), operation.effect());
        let mut attempts = Attempts::default();
        loop {
            let response = self.exchange(&build, pace, effect, &mut attempts).await?;
            let mut notes = Notes::default();
            let outcome = operation.parse_noting(&response, &mut notes);
            self.transport().tolerated(notes);
            match outcome {
                Ok(output) => {
                    return Ok(Answered {
                        status: response.status(),
                        output,
                        notes,
                    });
                }
                Err(refusal) if self.remedy(&refusal, &mut attempts) => {}
                Err(refusal) => return Err(refusal.into()),
            }
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
        let effect = if request.method().is_safe() {
            Effect::Reads
        } else {
            Effect::Changes
        };
        let build = || Ok(request.clone());
        let mut attempts = Attempts::default();
        loop {
            let response = self.exchange(&build, pace, effect, &mut attempts).await?;
            match Envelope::success(&response) {
                Err(refusal) if self.remedy(&refusal, &mut attempts) => {}
                _ => return Ok(response),
            }
        }
    }

    /// The family of paths that the appliance was found to serve, or was said to.
    #[must_use]
    pub fn routes(&self) -> Option<Routes> {
        self.0.routing.learned()
    }

    pub(crate) fn routing(&self) -> &Routing {
        &self.0.routing
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
        attempts: &mut Attempts,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let (head, arriving) = self.begin(build, pace, effect, attempts).await?;
        Ok(self.transport().collect(head, arriving).await?)
    }

    /// One request and the head of its answer.
    pub(crate) async fn begin(
        &self,
        build: &impl Fn() -> Result<Request<Vec<u8>>, CallError>,
        pace: Pace,
        effect: Effect,
        attempts: &mut Attempts,
    ) -> Result<(Parts, Arriving), CallError> {
        let Shared {
            authenticator,
            transport,
            ..
        } = &*self.0;
        let mut request = authenticator
            .authorize(build()?, attempts, transport)
            .await?;
        match transport.begin(request, pace).await {
            Err(Failure { stale: true, .. }) if effect == Effect::Reads => {
                request = authenticator
                    .authorize(build()?, attempts, transport)
                    .await?;
                transport.begin(request, pace).await
            }
            answer => answer,
        }
        .map_err(|failure| failure.error)
    }

    /// Whether a refusal was remedied, so that the request may be sent once more.
    pub(crate) fn remedy(&self, refusal: &ReplyError, attempts: &mut Attempts) -> bool {
        let authenticator = &self.0.authenticator;
        authenticator.remedy(refusal, attempts, self.transport())
    }
}
