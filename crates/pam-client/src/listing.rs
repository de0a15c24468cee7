//! The listing, read as a stream.

use std::ops::ControlFlow;

use http::response::Parts;
use pam_proto::discovery::RouteAnswer;
use pam_proto::listing::{Filter, ListingEnd, ListingParser, SessionRecord};
use pam_proto::{Effect, ListSessions, Operation as _, Pace, Routes};

use crate::authenticator::Attempts;
use crate::client::Client;
use crate::error::CallError;
use crate::transport::Arriving;

impl Client {
    /// Reads the listing and hands over each session that the filter wants, as soon as it has
    /// arrived. However long the listing is, no more than one session and one chunk are held.
    ///
    /// When `on_session` breaks, the connection is closed and the rest is not read. Sessions are
    /// handed over before it is known whether the whole answer is a success; who acts on them
    /// waits for the end.
    ///
    /// ```no_run
    /// use std::ops::ControlFlow;
    /// use pam_proto::listing::Filter;
    ///
    /// # async fn example(client: pam_client::Client) -> Result<(), pam_client::CallError> {
    /// let running = Filter::new().active().user("alice");
    /// let end = client
    ///     .list(&running, |session| {
    ///         println!("{}", session.id());
    ///         ControlFlow::Continue(())
    ///     })
    ///     .await?;
    /// println!("{} of {} sessions", end.wanted, end.records);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CallError`] when the listing did not come, broke off, or is not a success. Sessions may
    /// have been handed over before.
    pub async fn list(
        &self,
        filter: &Filter,
        mut on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        let (mut routes, mut way) = self.first_path(&ListSessions).await?;
        loop {
            let outcome = self.list_along(routes, filter, &mut on_session).await;
            let answer = match &outcome {
                Ok(end) => RouteAnswer::Success(&end.notes),
                Err(CallError::Reply(refusal)) => RouteAnswer::Refused(refusal),
                Err(_) => RouteAnswer::Lost,
            };
            match self.next_path(&ListSessions, &mut way, answer).await? {
                Some(next) => routes = next,
                None => return outcome,
            }
        }
    }

    async fn list_along(
        &self,
        routes: Routes,
        filter: &Filter,
        on_session: &mut impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        let build = || Ok(ListSessions.request(self.base(), routes)?);
        let mut attempts = Attempts::default();
        loop {
            let begun = self.begin(&build, Pace::Listing, Effect::Reads, &mut attempts);
            let (head, arriving) = begun.await?;
            let read = self.read_listing(head, arriving, filter, on_session);
            let refusal = match read.await {
                Err(CallError::Reply(refusal)) => refusal.in_module(ListSessions.module()),
                outcome => return outcome,
            };
            // A refusal that can be remedied comes instead of a listing, not after one.
            if !self.remedy(&refusal, &mut attempts) {
                return Err(refusal.into());
            }
        }
    }

    async fn read_listing(
        &self,
        head: Parts,
        mut arriving: Arriving,
        filter: &Filter,
        on_session: &mut impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        let mut parser = ListingParser::new(filter.clone(), head);
        while let Some(chunk) = self.transport().next_chunk(&mut arriving).await? {
            if parser.feed(&chunk, &mut *on_session)?.is_break() {
                return Ok(parser.finish()?);
            }
        }
        self.transport().finish(arriving).await;
        let end = parser.finish()?;
        self.transport().tolerated(end.notes);
        Ok(end)
    }
}
