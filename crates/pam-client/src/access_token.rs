//! The access token that all calls of a client share.

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::Request;
use pam_proto::oauth2::{
    AccessToken, ClientCredentials, Flight, TokenOwner, TokenPath, TokenState, TokenStep, Turn,
};
use pam_proto::{BaseUrl, Fault, Notes, Pace, Routes};
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::error::{CallError, Preparation, SetupError};
use crate::observer::Notice;
use crate::private_file;
use crate::transport::{Failure, Transport};

/// Fetches a token when one is needed: one request under way, however many calls wait for it.
pub(crate) struct AccessTokens {
    base: BaseUrl,
    client: ClientCredentials,
    paths: [TokenPath; 2],
    state: Mutex<TokenState<CallError>>,
    /// A fetch has ended, well or badly.
    ended: Notify,
    cache: Option<Cache>,
}

/// The file that keeps the token between runs.
struct Cache {
    path: PathBuf,
    owner: TokenOwner,
}

impl AccessTokens {
    pub(crate) fn new(
        base: &BaseUrl,
        client: &ClientCredentials,
        routes: Option<Routes>,
        cache: Option<&Path>,
    ) -> Result<Self, SetupError> {
        let cache = cache.map(|path| Cache {
            path: path.to_owned(),
            owner: TokenOwner::new(base, client),
        });
        let kept = cache.as_ref().map(Cache::read).transpose()?.flatten();
        Ok(Self {
            base: base.clone(),
            client: client.clone(),
            paths: TokenPath::order(routes),
            state: Mutex::new(kept.map(TokenState::with_token).unwrap_or_default()),
            ended: Notify::new(),
            cache,
        })
    }

    /// The request with the token, which is fetched first when there is none that is fresh.
    pub(crate) async fn bear(
        &self,
        request: Request<Vec<u8>>,
        turn: &mut Turn,
        clock: &Clock,
        transport: &Transport,
    ) -> Result<Request<Vec<u8>>, CallError> {
        loop {
            // Before the look at the state, so that no end of a fetch is missed in between.
            let mut ended = pin!(self.ended.notified());
            ended.as_mut().enable();
            let flight = match self.state().step(turn, clock.now()) {
                TokenStep::Use(token) => return Ok(token.bear(request)),
                TokenStep::Failed(error) => {
                    return Err(CallError::before(Preparation::AccessToken, error.clone()));
                }
                TokenStep::Fetch(flight) => Some(flight),
                TokenStep::Wait => None,
            };
            match flight {
                Some(flight) => self.land(flight, clock, transport).await,
                None => ended.await,
            }
        }
    }

    /// The token of this call was refused: whether a new one is worth another try.
    pub(crate) fn refused(&self, turn: &mut Turn) -> bool {
        self.state().refused(turn)
    }

    async fn land(&self, flight: Flight, clock: &Clock, transport: &Transport) {
        let mut landing = Landing {
            tokens: self,
            flight: Some(flight),
        };
        let fetched = self.fetch(clock, transport).await;
        if let (Ok(token), Some(cache)) = (&fetched, &self.cache)
            && let Err(reason) = cache.write(token, clock)
        {
            transport.notice(&Notice::TokenNotKept { reason });
        }
        if let Some(flight) = landing.flight.take() {
            self.state().fetched(flight, fetched);
        }
    }

    async fn fetch(&self, clock: &Clock, transport: &Transport) -> Result<AccessToken, CallError> {
        let [first, second] = self.paths;
        match self.fetch_from(first, clock, transport).await {
            Err(CallError::Reply(reply))
                if matches!(reply.fault, Fault::NoRoute | Fault::ResourceNotFound) =>
            {
                self.fetch_from(second, clock, transport).await
            }
            fetched => fetched,
        }
    }

    async fn fetch_from(
        &self,
        path: TokenPath,
        clock: &Clock,
        transport: &Transport,
    ) -> Result<AccessToken, CallError> {
        let request = self.client.token_request(&self.base, path)?;
        let answer = match transport.begin(request.clone(), Pace::Ordinary).await {
            // A token more or less changes nothing.
            Err(Failure { stale: true, .. }) => transport.begin(request, Pace::Ordinary).await,
            answer => answer,
        };
        let (head, arriving) = answer.map_err(|failure| failure.error)?;
        let response = transport.collect(head, arriving).await?;
        let mut notes = Notes::default();
        let token = AccessToken::read(&response, clock.now(), &mut notes);
        transport.tolerated(notes);
        Ok(token?)
    }

    fn state(&self) -> MutexGuard<'_, TokenState<CallError>> {
        // Every change of the state is one call, so a panic leaves it whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the waiting calls that a fetch has ended, also when its own call was given up.
struct Landing<'a> {
    tokens: &'a AccessTokens,
    flight: Option<Flight>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        if let Some(flight) = self.flight.take() {
            self.tokens.state().abandoned(flight);
        }
        self.tokens.ended.notify_waiters();
    }
}

impl Cache {
    /// The token in the file. A file with anything else in it is overwritten later.
    fn read(&self) -> Result<Option<AccessToken>, SetupError> {
        let content = private_file::read(&self.path).map_err(|unfit| SetupError::TokenCache {
            path: self.path.clone(),
            reason: unfit.to_string(),
        })?;
        let entry = content
            .as_ref()
            .and_then(|entry| std::str::from_utf8(entry).ok());
        Ok(entry.and_then(|entry| self.owner.token(entry)))
    }

    fn write(&self, token: &AccessToken, clock: &Clock) -> Result<(), String> {
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let unique = clock.nonce().map_err(|error| shown(&error))?;
        let entry = self.owner.entry(token);
        private_file::replace(&self.path, &unique, entry.expose().as_bytes())
            .map_err(|error| shown(&error))
    }
}
