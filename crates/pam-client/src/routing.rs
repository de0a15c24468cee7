//! By which family of paths a call goes, when that is to be learnt.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pam_proto::discovery::{PROBE, RouteAnswer, RouteDiscovery, RouteSearch, SearchStep};
use pam_proto::{Effect, Operation, Routes};

use crate::client::{Answered, Client};
use crate::error::{CallError, Preparation};
use crate::observer::Notice;
use crate::settings::RouteChoice;

/// What all calls of a client know about the paths.
pub(crate) struct Routing {
    discovery: Mutex<RouteDiscovery>,
    /// Held while a probe goes ahead of a call, so that many calls at once send one.
    probing: tokio::sync::Mutex<()>,
}

/// How one call has come so far.
pub(crate) struct Way {
    /// What was known when it set out.
    known: RouteDiscovery,
    /// None while it is on the known path and nothing speaks against it.
    search: Option<RouteSearch>,
}

impl Routing {
    pub(crate) fn new(choice: RouteChoice) -> Self {
        Self {
            discovery: Mutex::new(match choice {
                RouteChoice::Auto => RouteDiscovery::auto(),
                RouteChoice::Remembered(routes) => RouteDiscovery::remembered(routes),
                RouteChoice::Fixed(routes) => RouteDiscovery::fixed(routes),
            }),
            probing: tokio::sync::Mutex::new(()),
        }
    }

    pub(crate) fn learned(&self) -> Option<Routes> {
        self.discovery().learned()
    }

    fn discovery(&self) -> MutexGuard<'_, RouteDiscovery> {
        // What was learnt is changed in one call, so a panic leaves it whole.
        self.discovery
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn known<O: Operation>(&self, operation: &O) -> Option<(Routes, Way)> {
        let known = self.discovery().clone();
        let routes = known.known(operation)?;
        let way = Way {
            known,
            search: None,
        };
        Some((routes, way))
    }
}

impl Client {
    /// The path to send a call along first.
    pub(crate) async fn first_path<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<(Routes, Way), CallError> {
        let routing = self.routing();
        if let Some(known) = routing.known(operation) {
            return Ok(known);
        }
        let _probing = match operation.effect() {
            Effect::Changes => Some(routing.probing.lock().await),
            Effect::Reads => None,
        };
        // Another call may have learnt it while this one waited.
        if let Some(known) = routing.known(operation) {
            return Ok(known);
        }
        let known = routing.discovery().clone();
        let mut search = known.search(operation, self.base())?;
        let first = self.lead(&mut search).await;
        let first = first.map_err(|cause| CallError::before(Preparation::Routes, cause))?;
        let way = Way {
            known,
            search: Some(search),
        };
        // A search that no probe has ended has a first path; this one is its own first choice.
        let [default, ..] = Routes::ALL;
        Ok((first.unwrap_or(default), way))
    }

    /// The path to send a call along next, if the answer that it got says that there is another
    /// one, and that nothing was carried out.
    pub(crate) async fn next_path<O: Operation>(
        &self,
        operation: &O,
        way: &mut Way,
        answer: RouteAnswer<'_>,
    ) -> Result<Option<Routes>, CallError> {
        let search = match &mut way.search {
            Some(search) => search,
            None if matches!(answer, RouteAnswer::Refused(_)) => {
                let mut search = way.known.search(operation, self.base())?;
                // Which is to go along the known path.
                search.step();
                way.search.insert(search)
            }
            None => return Ok(None),
        };
        search.answered(answer);
        self.learn(search);
        // A probe that fails now leaves the call's own answer standing.
        Ok(self.lead(search).await.unwrap_or(None))
    }

    /// Sends the probes that come before the next path.
    async fn lead(&self, search: &mut RouteSearch) -> Result<Option<Routes>, CallError> {
        let mut failure = None;
        loop {
            match search.step() {
                SearchStep::Send(routes) => return Ok(Some(routes)),
                SearchStep::Done(_) => return failure.map_or(Ok(None), Err),
                SearchStep::Probe(routes) => {
                    // Boxed, as a call inside a call would enlarge every call.
                    let probed = Box::pin(self.ask(&PROBE, routes)).await;
                    search.answered(route_answer(&probed));
                    self.learn(search);
                    failure = probed.err();
                }
            }
        }
    }

    fn learn(&self, search: &RouteSearch) {
        let news = self.routing().discovery().learn(search);
        if let Some(routes) = news {
            self.transport().notice(&Notice::RoutesLearned(routes));
        }
    }
}

/// What the outcome of a call says about its path.
pub(crate) fn route_answer<T>(outcome: &Result<Answered<T>, CallError>) -> RouteAnswer<'_> {
    match outcome {
        Ok(answered) => RouteAnswer::Success(&answered.notes),
        Err(CallError::Reply(refusal)) => RouteAnswer::Refused(refusal),
        Err(_) => RouteAnswer::Lost,
    }
}
