//! The course of one call: what to send next, until an answer stands.
//!
//! A call may take more than its own request. The token must be fetched, the path found by a
//! harmless read, a request signed anew with the appliance's time, a read repeated that a closing
//! connection swallowed or that came too soon after others. [`Call`] decides all of that and does
//! no I/O: its driver carries out one [`Step`] after the other, and tells what came of it.

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use pam_proto::discovery::{PROBE, RouteAnswer, RouteDiscovery, RouteSearch, SearchStep};
use pam_proto::oauth2::{AccessToken, Flight, TokenStep, Turn};
use pam_proto::{Effect, Envelope, Fault, Notes, Operation, ReplyError, Routes};

use crate::calls::{Calls, Method, Tokens};
use crate::clock::Lesson;
use crate::error::{CallError, Preparation};
use crate::observer::Notice;
use crate::outgoing::Raw;
use crate::patience::Patience;

/// What a driver does next.
#[derive(Debug)]
pub enum Step<T> {
    /// Sends this within the deadline of an ordinary call, reads the whole answer, and tells
    /// [`Call::prepared`].
    Prepare(Request<Vec<u8>>),
    /// Sends this, which is the call's own request, reads the answer in its own way, and tells
    /// [`Call::answered`].
    Send(Request<Vec<u8>>),
    /// Waits until the [`Calls`] wake it: another call fetches the token or finds the path.
    Wait,
    /// Lets this time pass: the appliance takes no more requests for now.
    Pause(Duration),
    /// Is done.
    Done(Result<T, CallError>),
}

/// A request that got no answer, or none that could be used.
#[derive(Debug)]
pub struct Failure {
    /// Boxed, as it is rare, and would enlarge every answer.
    error: Box<CallError>,
    stale: bool,
}

impl Failure {
    /// What is told of it, and whether the connection was stale: used before, and nothing at all
    /// came back. Most likely the server was about to close it (RFC 9112 section 9.3.1).
    #[must_use]
    pub fn new(error: impl Into<CallError>, stale: bool) -> Self {
        Self {
            error: Box::new(error.into()),
            stale,
        }
    }
}

impl<E: Into<CallError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::new(error, false)
    }
}

/// One call on its way; `T` is what its own request brings.
///
/// One that is dropped before it is done leaves its place to those that wait for it.
pub struct Call<T> {
    calls: Arc<Calls>,
    errand: Errand,
    /// By which path, when that is to be found out.
    way: Option<Way>,
    /// Whether others wait for this call to find the path.
    leads: bool,
    attempts: Attempts,
    /// With the appliance's rate limit; none when the caller wants to know of it at once.
    patience: Option<Patience>,
    pause: Option<Duration>,
    fetch: Option<Fetch>,
    /// Why the last probe brought nothing.
    lost_probe: Option<CallError>,
    outcome: Option<Result<T, CallError>>,
}

/// The request under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// None: the path is to be chosen.
    Choose,
    Probe(Routes),
    Send(Routes),
}

struct Way {
    /// What was known when the call set out.
    known: RouteDiscovery,
    /// None while it is on the known path and nothing speaks against it.
    search: Option<Box<RouteSearch>>,
}

/// What a request has been through: the sendings of one differ in their authorization only.
#[derive(Debug, Default)]
struct Attempts {
    /// The clock's correction in the last stamp.
    offset: i64,
    /// Whether a stamp was refused for its time.
    signed_again: bool,
    /// Whether it was sent again after a connection had swallowed it.
    resent: bool,
    turn: Turn,
}

/// The request for a token, which comes before another one.
struct Fetch {
    flight: Flight,
    /// Which of the paths, and whether along it a connection has swallowed one.
    path: usize,
    resent: bool,
}

impl<T> Call<T> {
    /// A call that finds its path if none is known.
    #[must_use]
    pub fn new(calls: &Arc<Calls>) -> Self {
        Self::of(calls, Errand::Choose)
    }

    /// A call whose request is the same under every family of paths.
    #[must_use]
    pub fn straight(calls: &Arc<Calls>) -> Self {
        let [any, ..] = Routes::ALL;
        Self::of(calls, Errand::Send(any))
    }

    fn of(calls: &Arc<Calls>, errand: Errand) -> Self {
        Self {
            calls: Arc::clone(calls),
            errand,
            way: None,
            leads: false,
            attempts: Attempts::default(),
            patience: Some(Patience::default()),
            pause: None,
            fetch: None,
            lost_probe: None,
            outcome: None,
        }
    }

