//! Any chunking of any listing yields exactly what `serde_json` on the whole yields.

use http::Response;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::fed;
use super::generate::{Json, Style, listing};
use crate::envelope::Envelope;
use crate::error::ReplyError;
use crate::listing::{
    Bound, Field, Filter, Glob, ListingParser, Names, Predicate, SessionRecord, Word,
};
use crate::session::Session;
use crate::tolerance::{Notes, Tolerance};

/// What `serde_json` on the whole yields: each session, and what was forgiven in it.
fn by_serde_json(body: &[u8]) -> Result<Vec<(Session, Vec<Tolerance>)>, ReplyError> {
    let envelope = Envelope::success(&Response::new(body.to_vec()))?;
    let keys = ["remote_sessions", "remote_session"];
    let records = envelope.records(&keys, &mut Notes::default())?;
    let sessions = records.iter().map(|record| {
        let mut notes = Notes::default();
        let session = Session::from_value_noting(record, &mut notes);
        let session = session.map_err(|missing| envelope.malformed(missing.to_string()))?;
        Ok((session, notes.tolerated().collect()))
    });
    sessions.collect()
}

/// The same of a record. Of a key twice, and of what was no character, `serde_json`'s map does not
/// tell.
fn by_record(record: &SessionRecord<'_>) -> (Session, Vec<Tolerance>) {
    let mut notes = Notes::default();
    let session = record.to_session_noting(&mut notes);
    let tolerated = notes.tolerated();
    let tolerated = tolerated.filter(|tolerance| {
        !matches!(
            tolerance,
            Tolerance::DuplicateKeys | Tolerance::InvalidUtf8 | Tolerance::LoneSurrogate
        )
    });
    (session, tolerated.collect())
}

/// Cuts a body at any places, and always at some.
fn pieces<'b>(body: &'b [u8], cuts: &[Index]) -> Vec<&'b [u8]> {
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(body.len() + 1)).collect();
    places.extend([0, body.len()]);
    places.sort_unstable();
    places
        .windows(2)
        .map(|pair| &body[pair[0]..pair[1]])
        .collect()
}

fn predicate() -> impl Strategy<Value = Predicate> {
    let field = prop::sample::select(vec![
        Field::Id,
        Field::SessionId,
        Field::User,
        Field::OriginIp,
        Field::Credential,
        Field::Device,
        Field::Protocol,
        Field::Proxy,
        Field::StartedAt,
        Field::EndedAt,
        Field::Request,
        Field::Itsm,
    ]);
    let text = prop::sample::select(vec![
        "1",
        "2",
        "A",
        "a",
        "José",
        "josé",
        "192.0.2.20",
        "192.0.2.20:22",
        "::1",
        "é",
        "\u{FFFD}",
        "true",
        "",
    ]);
    let pattern = prop::sample::select(vec!["*", "?", "192.*", "*é", "*\"*", "1*2"]);
    let network = prop::sample::select(vec!["192.0.2.0/24", "10.0.0.0/8", "::1", "0.0.0.0/0"]);
    let bound = prop::sample::select(vec![
        Bound::Before,
        Bound::NotAfter,
        Bound::After,
        Bound::NotBefore,
    ]);
    let time = prop::sample::select(vec!["2024-05-06 16:05:07", "2024-05-06", "1999-01-01"]);
    let name = prop::sample::select(vec!["1", "2", "a", "ab12", "A"]);
    let leaf = prop_oneof![
        Just(Predicate::Active),
        (field.clone(), text).prop_map(|(field, text)| Predicate::Is(field, Word::new(text))),
        (field, pattern).prop_map(|(field, text)| Predicate::Like(field, Glob::new(text))),
        network.prop_map(|network| Predicate::Origin(network.parse().unwrap())),
        (bound, time).prop_map(|(bound, time)| Predicate::Started(bound, time.parse().unwrap())),
        vec(name, 0..3).prop_map(|names| {
            let names = names.iter().map(|name| name.parse().unwrap());
            Predicate::Named(Names::from_iter(names))
        }),
    ];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Predicate::All),
            vec(inner.clone(), 0..3).prop_map(Predicate::Any),
            inner.prop_map(|inner| Predicate::Not(Box::new(inner))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_of_any_listing_yields_what_serde_json_on_the_whole_yields(
        body in listing(),
        style in any::<u64>(),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let body = Style::new(style).write(&body);
        let expected = by_serde_json(&body).expect("a listing that is right");
        for pieces in [pieces(&body, &cuts), body.chunks(1).collect()] {
            let (head, ()) = Response::new(()).into_parts();
            let mut parser = ListingParser::new(Filter::new(), head);
            let mut sessions = Vec::new();
            for piece in pieces {
                let fed = parser.feed(piece, |record| {
                    sessions.push(by_record(&record));
                    std::ops::ControlFlow::Continue(())
                });
                prop_assert!(fed.is_ok(), "{:?}", fed);
            }
            prop_assert_eq!(&sessions, &expected);
            let end = parser.finish().expect("a success");
            prop_assert_eq!(end.records, expected.len() as u64);
        }
    }

    #[test]
    fn a_filter_answers_of_a_record_what_it_answers_of_the_session(
        body in listing(),
        style in any::<u64>(),
        predicate in predicate(),
    ) {
        let body = Style::new(style).write(&body);
        let (head, ()) = Response::new(()).into_parts();
        let filter = Filter::new().and(predicate);
        let mut parser = ListingParser::new(Filter::new(), head);
        let mut answers = Vec::new();
        let _ = parser.feed(&body, |record| {
            answers.push((filter.matches_record(&record), filter.matches(&record.to_session())));
            std::ops::ControlFlow::Continue(())
        }).unwrap();
        for (by_record, by_session) in answers {
            prop_assert_eq!(by_record, by_session);
        }
    }

    #[test]
    fn a_damaged_listing_is_one_however_it_is_cut(
        body in listing(),
        style in any::<u64>(),
        damage in vec((any::<Index>(), 0..3u8, any::<u8>()), 1..4),
        cuts in vec(any::<Index>(), 0..6),
    ) {
        let mut body = Style::new(style).write(&body);
        for (at, how, byte) in damage {
            let at = at.index(body.len());
            // What a JSON text is made of does more harm than any other byte.
            let byte = match byte {
                0..128 => b"\"\\{}[],:0u nt\xC3"[usize::from(byte) % 14],
                _ => byte,
            };
            match how {
                0 => body[at] = byte,
                1 => body.insert(at, byte),
                _ => { body.remove(at); }
            }
        }
        let whole = fed(200, [body.as_slice()]);
        prop_assert_eq!(&fed(200, pieces(&body, &cuts)), &whole);
        prop_assert_eq!(&fed(200, body.chunks(1)), &whole);
        let (sessions, end) = whole;
        let expected = by_serde_json(&body);
        let text = String::from_utf8_lossy(&body);
        match (end, expected) {
            (Ok(_), Ok(expected)) => {
                let expected: Vec<_> = expected.into_iter().map(|(session, _)| session).collect();
                prop_assert_eq!(sessions, expected);
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{:?} {:?} {}", ours, theirs, text),
        }
    }
}

#[test]
fn the_generator_knows_json() {
    let value = Json::Object(vec![("a".into(), Json::Text("\u{1F600}\"/\n".into()))]);
    for seed in 0..200 {
        let text = Style::new(seed).write(&value);
        let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(read["a"], "\u{1F600}\"/\n");
    }
}
