//! `DELETE /iso/session/drop/[session_id]` (A2A API specification, "Terminate a session").

use http::{Method, Request};

use super::{Operation, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::identity::SessionId;
use crate::knowledge::Module;
use crate::routes::Routes;
use crate::tolerance::Notes;

/// Asks the appliance to end one session.
///
/// Its success is a hint: the appliance does not promise that the session is gone when it
/// answers. See [`crate::termination`] for a proof.
///
/// ```
/// use pam_proto::{BaseUrl, Operation, Routes, SessionId, TerminateSession};
///
/// let base = BaseUrl::new("https://vault.example.com")?;
/// let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?;
/// let request = TerminateSession::new(id).request(&base, Routes::Iso)?;
/// assert_eq!(request.method(), "DELETE");
/// assert_eq!(
///     request.uri(),
///     "https://vault.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2"
/// );
/// # Ok::<(), pam_proto::BuildError>(())
/// ```
#[derive(Debug, Clone)]
pub struct TerminateSession {
    session_id: SessionId,
}

/// The appliance's word that it ended the session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terminated {
    /// Its message; Portuguese or English, never to be matched on.
    pub message: String,
}

impl TerminateSession {
    /// Ends the session with this id.
    #[must_use]
    pub fn new(session_id: SessionId) -> Self {
        Self { session_id }
    }
}

impl Operation for TerminateSession {
    type Output = Terminated;

    fn module(&self) -> Module {
        Module::Sessions
    }

    fn request(&self, base: &BaseUrl, routes: Routes) -> Result<Request<Vec<u8>>, BuildError> {
        let segments = routes
            .terminate()
            .iter()
            .copied()
            .chain([self.session_id.as_str()]);
        bare(Method::DELETE, base.endpoint(segments)?)
    }

    fn read(&self, envelope: &Envelope, _: &mut Notes) -> Result<Terminated, ReplyError> {
        Ok(Terminated {
            message: envelope.message.clone(),
        })
    }
}