    /// The same without waiting when the appliance says that there are too many requests: for a
    /// caller that has other plans for the time.
    #[must_use]
    pub fn without_patience(mut self) -> Self {
        self.patience = None;
        self
    }

    /// What to do now. It is always the same operation that is given.
    pub fn step<O: Operation>(&mut self, operation: &O) -> Step<T> {
        if let Some(pause) = self.pause.take() {
            return Step::Pause(pause);
        }
        loop {
            let routes = match self.errand {
                Errand::Probe(routes) | Errand::Send(routes) => routes,
                Errand::Choose => match self.choose(operation) {
                    Ok(Choice::Found) => continue,
                    Ok(Choice::Wait) => return Step::Wait,
                    Ok(Choice::Stands(outcome)) => return Step::Done(outcome),
                    Err(error) => return Step::Done(Err(error)),
                },
            };
            let probes = matches!(self.errand, Errand::Probe(_));
            let base = &self.calls.base;
            let built = if probes {
                PROBE.request(base, routes)
            } else {
                operation.request(base, routes)
            };
            let authorized = built.map_err(CallError::from);
            match authorized.and_then(|request| self.authorize(request)) {
                Ok(Authorized::Wait) => return Step::Wait,
                Ok(Authorized::First(request)) => return Step::Prepare(request),
                Ok(Authorized::Ready(request)) if probes => return Step::Prepare(request),
                Ok(Authorized::Ready(request)) => return Step::Send(request),
                Err(error) if probes => self.probed(Err(error), &Notes::default()),
                Err(error) => self.answered(operation, Err(error.into()), &Notes::default()),
            }
        }
    }

    /// What came of a [`Step::Prepare`].
    pub fn prepared(&mut self, outcome: Result<Response<Vec<u8>>, Failure>) {
        if let Some(fetch) = self.fetch.take() {
            return self.fetched(fetch, outcome);
        }
        let mut notes = Notes::default();
        let outcome = match outcome {
            Err(Failure { stale: true, .. }) if !mem::replace(&mut self.attempts.resent, true) => {
                return;
            }
            Err(failure) => Err(*failure.error),
            Ok(response) => {
                let outcome = PROBE.parse_noting(&response, &mut notes);
                self.calls.tolerated(notes);
                match outcome {
                    Err(refusal) if self.remedied(&refusal) => return,
                    Err(refusal) if self.waits(&PROBE, &refusal) => return,
                    outcome => outcome.map(drop).map_err(CallError::Reply),
                }
            }
        };
        self.probed(outcome, &notes);
    }

    /// What came of a [`Step::Send`], and what was noticed in it.
    pub fn answered<O: Operation>(
        &mut self,
        operation: &O,
        outcome: Result<T, Failure>,
        notes: &Notes,
    ) {
        let outcome = match outcome {
            Err(Failure { stale: true, .. })
                if operation.effect() == Effect::Reads
                    && !mem::replace(&mut self.attempts.resent, true) =>
            {
                return;
            }
            Err(Failure { error, .. }) => Err(match *error {
                CallError::Reply(refusal) => refusal.in_module(operation.module()).into(),
                error => error,
            }),
            Ok(output) => Ok(output),
        };
        if let Err(CallError::Reply(refusal)) = &outcome
            && (self.remedied(refusal) || self.waits(operation, refusal))
        {
            return;
        }
        self.attempts = Attempts::default();
        self.errand = Errand::Choose;
        let answer = route_answer(&outcome, notes);
        if let Some(way) = &mut self.way {
            let refused = matches!(answer, RouteAnswer::Refused(_));
            if way.search.is_none()
                && refused
                && let Ok(mut search) = way.known.search(operation, &self.calls.base)
            {
                // Which is to go along the known path.
                search.step();
                way.search = Some(Box::new(search));
            }
            if let Some(search) = &mut way.search {
                search.answered(answer);
                self.calls.learn(search);
            }
        }
        self.outcome = Some(outcome);
    }

    /// Whether a refusal is remedied, so that the request may be sent once more, newly
    /// authorized. Such a refusal comes before execution, so this is safe for a drop too.
    fn remedied(&mut self, refusal: &ReplyError) -> bool {
        let remedied = match &self.calls.method {
            Method::Signature(_) if self.attempts.signed_again => false,
            Method::Signature(_) => {
                let lesson = self.calls.clock.learn(refusal, self.attempts.offset);
                if let Lesson::Corrected { offset } = lesson {
                    self.calls.notice(&Notice::ClockSkew { offset });
                }
                self.attempts.signed_again = lesson != Lesson::ClockWasRight;
                self.attempts.signed_again
            }
            // A gateway may answer a rejected token with "no route" (A2A API specification,
            // "Bodies that are not the envelope"), but it does so for every wrong path, too, and a
            // new token each time would help nobody.
            Method::Token(tokens) => {
                refusal.fault == Fault::Token && tokens.state().refused(&mut self.attempts.turn)
            }
        };
        if remedied {
            self.attempts.resent = false;
        }
        remedied
    }

