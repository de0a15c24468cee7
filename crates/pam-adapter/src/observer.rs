//! Who is told what goes over the wire.

use std::fmt;
use std::time::Duration;

use http::{request, response};
use pam_proto::{Notes, Routes};

/// Is told of requests, of bytes and of what the client did on its own.
///
/// The methods are called on the path of the request, so they must be quick and must not block.
/// Every one of them does nothing unless it is overridden.
pub trait Observer: Send + Sync {
    /// A request is about to be sent. Its `Authorization` header is complete for OAuth 1.0, where
    /// a signature is no secret, and otherwise has its credential replaced by `[redacted]`.
    fn request_sent(&self, request: &request::Parts) {
        let _ = request;
    }

    /// An answer has begun to come: its status and headers are there, its body is not.
    fn answer_begun(&self, answer: &response::Parts) {
        let _ = answer;
    }

    /// So many more bytes of an answer's body have arrived.
    fn bytes_received(&self, count: u64) {
        let _ = count;
    }

    /// The client did something that its user should know of.
    fn notice(&self, notice: &Notice) {
        let _ = notice;
    }
}

impl fmt::Debug for dyn Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// What the client did on its own. `Display` is one line for the user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The appliance's clock differs, so requests are signed with its time from now on.
    ClockSkew {
        /// The appliance's clock minus ours, in seconds.
        offset: i64,
    },
    /// The appliance was found to serve this family of paths.
    RoutesLearned(Routes),
    /// The appliance takes no more requests for now, and a read is sent again after a pause.
    RateLimited {
        /// How long the pause is.
        pause: Duration,
    },
    /// The access token can't be kept for the next run.
    TokenNotKept {
        /// The file and what is wrong with it.
        reason: String,
    },
    /// An answer departed from its documents, and was understood all the same.
    Tolerated(Notes),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockSkew { offset } => {
                let direction = if *offset < 0 { "behind" } else { "ahead of" };
                write!(
                    f,
                    "the appliance's clock is {} s {direction} this machine's; \
                     requests are signed with its time (set this machine's clock right)",
                    offset.unsigned_abs()
                )
            }
            Self::RoutesLearned(routes) => {
                write!(f, "the appliance serves the `{routes}` routes")
            }
            Self::RateLimited { pause } => write!(
                f,
                "the appliance takes no more requests for now; asking again in {:.1} s",
                pause.as_secs_f64()
            ),
            Self::TokenNotKept { reason } => {
                write!(f, "the access token is not kept for the next run: {reason}")
            }
            Self::Tolerated(notes) => write!(f, "tolerated in an answer: {notes}"),
        }
    }
}
