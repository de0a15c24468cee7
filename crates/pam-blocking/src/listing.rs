//! The listing, read as a stream.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use pam_adapter::{Call, CallError, Failure};
use pam_proto::listing::{Filter, ListingEnd, ListingParser, SessionRecord};
use pam_proto::{ListSessions, Notes, Pace, Session};

use crate::client::Client;
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
    /// # fn example(client: pam_blocking::Client) -> Result<(), pam_blocking::CallError> {
    /// let running = Filter::new().active().user("alice");
    /// let end = client.list(&running, |session| {
    ///     println!("{}", session.id());
    ///     ControlFlow::Continue(())
    /// })?;
    /// println!("{} of {} sessions", end.wanted, end.records);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`CallError`] when the listing did not come, broke off, or is not a success. Sessions may
    /// have been handed over before.
    pub fn list(
        &self,
        filter: &Filter,
        mut on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ListingEnd, CallError> {
        let mut listing = Listing::new(self, Call::new(self.calls()), filter);
        loop {
            if let ControlFlow::Break(outcome) = listing.advance(&mut on_session) {
                return outcome;
            }
        }
    }

    /// The same as an iterator. It sends the request with the first session that it is asked for,
    /// and closes the connection when it is dropped.
    ///
    /// Its last item is an error when the listing did not come, broke off, or is not a success.
    #[must_use]
    pub fn sessions(&self, filter: &Filter) -> Sessions {
        Sessions {
            listing: Some(Listing::new(self, Call::new(self.calls()), filter)),
            ready: VecDeque::new(),
        }
    }
}

/// The sessions of a listing, each as soon as it has arrived.
pub struct Sessions {
    /// `None` at its end.
    listing: Option<Listing>,
    /// From the piece that was read last.
    ready: VecDeque<Session>,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Iterator for Sessions {
    type Item = Result<Session, CallError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(session) = self.ready.pop_front() {
                return Some(Ok(session));
            }
            let ready = &mut self.ready;
            let advanced = self.listing.as_mut()?.advance(&mut |record| {
                ready.push_back(record.to_session());
                ControlFlow::Continue(())
            });
            if let ControlFlow::Break(outcome) = advanced {
                self.listing = None;
                if let Err(error) = outcome {
                    return Some(Err(error));
                }
            }
        }
    }
}

/// A listing that is read piece by piece.
pub(crate) struct Listing {
    client: Client,
    filter: Filter,
    call: Call<ListingEnd>,
    reading: Option<(Arriving, ListingParser)>,
}

impl Listing {
    pub(crate) fn new(client: &Client, call: Call<ListingEnd>, filter: &Filter) -> Self {
        Self {
            client: client.clone(),
            filter: filter.clone(),
            call,
            reading: None,
        }
    }

    /// Takes one step: sends a request, or reads one piece of its answer.
    pub(crate) fn advance(
        &mut self,
        on_session: &mut impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<Result<ListingEnd, CallError>> {
        let outcome = if self.reading.is_none() {
            let request = self.client.lead(&mut self.call, &ListSessions)?;
            let begun = self.client.transport().begin(request, Pace::Listing);
            begun.map(|(head, arriving)| {
                let parser = ListingParser::new(self.filter.clone(), head);
                self.reading = Some((arriving, parser));
                None
            })
        } else {
            self.read(on_session)
        };
        // A refusal that can be remedied comes instead of a listing, not after one.
        if let Some(outcome) = outcome.transpose() {
            let notes = outcome
                .as_ref()
                .map_or_else(|_| Notes::default(), |end| end.notes);
            self.reading = None;
            self.call.answered(&ListSessions, outcome, &notes);
        }
        ControlFlow::Continue(())
    }

    /// Reads one piece; the end, when it was the last or no more is wanted.
    fn read(
        &mut self,
        on_session: &mut impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<Option<ListingEnd>, Failure> {
        let Some((arriving, parser)) = &mut self.reading else {
            return Ok(None);
        };
        let whole = match arriving.next_chunk()? {
            Some(chunk) if parser.feed(chunk, on_session)?.is_continue() => return Ok(None),
            Some(_) => false,
            None => true,
        };
        let Some((_, parser)) = self.reading.take() else {
            return Ok(None);
        };
        let end = parser.finish()?;
        if whole {
            self.client.calls().tolerated(end.notes);
        }
        Ok(Some(end))
    }
}