    /// Whether the same is asked again after a while. Only what reads is: whether something that
    /// changes the appliance is still wanted then, its caller must find out.
    fn waits<O: Operation>(&mut self, operation: &O, refusal: &ReplyError) -> bool {
        let patience = self.patience.as_mut();
        let patience = patience.filter(|_| operation.effect() == Effect::Reads);
        let deadline = self.calls.deadlines.of(operation.pace());
        self.pause = patience.and_then(|patience| patience.wait(refusal, deadline));
        if let Some(pause) = self.pause {
            self.attempts.resent = false;
            self.calls.notice(&Notice::RateLimited { pause });
        }
        self.pause.is_some()
    }

    /// The path to go along next.
    fn choose<O: Operation>(&mut self, operation: &O) -> Result<Choice<T>, CallError> {
        if self.way.is_none() && self.outcome.is_none() {
            match self.set_out(operation)? {
                Some(Choice::Found) => return Ok(Choice::Found),
                Some(choice) => return Ok(choice),
                None => {}
            }
        }
        let search = self.way.as_mut().and_then(|way| way.search.as_mut());
        match search.map(|search| search.step()) {
            Some(SearchStep::Probe(routes)) => self.errand = Errand::Probe(routes),
            Some(SearchStep::Send(routes)) => self.send_along(routes),
            Some(SearchStep::Done(_)) | None => {
                if let Some(outcome) = self.settled() {
                    return Ok(Choice::Stands(outcome));
                }
                if let Some(cause) = self.lost_probe.take() {
                    self.stop_leading();
                    return Err(CallError::before(Preparation::Routes, cause));
                }
                // A search that no probe has ended has a first path; this one is its own.
                let [first, ..] = Routes::ALL;
                self.send_along(first);
            }
        }
        Ok(Choice::Found)
    }

    /// Takes the known path, or begins to look for one.
    fn set_out<O: Operation>(&mut self, operation: &O) -> Result<Option<Choice<T>>, CallError> {
        let (known, found) = {
            let mut routing = self.calls.routing();
            let known = routing.discovery.clone();
            let found = known.known(operation);
            if found.is_none() && operation.effect() == Effect::Changes {
                if mem::replace(&mut routing.probing, true) {
                    return Ok(Some(Choice::Wait));
                }
                self.leads = true;
            }
            (known, found)
        };
        let search = match found {
            Some(_) => None,
            None => Some(Box::new(known.search(operation, &self.calls.base)?)),
        };
        self.way = Some(Way { known, search });
        Ok(found.map(|routes| {
            self.send_along(routes);
            Choice::Found
        }))
    }

    fn send_along(&mut self, routes: Routes) {
        self.stop_leading();
        self.lost_probe = None;
        self.errand = Errand::Send(routes);
    }

    fn stop_leading(&mut self) {
        if mem::take(&mut self.leads) {
            self.calls.routing().probing = false;
            self.calls.wake();
        }
    }

    /// The answer that stands, when nothing more is to be asked.
    fn settled(&mut self) -> Option<Result<T, CallError>> {
        let search = self.way.as_mut().and_then(|way| way.search.as_mut());
        match search.map(|search| search.step()) {
            Some(SearchStep::Done(_)) | None => self.outcome.take(),
            Some(_) => None,
        }
    }

    fn probed(&mut self, outcome: Result<(), CallError>, notes: &Notes) {
        self.attempts = Attempts::default();
        self.errand = Errand::Choose;
        if let Some(search) = self.way.as_mut().and_then(|way| way.search.as_mut()) {
            search.answered(route_answer(&outcome, notes));
            self.calls.learn(search);
        }
        self.lost_probe = outcome.err();
    }

