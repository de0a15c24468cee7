//! `GET …/remotesessions/[id]` (A2A API specification, "Get one by id").

use http::{Method, Request};

use super::{Effect, Operation, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::identity::SessionNumber;
use crate::knowledge::Module;
use crate::routes::Routes;
use crate::session::Session;
use crate::tolerance::Notes;

/// Reads one session by its row number.
#[derive(Debug, Clone, Copy)]
pub struct GetSession {
    id: SessionNumber,
}

impl GetSession {
    /// Reads the session with this row number.
    #[must_use]
    pub const fn new(id: SessionNumber) -> Self {
        Self { id }
    }
}

impl Operation for GetSession {
    type Output = Session;

    fn effect(&self) -> Effect {
        Effect::Reads
    }

    fn module(&self) -> Module {
        Module::Sessions
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        let id = self.id.to_string();
        let segments = routes.sessions().iter().copied().chain([id.as_str()]);
        bare(Method::GET, base.endpoint(segments)?)
    }

    /// The payload is an array of one under a singular key; the plural key and a bare object are
    /// taken too. A record with another row number than the one asked for is no answer.
    fn read(&self, envelope: &Envelope, notes: &mut Notes) -> Result<Session, ReplyError> {
        let records = envelope.records(&["remote_session", "remote_sessions"], notes)?;
        if records.is_empty() {
            return Err(envelope.session_not_found(format!("there is no session {}", self.id)));
        }
        let mut missing = None;
        for record in records {
            match Session::from_value_noting(record, notes) {
                Ok(session) if session.id == self.id => return Ok(session),
                Ok(_) => {}
                Err(error) => missing = Some(error),
            }
        }
        Err(envelope.malformed(match missing {
            Some(error) => error.to_string(),
            None => format!("the appliance's answer does not hold session {}", self.id),
        }))
    }
}
