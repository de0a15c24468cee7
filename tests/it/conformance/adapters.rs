//! The adapters that there are.

use std::future::pending;
use std::ops::ControlFlow;
use std::sync::Arc;

use http::{Request, Response};
use pam_adapter::drops::{PlannedDrop, Withheld};
use pam_adapter::{CallError, Settings, SetupError};
use pam_proto::listing::{Filter, ListingEnd, SessionRecord};
use pam_proto::termination::{Limits, Report};
use pam_proto::{Operation, Pace, Routes, SessionRef};
use tokio::sync::oneshot;

use super::{Adapter, Witness, runtime};

/// `pam-client`.
#[derive(Debug)]
pub(super) struct Tokio(pam_client::Client);

impl Adapter for Tokio {
    fn new(settings: Settings) -> Result<Self, SetupError> {
        pam_client::Client::new(settings).map(Self)
    }

    fn routes(&self) -> Option<Routes> {
        self.0.routes()
    }

    fn call<O: Operation + Sync>(&self, operation: &O) -> Result<O::Output, CallError> {
        runtime().block_on(self.0.call(operation))
    }

    fn send(&self, request: Request<Vec<u8>>, pace: Pace) -> Result<Response<Vec<u8>>, CallError> {
        runtime().block_on(self.0.send(request, pace))
    }

    fn list(
        &self,
        filter: &Filter,
        on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        runtime().block_on(self.0.list(filter, on_session))
    }

    fn terminate(
        &self,
        targets: Vec<SessionRef>,
        limits: Limits,
        witness: Arc<dyn Witness>,
        interrupt: oneshot::Receiver<()>,
    ) -> Vec<Report> {
        let interrupt = async {
            if interrupt.await.is_err() {
                pending::<()>().await;
            }
        };
        let witness = Elsewhere(witness);
        runtime().block_on(self.0.terminate(targets, limits, &witness, interrupt))
    }
}

/// A witness that blocks, on a thread where it may.
struct Elsewhere(Arc<dyn Witness>);

impl pam_client::Witness for Elsewhere {
    async fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        let (witness, drop) = (Arc::clone(&self.0), drop.clone());
        tokio::task::spawn_blocking(move || witness.before_drop(&drop))
            .await
            .unwrap()
    }

    fn reported(&self, report: &Report) {
        self.0.reported(report);
    }
}

/// `pam-blocking`.
#[derive(Debug)]
pub(super) struct Blocking(pam_blocking::Client);

impl Adapter for Blocking {
    fn new(settings: Settings) -> Result<Self, SetupError> {
        pam_blocking::Client::new(settings).map(Self)
    }

    fn routes(&self) -> Option<Routes> {
        self.0.routes()
    }

    fn call<O: Operation + Sync>(&self, operation: &O) -> Result<O::Output, CallError> {
        self.0.call(operation)
    }

    fn send(&self, request: Request<Vec<u8>>, pace: Pace) -> Result<Response<Vec<u8>>, CallError> {
        self.0.send(request, pace)
    }

    fn list(
        &self,
        filter: &Filter,
        on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        self.0.list(filter, on_session)
    }

    fn terminate(
        &self,
        targets: Vec<SessionRef>,
        limits: Limits,
        witness: Arc<dyn Witness>,
        interrupt: oneshot::Receiver<()>,
    ) -> Vec<Report> {
        let cancel = pam_blocking::Cancel::new();
        let handle = cancel.clone();
        std::thread::spawn(move || {
            if interrupt.blocking_recv().is_ok() {
                handle.cancel();
            }
        });
        self.0.terminate(targets, limits, &Direct(witness), &cancel)
    }
}

struct Direct(Arc<dyn Witness>);

impl pam_blocking::Witness for Direct {
    fn before_drop(&self, drop: &PlannedDrop) -> Result<(), Withheld> {
        self.0.before_drop(drop)
    }

    fn reported(&self, report: &Report) {
        self.0.reported(report);
    }
}
