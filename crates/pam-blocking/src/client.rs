//! Calls: what comes first, the request itself, and its answer.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use http::{Request, Response, StatusCode};
use pam_adapter::{Call, CallError, Calls, Raw, Settings, SetupError, Step};
use pam_proto::{BaseUrl, Operation, Pace, Routes};

use crate::transport::Transport;
use crate::waking::Waking;

/// A blocking client of one appliance. Clones share its connections, and any number of threads may
/// call at once.
#[derive(Clone)]
pub struct Client(Arc<Shared>);

struct Shared {
    calls: Arc<Calls>,
    transport: Transport,
    waking: Arc<Waking>,
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
        let waking = Arc::new(Waking::default());
        let wake = Arc::clone(&waking);
        Ok(Self(Arc::new(Shared {
            calls: Arc::new(Calls::new(&settings, move || wake.wake())?),
            transport: Transport::new(&settings)?,
            waking,
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

    /// Carries out one operation and reads its answer.
    ///
    /// A request whose reply was lost is never sent again on its own, unless the operation only
    /// [reads](pam_proto::Effect::Reads). Neither is one that the appliance's rate limit refused;
    /// a read is, after the time that the answer names, if that lies within its deadline.
    ///
    /// # Errors
    /// [`CallError`]; its [`may_have_executed`](CallError::may_have_executed) says whether the
    /// appliance may have acted.
    pub fn call<O: Operation>(&self, operation: &O) -> Result<O::Output, CallError> {
        Ok(self.answered(operation, Call::new(self.calls()))?.1)
    }

    /// The same by a call that was begun, with the status of the answer.
    pub(crate) fn answered<O: Operation>(
        &self,
        operation: &O,
        mut call: Call<(StatusCode, O::Output)>,
    ) -> Result<(StatusCode, O::Output), CallError> {
        loop {
            let request = match self.lead(&mut call, operation) {
                ControlFlow::Continue(request) => request,
                ControlFlow::Break(outcome) => return outcome,
            };
            let response = self.transport().exchange(request, operation.pace());
            call.responded(operation, response);
        }
    }

    /// Sends a request of the caller's own, authorized as every other, and returns whatever
    /// comes back. Its URL must be below the appliance's, see [`BaseUrl::raw`].
    ///
    /// # Errors
    /// [`CallError`] when no complete answer came back. An answer that is an error is returned
    /// as it is.
    pub fn send(
        &self,
        request: Request<Vec<u8>>,
        pace: Pace,
    ) -> Result<Response<Vec<u8>>, CallError> {
        let raw = Raw(request);
        let mut call = Call::straight(self.calls());
        loop {
            let request = match self.lead(&mut call, &raw) {
                ControlFlow::Continue(request) => request,
                ControlFlow::Break(outcome) => return outcome,
            };
            call.returned(&raw, self.transport().exchange(request, pace));
        }
    }

    /// Carries out what comes before the call's own request, and gives that request.
    pub(crate) fn lead<O: Operation, T>(
        &self,
        call: &mut Call<T>,
        operation: &O,
    ) -> ControlFlow<Result<T, CallError>, Request<Vec<u8>>> {
        loop {
            // Before the step, so that no waking is missed in between.
            let seen = self.0.waking.count();
            match call.step(operation) {
                Step::Send(request) => return ControlFlow::Continue(request),
                Step::Done(outcome) => return ControlFlow::Break(outcome),
                Step::Wait => self.0.waking.wait_past(seen),
                Step::Pause(pause) => thread::sleep(pause),
                Step::Prepare(request) => {
                    call.prepared(self.transport().exchange(request, Pace::Ordinary));
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
