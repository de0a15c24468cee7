//! `GET …/remotesessions` (A2A API specification, "List all").

use http::{Method, Request, Response};

use super::{Operation, Pace, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::routes::Routes;
use crate::session::Session;

/// Reads every session that the authorization may see, running and ended: the appliance has
/// neither filter nor page.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListSessions;

impl Operation for ListSessions {
    type Output = Vec<Session>;

    fn pace(&self) -> Pace {
        Pace::Listing
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        bare(
            Method::GET,
            base.endpoint(routes.sessions().iter().copied())?,
        )
    }

    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Vec<Session>, ReplyError> {
        let envelope = Envelope::success(response)?;
        let records = envelope.records(&["remote_sessions", "remote_session"])?;
        let sessions = records.iter().map(|record| Session::from_value(record));
        sessions
            .collect::<Result<_, _>>()
            .map_err(|error| envelope.malformed(error.to_string()))
    }
}
