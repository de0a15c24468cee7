//! `GET …/remotesessions` (A2A API specification, "List all").

use http::{Method, Request};

use super::{Effect, Operation, Pace, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::knowledge::Module;
use crate::routes::Routes;
use crate::session::Session;
use crate::tolerance::Notes;

/// Reads every session that the authorization may see, running and ended: the appliance has
/// neither filter nor page.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListSessions;

impl Operation for ListSessions {
    type Output = Vec<Session>;

    fn pace(&self) -> Pace {
        Pace::Listing
    }

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn module(&self) -> Module {
        Module::Sessions
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        bare(
            Method::GET,
            base.endpoint(routes.sessions().iter().copied())?,
        )
    }

    fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<Vec<Session>, ReplyError> {
        let records = envelope.records(&["remote_sessions", "remote_session"], notes)?;
        let sessions = records
            .iter()
            .map(|record| Session::from_value_noting(record, notes));
        sessions
            .collect::<Result<_, _>>()
            .map_err(|error| envelope.malformed(error.to_string()))
    }
}
