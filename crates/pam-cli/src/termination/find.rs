//! Finding the sessions that are to end.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use pam_client::Client;
use pam_proto::listing::Filter as Wanted;
use pam_proto::{Fault, GetSession, Notes, Session, SessionRef};

use super::Candidates;
use crate::appliance_time::Clock;
use crate::cli::Telling;
use crate::failure::Failure;

/// Up to so many row ids are asked for one by one; a listing can take minutes.
const SINGLE_LOOKS: usize = 64;

/// The running sessions that a filter means. They are none when the listing is not whole.
pub(crate) async fn by_filter(
    client: &Client,
    filter: &pam_guard::Filter,
    clock: &Clock,
    telling: Telling,
) -> Result<Vec<Session>, Failure> {
    let wanted = Wanted::new().active().and(filter.predicate(clock.now()));
    let mut found = Vec::new();
    let mut notes = Notes::default();
    let listed = client
        .list(&wanted, |record| {
            found.push(record.to_session_noting(&mut notes));
            ControlFlow::Continue(())
        })
        .await;
    listed.map_err(untouched)?;
    telling.tolerated(notes);
    Ok(found)
}

/// The records of named sessions, in the order of the names.
pub(crate) async fn by_name(
    client: &Client,
    names: Vec<SessionRef>,
    telling: Telling,
) -> Result<Candidates, Failure> {
    let number = |name: &SessionRef| match name {
        SessionRef::Number(number) => Some(*number),
        SessionRef::Id(_) => None,
    };
    let numbers: Option<Vec<_>> = names.iter().map(number).collect();
    let mut records = match numbers {
        Some(numbers) if numbers.len() <= SINGLE_LOOKS => {
            let mut records = BTreeMap::new();
            for number in numbers {
                match client.call(&GetSession::new(number)).await {
                    Ok(session) => drop(records.insert(SessionRef::Number(number), session)),
                    Err(error) if is_absent(&error) => {}
                    Err(error) => return Err(untouched(error)),
                }
            }
            records
        }
        _ => listed(client, &names, telling).await?,
    };
    let (mut seen, mut unseen, mut rows) = (Vec::new(), Vec::new(), BTreeSet::new());
    for name in &names {
        match records.remove(name) {
            // One session may have been named by both of its names.
            Some(session) if rows.insert(session.id) => seen.push(session),
            Some(_) => {}
            None => unseen.push(name.clone()),
        }
    }
    Ok(Candidates {
        seen,
        unseen,
        order: names,
    })
}

async fn listed(
    client: &Client,
    names: &[SessionRef],
    telling: Telling,
) -> Result<BTreeMap<SessionRef, Session>, Failure> {
    let wanted = Wanted::new().named(names.iter().cloned());
    let mut missing: BTreeSet<&SessionRef> = names.iter().collect();
    let mut records = BTreeMap::new();
    let mut notes = Notes::default();
    let listed = client
        .list(&wanted, |record| {
            let session = record.to_session_noting(&mut notes);
            let number = Some(SessionRef::Number(session.id));
            let id = session.session_id.clone().map(SessionRef::Id);
            for name in number.into_iter().chain(id) {
                missing.remove(&name);
                // Of several rows with one session_id a running one decides.
                match records.get(&name) {
                    Some(known) if Session::is_active(known) => {}
                    _ => drop(records.insert(name, session.clone())),
                }
            }
            if missing.is_empty() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .await;
    listed.map_err(untouched)?;
    telling.tolerated(notes);
    Ok(records)
}

fn is_absent(error: &pam_client::CallError) -> bool {
    let reply = error.reply();
    reply.is_some_and(|reply| reply.fault == Fault::SessionNotFound)
}

fn untouched(error: pam_client::CallError) -> Failure {
    Failure::from(error).but("nothing was terminated")
}
