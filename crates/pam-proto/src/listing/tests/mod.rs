//! What the parser makes of whole bodies, however they are cut.

use std::ops::ControlFlow;

use http::{Response, StatusCode};

use super::{Filter, ListingEnd, ListingParser};
use crate::envelope::Envelope;
use crate::error::{Fault, ReplyError};
use crate::operation::{ListSessions, Operation};
use crate::session::Session;
use crate::tolerance::Notes;

mod damage;
mod fixtures;
mod generate;
mod property;

const OK: &str = r#""response":{"status":200,"message":"","error":false,"error_code":0,"detail":"","mensagem":"","erro":false,"cod_erro":0}"#;

/// Feeds the chunks of a body whose HTTP status is this.
fn fed<'c>(
    status: u16,
    chunks: impl IntoIterator<Item = &'c [u8]>,
) -> (Vec<Session>, Result<ListingEnd, ReplyError>) {
    let mut head = Response::new(());
    *head.status_mut() = StatusCode::from_u16(status).unwrap();
    let mut parser = ListingParser::new(Filter::new(), head.into_parts().0);
    let mut sessions = Vec::new();
    for chunk in chunks {
        let fed = parser.feed(chunk, |record| {
            sessions.push(record.to_session());
            ControlFlow::Continue(())
        });
        if let Err(failure) = fed {
            assert_eq!(parser.finish(), Err(failure.clone()));
            return (sessions, Err(failure));
        }
    }
    (sessions, parser.finish())
}

/// Feeds a body whole, byte by byte, and cut in two at every place, and expects the same each time.
fn however_cut(status: u16, body: &[u8]) -> (Vec<Session>, Result<ListingEnd, ReplyError>) {
    let whole = fed(status, [body]);
    assert_eq!(fed(status, body.chunks(1)), whole, "byte by byte");
    for at in 0..=body.len() {
        let (front, back) = body.split_at(at);
        assert_eq!(fed(status, [front, back]), whole, "cut at {at}");
    }
    whole
}

/// What `serde_json` on the whole body yields.
fn by_serde_json(status: u16, body: &[u8]) -> Result<Vec<Session>, ReplyError> {
    let mut response = Response::new(body.to_vec());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Envelope::success(&response)
        .and_then(|envelope| ListSessions.read(&envelope, &mut Notes::default()))
        .map_err(|error| error.in_module(ListSessions.module()))
}
