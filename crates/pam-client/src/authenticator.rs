//! Who sends a request, and what to do when that is not believed.

use http::Request;
use pam_proto::oauth1::Signer;
use pam_proto::oauth2::Turn;
use pam_proto::{Fault, ReplyError, Routes};

use crate::access_token::AccessTokens;
use crate::clock::{Clock, Lesson};
use crate::error::{CallError, SetupError};
use crate::observer::Notice;
use crate::settings::{Authentication, RouteChoice, Settings};
use crate::transport::Transport;

/// One door for both ways of authentication.
pub(crate) struct Authenticator {
    clock: Clock,
    method: Method,
}

enum Method {
    Signature(Signer),
    Token(Box<AccessTokens>),
}

/// What one call has been through: its requests differ in their authorization only.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    /// The clock's correction in the last stamp.
    offset: i64,
    /// Whether a stamp was refused for its time.
    signed_again: bool,
    turn: Turn,
}

impl Authenticator {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SetupError> {
        let method = match &settings.authentication {
            Authentication::OAuth1(credentials) => Method::Signature(Signer::new(credentials)?),
            Authentication::OAuth2(client) => {
                let routes = known_routes(settings.routes);
                let cache = settings.token_cache.as_deref();
                let tokens = AccessTokens::new(&settings.base, client, routes, cache)?;
                Method::Token(Box::new(tokens))
            }
        };
        Ok(Self {
            clock: Clock::new(),
            method,
        })
    }

    /// Adds the `Authorization` header.
    pub(crate) async fn authorize(
        &self,
        request: Request<Vec<u8>>,
        attempts: &mut Attempts,
        transport: &Transport,
    ) -> Result<Request<Vec<u8>>, CallError> {
        match &self.method {
            Method::Signature(signer) => {
                let (stamp, offset) = self.clock.stamp()?;
                attempts.offset = offset;
                Ok(signer.sign(request, &stamp)?)
            }
            Method::Token(tokens) => {
                let turn = &mut attempts.turn;
                // Boxed, as a call inside a call would enlarge every call.
                Box::pin(tokens.bear(request, turn, &self.clock, transport)).await
            }
        }
    }

    /// Whether a refusal is remedied, so that the request may be sent once more, newly
    /// authorized. Such a refusal comes before execution, so this is safe for a drop too.
    pub(crate) fn remedy(
        &self,
        refusal: &ReplyError,
        attempts: &mut Attempts,
        transport: &Transport,
    ) -> bool {
        match &self.method {
            Method::Signature(_) if attempts.signed_again => false,
            Method::Signature(_) => {
                let lesson = self.clock.learn(refusal, attempts.offset);
                if let Lesson::Corrected { offset } = lesson {
                    transport.notice(&Notice::ClockSkew { offset });
                }
                attempts.signed_again = lesson != Lesson::ClockWasRight;
                attempts.signed_again
            }
            // A gateway may answer a rejected token with "no route" (A2A API specification,
            // "Bodies that are not the envelope"), but it does so for every wrong path, too, and a
            // new token each time would help nobody.
            Method::Token(tokens) => {
                refusal.fault == Fault::Token && tokens.refused(&mut attempts.turn)
            }
        }
    }
}

fn known_routes(choice: RouteChoice) -> Option<Routes> {
    match choice {
        RouteChoice::Fixed(routes) | RouteChoice::Remembered(routes) => Some(routes),
        RouteChoice::Auto => None,
    }
}
