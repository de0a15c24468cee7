//! Calls: what comes first, the request itself, and its answer.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use pam_adapter::{Call, CallError, Calls, Raw, Settings, SetupError, Step};
use pam_proto::{BaseUrl, Operation, Pace, Routes};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::transport::Transport;

/// A client of one appliance. Clones share its connections.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    calls: Arc<Calls>,
    transport: Transport,
    /// A call that others may have waited for is past what they waited for.
    woken: Arc<Notify>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(self.base()).finish()
    }
}

impl Client {
    /// Checks the settings and the files that they name. Connects to nothing.
    ///
    /// # Errors
    /// [`SetupError`] when a certificate or key file can't be used, or a value can't be sent.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let calls = Calls::new(&settings, move || wake.notify_waiters())?;
        Ok(Self(Arc::new(Shared {
            calls: Arc::new(calls),
            transport: Transport::new(&settings)?,
            woken,
        })))
    }

    /// Where the appliance is.
    #[must_use]
    pub fn base(&self) -> &BaseUrl {
        self.0.calls.base()
    }

    /// The family of paths that the appliance was found to serve, or was said to.
    #[must_use]
    pub fn routes(&self) -> Option<Routes> {
        self.0.calls.routes()
    }

    /// Until when the OAuth 2.0 access token at hand is used, in seconds since 1970; `None` when
    /// there is none, as with OAuth 1.0.
    #[must_use]
    pub fn token_use_until(&self) -> Option<u64> {
        self.0.calls.token_use_until()
    }

    /// Carries out one operation and reads its answer.
    ///
    /// A request whose reply was lost is never sent again on its own, unless the operation only
    /// [reads](pam_proto::Effect::Reads). Neither is one that the appliance's rate limit refused;
    /// a read is, after the time that the answer names, if that lies within its deadline.
    ///
    /// # Errors
    /// [`CallError`]; its [`may_have_executed`](CallError::may_have_executed) says whether the
    /// appliance may have acted.
    pub async fn call<O: Operation>(&self, operation: &O) -> Result<O::Output, CallError> {
        let mut call = Call::new(self.calls());
        Ok(self.answered(operation, &mut call).await?.1)
    }

    /// The same by a call that was begun, with the status of the answer.
    pub(crate) async fn answered<O: Operation>(
        &self,
        operation: &O,
        call: &mut Call<(StatusCode, O::Output)>,
    ) -> Result<(StatusCode, O::Output), CallError> {
        loop {
            let request = match self.lead(call, operation).await {
                ControlFlow::Continue(request) => request,
                ControlFlow::Break(outcome) => return outcome,
            };
            let response = self.transport().exchange(request, operation.pace()).await;
            call.responded(operation, response);
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
        let raw = Raw(request);
        let mut call = Call::straight(self.calls());
        loop {
            let request = match self.lead(&mut call, &raw).await {
                ControlFlow::Continue(request) => request,
                ControlFlow::Break(outcome) => return outcome,
            };
            let response = self.transport().exchange(request, pace).await;
            call.returned(&raw, response);
        }
    }

    /// Carries out what comes before the call's own request, and gives that request.
    pub(crate) async fn lead<O: Operation, T>(
        &self,
        call: &mut Call<T>,
        operation: &O,
    ) -> ControlFlow<Result<T, CallError>, Request<Vec<u8>>> {
        loop {
            // Before the step, so that no waking is missed in between.
            let mut woken = pin!(self.0.woken.notified());
            woken.as_mut().enable();
            match call.step(operation) {
                Step::Send(request) => return ControlFlow::Continue(request),
                Step::Done(outcome) => return ControlFlow::Break(outcome),
                Step::Wait => woken.await,
                Step::Pause(pause) => Box::pin(sleep(pause)).await,
                Step::Prepare(request) => {
                    // Boxed, as it is rare, and would enlarge every call.
                    let exchange = self.transport().exchange(request, Pace::Ordinary);
                    let outcome = Box::pin(exchange).await;
                    call.prepared(outcome);
                }
            }
        }
    }

    /// A call of somebody who has a plan for when the appliance takes no more requests.
    pub(crate) fn at_once<T>(&self) -> Call<T> {
        Call::new(self.calls()).without_patience()
    }

    pub(crate) fn calls(&self) -> &Arc<Calls> {
        &self.0.calls
    }

    pub(crate) fn transport(&self) -> &Transport {
        &self.0.transport
    }
}
