//! Who sends a request, and what to do when that is not believed.

use http::Request;
use pam_proto::oauth1::Signer;
use pam_proto::{Fault, ReplyError};

use crate::clock::{Clock, Lesson};
use crate::error::{CallError, SetupError};
use crate::observer::Notice;
use crate::settings::Authentication;

/// One door for both ways of authentication.
pub(crate) enum Authenticator {
    OAuth1 { signer: Signer, clock: Clock },
}

/// What a request was authorized with, to learn from its refusal.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof {
    /// A signature whose stamp had this clock offset in it.
    Stamp { offset: i64 },
}

/// What to do about a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Nothing: it stands.
    None,
    /// Send the request once more, newly authorized.
    Again(Option<Notice>),
}

impl Authenticator {
    pub(crate) fn new(authentication: &Authentication) -> Result<Self, SetupError> {
        match authentication {
            Authentication::OAuth1(credentials) => Ok(Self::OAuth1 {
                signer: Signer::new(credentials)?,
                clock: Clock::new(),
            }),
        }
    }

    /// Adds the `Authorization` header.
    pub(crate) async fn authorize(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<(Request<Vec<u8>>, Proof), CallError> {
        match self {
            Self::OAuth1 { signer, clock } => {
                let (stamp, offset) = clock.stamp()?;
                Ok((signer.sign(request, &stamp)?, Proof::Stamp { offset }))
            }
        }
    }

    /// Whether a refusal can be remedied. Every refusal that is comes before execution, so even a
    /// drop may be sent again.
    pub(crate) fn remedy(&self, refusal: &ReplyError, proof: Proof) -> Remedy {
        match (self, proof) {
            (Self::OAuth1 { clock, .. }, Proof::Stamp { offset }) => {
                // A gateway answers a rejected signature with "no route", too (A2A API
                // specification, "Bodies that are not the envelope").
                let about_stamp = matches!(
                    refusal.fault,
                    Fault::Signature | Fault::Timestamp | Fault::Token | Fault::NoRoute
                );
                let Some(date) = refusal.date.filter(|_| about_stamp) else {
                    return Remedy::None;
                };
                match clock.learn(date, offset) {
                    Lesson::ClockWasRight => Remedy::None,
                    Lesson::KnownByNow => Remedy::Again(None),
                    Lesson::Corrected { offset } => {
                        Remedy::Again(Some(Notice::ClockSkew { offset }))
                    }
                }
            }
        }
    }
}
