//! The operations, carried out for callers who are proven to be allowed.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::Request;

use crate::access::{Resource, Verified};
use crate::answers::Answer;
use crate::answers::open::{Wanted, visited};
use crate::answers::refusal::{Refusal, error_200, exception};
use crate::answers::sessions::{Listing, Rows, write_row};
use crate::appliance::Appliance;
use crate::dialect::Spelling;
use crate::faults::FaultKind;
use crate::life::Drop;
use crate::lock::locked;
use crate::public::Called;
use crate::routes::Route;
use crate::state::Record;
use crate::switches::{EndedDrop, ListingForm};

impl Appliance {
    /// Does what the route says, if the caller may.
    ///
    /// # Errors
    /// What the authorization does not cover.
    pub(crate) fn perform(
        self: &Arc<Self>,
        verified: &Verified,
        route: Route,
        request: &Request<Bytes>,
        called: &Called,
    ) -> Result<Answer, Refusal> {
        match &route {
            Route::List(_) | Route::Get(..) => verified.may_read(Resource::PamCore)?,
            Route::Open => verified.may_write(Resource::WebProxySession)?,
            Route::Drop(_) => verified.may_write(Resource::PamCore)?,
        }
        if self.faults.strikes(FaultKind::Error200) {
            return Ok(error_200());
        }
        Ok(match route {
            Route::List(spelling) => self.list(verified, spelling),
            Route::Get(spelling, id) => self.read(verified, spelling, &id),
            Route::Open => self.open(verified, request, called),
            Route::Drop(session_id) => self.terminate(verified, &session_id),
        })
    }

    fn list(self: &Arc<Self>, verified: &Verified, spelling: Spelling) -> Answer {
        let seen_at = locked(&self.world).listed_at(self.clock.moment());
        let caller = verified.clone();
        let visible = Box::new(move |record: &Record| caller.sees(record));
        let rows = Rows::new(Arc::clone(self), seen_at, visible);

        let mut inner = self.dialect.read();
        inner.duplicate_keys = self.faults.strikes(FaultKind::DuplicateKeys);
        let nested = self.dialect.switches.listing == ListingForm::Nested
            || self.faults.strikes(FaultKind::NestedListing);
        let mut head = Vec::new();
        let mut tail = Vec::new();
        if nested {
            // The tenant stands in the inner object (A2A API specification, "Wire bodies").
            let outer = inner.clone().tenant(None);
            outer.open(&mut head);
            outer.key(&mut head, "remote_sessions");
            head.push(b'[');
        }
        inner.open(&mut head);
        inner.key(&mut head, "remote_sessions");
        head.push(b'[');
        tail.push(b']');
        inner.close(&mut tail);
        if nested {
            tail.extend_from_slice(b"]}");
        }
        let dialect = Arc::clone(&self.dialect);
        Answer::stream(Listing::new(rows, head, tail, move |out, record| {
            write_row(out, record, seen_at, &dialect, spelling);
        }))
    }

    fn read(&self, verified: &Verified, spelling: Spelling, id: &str) -> Answer {
        // A2A API specification, "Get one by id".
        if !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return exception(1003, "1003: Unexpected identifier type");
        }
        let number = id.parse().unwrap_or(u64::MAX);
        let archived = self.archived();
        let world = locked(&self.world);
        let held = world.sessions.by_number(number).cloned();
        let found = held.or_else(|| world.archive.by_number(number, archived));
        let Some(record) = found.filter(|record| verified.sees(record)) else {
            return exception(1002, "1002: Session not found");
        };
        let mut payload = vec![b'['];
        let now = self.clock.moment();
        write_row(&mut payload, &record, now, &self.dialect, spelling);
        payload.push(b']');
        let mut envelope = self.dialect.read();
        envelope.duplicate_keys = self.faults.strikes(FaultKind::DuplicateKeys);
        Answer::around(&envelope, "remote_session", &payload)
    }

    fn open(&self, _: &Verified, request: &Request<Bytes>, called: &Called) -> Answer {
        let wanted = match Wanted::read(request, &self.dialect) {
            Ok(wanted) => wanted,
            Err(envelope) => return Answer::envelope(&envelope).because(envelope.message),
        };
        let now = self.clock.moment();
        let mut envelope = self.dialect.opened();
        envelope.duplicate_keys = self.faults.strikes(FaultKind::DuplicateKeys);
        match locked(&self.openings).give(wanted, &called.base, now) {
            Ok(payload) => Answer::around(&envelope, "session", payload.as_bytes()),
            Err(error) => no_randomness(&error),
        }
    }

    fn terminate(&self, verified: &Verified, session_id: &str) -> Answer {
        let fails = self.faults.strikes(FaultKind::Drop500);
        let idle = self.faults.strikes(FaultKind::DropAcceptedButAlive);
        let archived = self.archived();
        let dropped = self.with_world(|world, now| {
            let at = world.sessions.find(session_id);
            match at.and_then(|at| world.sessions.at(at)) {
                Some(record) if !verified.sees(record) => Drop::Unknown,
                Some(_) => world.drop_session(session_id, now, !fails && !idle),
                None => match world.archive.find(session_id, archived) {
                    Some(record) if verified.sees(&record) => Drop::AlreadyEnded,
                    _ => Drop::Unknown,
                },
            }
        });
        let done = match dropped {
            Drop::Accepted => true,
            Drop::AlreadyEnded => self.dialect.switches.ended_drop == EndedDrop::Success,
            Drop::Unknown => false,
        };
        let mut envelope = if done && !fails {
            self.dialect.dropped()
        } else {
            self.dialect.drop_failed()
        };
        envelope.duplicate_keys = self.faults.strikes(FaultKind::DuplicateKeys);
        let answer = Answer::envelope(&envelope);
        match dropped {
            _ if fails => answer.because("drop-500"),
            Drop::Accepted => answer,
            Drop::AlreadyEnded => answer.because("the session has ended"),
            Drop::Unknown => answer.because("no such session"),
        }
    }

    pub(crate) fn token(&self, request: &Request<Bytes>, called: &Called) -> Answer {
        let now = self.now();
        let mut tokens = locked(&self.tokens);
        tokens
            .answer(request, &called.host, &self.access, &self.dialect, now)
            .unwrap_or_else(|error| no_randomness(&error))
    }

    /// A browser opens the URL of an opened session.
    pub(crate) fn visit(&self, request: &Request<Bytes>, address: IpAddr) -> Answer {
        let query = request.uri().query().unwrap_or_default();
        let wanted = locked(&self.openings).visit(query, self.clock.moment());
        let Some(wanted) = wanted else {
            return visited(false);
        };
        let started = self.with_world(|world, now| {
            let record = wanted.onto(world.newcomer(now), address);
            world.start(record, now)
        });
        visited(started.is_ok())
    }
}

fn no_randomness(error: &getrandom::Error) -> Answer {
    tracing::error!("the system has no random numbers: {error}");
    exception(500, "Unexpected error")
}
