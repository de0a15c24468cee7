//! `pam_proto::listing`, fed in chunks.

use std::error::Error;
use std::io::{self, Read};
use std::ops::ControlFlow;

use pam_proto::listing::{Filter, ListingParser, SessionRecord};

use crate::answer::Totals;
use crate::{CHUNK, Outcome, USER};

/// The wanted sessions' ids; the filter is evaluated while parsing.
pub(crate) fn find(chunk: usize) -> Outcome {
    let mut ids = Vec::new();
    feed(Filter::new().active().user(USER), chunk, |record| {
        ids.extend(
            record
                .text(pam_proto::listing::Field::SessionId)
                .map(String::from),
        );
    })?;
    Ok(ids)
}

/// Every session, decoded and owned.
pub(crate) fn own() -> Outcome {
    let mut totals = Totals::default();
    feed(Filter::new(), CHUNK, |record| {
        let session = record.to_session();
        let texts = [
            &session.user,
            &session.origin_ip,
            &session.credential,
            &session.device,
            &session.protocol,
            &session.proxy,
            &session.started_at,
        ];
        totals.add(texts.into_iter().map(Some));
        totals.more([session.ended_at, session.request, session.itsm]);
        totals.more([session.session_id.map(|id| id.as_str().to_owned())]);
    })?;
    Ok(totals.lines())
}

fn feed(
    filter: Filter,
    chunk: usize,
    mut on_session: impl FnMut(SessionRecord<'_>),
) -> Result<(), Box<dyn Error>> {
    let (head, ()) = http::Response::new(()).into_parts();
    let mut parser = ListingParser::new(filter, head);
    let mut buffer = vec![0; chunk];
    let mut input = io::stdin().lock();
    loop {
        let read = input.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        let _ = parser.feed(buffer.get(..read).unwrap_or_default(), |record| {
            on_session(record);
            ControlFlow::Continue(())
        })?;
    }
    parser.finish()?;
    Ok(())
}