    /// Adds the `Authorization` header, for which a token may have to be fetched first.
    fn authorize(&mut self, request: Request<Vec<u8>>) -> Result<Authorized, CallError> {
        let tokens = match &self.calls.method {
            Method::Signature(signer) => {
                let (stamp, offset) = self.calls.clock.stamp()?;
                self.attempts.offset = offset;
                return Ok(Authorized::Ready(signer.sign(request, &stamp)?));
            }
            Method::Token(tokens) => tokens,
        };
        if let Some(fetch) = &self.fetch {
            let path = tokens.paths[fetch.path];
            return Ok(Authorized::First(
                tokens.client.token_request(&self.calls.base, path)?,
            ));
        }
        let now = self.calls.clock.now();
        let flight = match tokens.state().step(&mut self.attempts.turn, now) {
            TokenStep::Use(token) => return Ok(Authorized::Ready(token.bear(request))),
            TokenStep::Wait => return Ok(Authorized::Wait),
            TokenStep::Failed(error) => {
                return Err(CallError::before(Preparation::AccessToken, error.clone()));
            }
            TokenStep::Fetch(flight) => flight,
        };
        let first = tokens
            .client
            .token_request(&self.calls.base, tokens.paths[0]);
        self.fetch = Some(Fetch {
            flight,
            path: 0,
            resent: false,
        });
        Ok(Authorized::First(first?))
    }

    /// A request for a token has come to its end.
    fn fetched(&mut self, mut fetch: Fetch, outcome: Result<Response<Vec<u8>>, Failure>) {
        let calls = Arc::clone(&self.calls);
        let Method::Token(tokens) = &calls.method else {
            return;
        };
        let outcome = match outcome {
            // A token more or less changes nothing.
            Err(Failure { stale: true, .. }) if !mem::replace(&mut fetch.resent, true) => {
                self.fetch = Some(fetch);
                return;
            }
            Err(failure) => Err(*failure.error),
            Ok(response) => {
                let mut notes = Notes::default();
                let token = AccessToken::read(&response, calls.clock.now(), &mut notes);
                calls.tolerated(notes);
                token.map_err(CallError::Reply)
            }
        };
        if let Err(CallError::Reply(reply)) = &outcome
            && matches!(reply.fault, Fault::NoRoute | Fault::ResourceNotFound)
            && fetch.path == 0
        {
            self.fetch = Some(Fetch {
                path: 1,
                resent: false,
                ..fetch
            });
            return;
        }
        if let Ok(token) = &outcome {
            keep(token, tokens, &calls);
        }
        tokens.state().fetched(fetch.flight, outcome);
        calls.wake();
    }
}

impl<P> Call<(StatusCode, P)> {
    /// What came of a [`Step::Send`] whose answer is the operation's to read.
    pub fn responded<O: Operation<Output = P>>(
        &mut self,
        operation: &O,
        response: Result<Response<Vec<u8>>, Failure>,
    ) {
        let mut notes = Notes::default();
        let outcome = match response {
            Ok(response) => {
                let outcome = operation.parse_noting(&response, &mut notes);
                self.calls.tolerated(notes);
                outcome
                    .map(|output| (response.status(), output))
                    .map_err(Failure::from)
            }
            Err(failure) => Err(failure),
        };
        self.answered(operation, outcome, &notes);
    }
}

impl Call<Response<Vec<u8>>> {
    /// What came of a [`Step::Send`] whose answer is given to the caller, whatever it says.
    pub fn returned(&mut self, raw: &Raw, response: Result<Response<Vec<u8>>, Failure>) {
        if let Ok(response) = &response
            && let Err(refusal) = Envelope::success(response)
            && (self.remedied(&refusal) || self.waits(raw, &refusal))
        {
            return;
        }
        self.answered(raw, response, &Notes::default());
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.stop_leading();
        if let Some(fetch) = self.fetch.take()
            && let Method::Token(tokens) = &self.calls.method
        {
            tokens.state().abandoned(fetch.flight);
            self.calls.wake();
        }
    }
}

/// What choosing a path came to.
enum Choice<T> {
    Found,
    Wait,
    Stands(Result<T, CallError>),
}

/// What authorizing a request came to.
enum Authorized {
    Ready(Request<Vec<u8>>),
    /// This one comes first.
    First(Request<Vec<u8>>),
    Wait,
}

fn keep(token: &AccessToken, tokens: &Tokens, calls: &Calls) {
    if let Some(cache) = &tokens.cache
        && let Err(reason) = cache.write(token, &calls.clock)
    {
        calls.notice(&Notice::TokenNotKept { reason });
    }
}

/// What an outcome says about its path.
fn route_answer<'a, T>(outcome: &'a Result<T, CallError>, notes: &'a Notes) -> RouteAnswer<'a> {
    match outcome {
        Ok(_) => RouteAnswer::Success(notes),
        Err(CallError::Reply(refusal)) => RouteAnswer::Refused(refusal),
        Err(_) => RouteAnswer::Lost,
    }
}
