//! `GET …/remotesessions` (A2A API specification, "List all").

#[cfg(feature = "listing")]
use std::ops::ControlFlow;

#[cfg(feature = "listing")]
use http::Response;
use http::{Method, Request};

use super::{Effect, Operation, Pace, bare};
use crate::base_url::BaseUrl;
use crate::envelope::Envelope;
use crate::error::{BuildError, ReplyError};
use crate::knowledge::Module;
#[cfg(feature = "listing")]
use crate::listing::{Filter, ListingParser};
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

    /// Reads a whole body as [`ListingParser`] reads one that arrives: without a tree of all its
    /// values, which would be ten times its size.
    #[cfg(feature = "listing")]
    fn parse_noting(
        &self,
        response: &Response<Vec<u8>>,
        notes: &mut Notes,
    ) -> Result<Vec<Session>, ReplyError> {
        let (mut head, ()) = Response::new(()).into_parts();
        head.status = response.status();
        head.headers = response.headers().clone();
        let mut sessions = Vec::new();
        let mut parser = ListingParser::new(Filter::new(), head);
        // It goes on to the end: nothing here breaks.
        let _ = parser.feed(response.body(), |record| {
            sessions.push(record.to_session_noting(notes));
            ControlFlow::Continue(())
        })?;
        parser.finish_noting(notes)?;
        Ok(sessions)
    }
}
