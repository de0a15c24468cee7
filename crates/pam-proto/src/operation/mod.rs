//! What can be asked of the appliance: each operation is a type with two pure halves.
//!
//! [`Operation::request`] builds an unsigned [`http::Request`], [`Operation::parse`] reads the
//! [`http::Response`]. Signing lies between them and transport beyond, so an adapter knows no
//! protocol. An endpoint that this crate does not have is added by implementing the trait.

use http::{Method, Request, Response, Uri, header};

use crate::base_url::BaseUrl;
use crate::error::{BuildError, ReplyError};
use crate::routes::Routes;

mod get_session;
mod list_sessions;
mod open_session;
mod terminate_session;

pub use get_session::GetSession;
pub use list_sessions::ListSessions;
pub use open_session::{OpenSession, OpenedSession};
pub use terminate_session::{TerminateSession, Terminated};

/// How long an answer may take to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pace {
    /// Seconds.
    Ordinary,
    /// "A few minutes" (A2A API specification, "List all").
    Listing,
}

/// One call of the appliance's API.
pub trait Operation {
    /// What a successful answer holds.
    type Output;

    /// How long the answer may take.
    fn pace(&self) -> Pace {
        Pace::Ordinary
    }

    /// The unsigned request.
    ///
    /// # Errors
    /// [`BuildError`] when it can't be built from what the operation was given.
    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError>;

    /// Reads the answer.
    ///
    /// # Errors
    /// [`ReplyError`] when it is not a success of this operation.
    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Self::Output, ReplyError>;
}

fn bare(method: Method, uri: Uri) -> Result<Request<Vec<u8>>, BuildError> {
    let request = Request::builder()
        .method(method)
        .uri(uri)
        .header(header::ACCEPT, "application/json");
    request.body(Vec::new()).map_err(|_| BuildError::Body)
}
