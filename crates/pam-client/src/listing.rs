//! The listing, read as a stream.

use std::ops::ControlFlow;

use http::Request;
use pam_adapter::{Call, CallError, Failure};
use pam_proto::listing::{Filter, ListingEnd, ListingParser, SessionRecord};
use pam_proto::{ListSessions, Notes, Pace};

use crate::client::Client;

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
        on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        self.list_by(&mut Call::new(self.calls()), filter, on_session)
            .await
    }

    /// The same by a call that was begun.
    pub(crate) async fn list_by(
        &self,
        call: &mut Call<ListingEnd>,
        filter: &Filter,
        mut on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        loop {
            let request = match self.lead(call, &ListSessions).await {
                ControlFlow::Continue(request) => request,
                ControlFlow::Break(outcome) => return outcome,
            };
            // A refusal that can be remedied comes instead of a listing, not after one.
            let read = self.read_listing(request, filter, &mut on_session);
            let outcome = read.await;
            let notes = outcome
                .as_ref()
                .map_or_else(|_| Notes::default(), |end| end.notes);
            call.answered(&ListSessions, outcome, &notes);
        }
    }

    async fn read_listing(
        &self,
        request: Request<Vec<u8>>,
        filter: &Filter,
        on_session: &mut impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, Failure> {
        let (head, mut arriving) = self.transport().begin(request, Pace::Listing).await?;
        let mut parser = ListingParser::new(filter.clone(), head);
        while let Some(chunk) = self.transport().next_chunk(&mut arriving).await? {
            if parser.feed(&chunk, &mut *on_session)?.is_break() {
                return Ok(parser.finish()?);
            }
        }
        self.transport().finish(arriving);
        let end = parser.finish()?;
        self.calls().tolerated(end.notes);
        Ok(end)
    }
}
