//! Streams are taken apart in the same way however they are cut, and a bad frame loses no other.

use pam_alert::{FrameError, Framer, Framing};
use proptest::prelude::*;

/// What a framer tells: a message and whether it is cut, or why there is none.
type Told = Result<(Vec<u8>, bool), FrameError>;

fn told(mut framer: Framer, chunks: &[&[u8]]) -> Vec<Told> {
    let mut all = Vec::new();
    let drain = |framer: &mut Framer, all: &mut Vec<Told>| {
        while let Some(frame) = framer.next_frame() {
            all.push(frame.map(|frame| (frame.bytes.to_vec(), frame.truncated)));
        }
    };
    for chunk in chunks {
        framer.feed(chunk);
        drain(&mut framer, &mut all);
    }
    framer.end();
    drain(&mut framer, &mut all);
    all
}

fn whole(framing: Framing, stream: &[u8]) -> Vec<Told> {
    told(Framer::new(framing), &[stream])
}

fn messages(framing: Framing, stream: &[u8]) -> Vec<String> {
    let texts = whole(framing, stream).into_iter().map(|told| match told {
        Ok((bytes, cut)) => {
            let text = String::from_utf8(bytes).unwrap();
            if cut { format!("{text}…") } else { text }
        }
        Err(error) => format!("! {error}"),
    });
    texts.collect()
}

#[test]
fn counted_and_terminated_messages_share_a_connection() {
    let stream = b"5 <13>a<13>b\r\n6 <13>c\n<13>d\0\n\n\r\n5 <13>e8 <13>f\ng\n<13>h";
    let expected = [
        "<13>a", "<13>b", "<13>c", "<13>d", "<13>e", "<13>f\ng", "<13>h",
    ];
    assert_eq!(messages(Framing::Either, stream), expected);
}

#[test]
fn a_bad_frame_loses_itself_alone() {
    let too_long = format!("! {}", FrameError::CountTooLong);
    let not_counted = format!("! {}", FrameError::NotCounted);
    for (framing, stream, expected) in [
        (
            Framing::Either,
            "99999999 <13>a\n<13>b\n",
            vec![too_long.as_str(), "<13>b"],
        ),
        (
            Framing::Either,
            "99999999 <13>a5 <13>b",
            vec![&too_long, "<13>b"],
        ),
        (
            Framing::Either,
            "3 <13>a5 <13>b",
            vec!["<13", ">a", "<13>b"],
        ),
        (
            Framing::Either,
            "0 <13>a\n<13>b\n",
            vec!["0 <13>a", "<13>b"],
        ),
        (
            Framing::Either,
            "2018-06-18 a\n<13>b\n",
            vec!["2018-06-18 a", "<13>b"],
        ),
        (
            Framing::Either,
            "1529354981 a\n<13>b\n",
            vec!["1529354981 a", "<13>b"],
        ),
        (Framing::Either, "<13>a 5 <13>b\n", vec!["<13>a 5 <13>b"]),
        (Framing::Either, "9 <13>a", vec!["<13>a…"]),
        (
            Framing::Counted,
            "<13>a\n5 <13>b",
            vec![&not_counted, "<13>b"],
        ),
        (Framing::Counted, "junk5 <13>b", vec![&not_counted, "<13>b"]),
        (
            Framing::Counted,
            "99999999 <13>a5 <13>b",
            vec![&too_long, "<13>b"],
        ),
        (
            Framing::Counted,
            "5 <13>a\n5 <13>b\n",
            vec!["<13>a", "<13>b"],
        ),
        (Framing::Counted, "17", vec![&not_counted]),
    ] {
        assert_eq!(messages(framing, stream.as_bytes()), expected, "{stream:?}");
    }
}

#[test]
fn what_is_too_long_is_cut_and_the_next_is_whole() {
    for stream in [&b"<13>0123456789\n<13>b\n"[..], b"14 <13>0123456789<13>b\n"] {
        let framer = Framer::with_limit(Framing::Either, 8);
        let expected = [
            Ok((b"<13>0123".to_vec(), true)),
            Ok((b"<13>b".to_vec(), false)),
        ];
        assert_eq!(told(framer, &[stream]), expected);
    }
}

#[test]
fn the_last_line_is_no_longer_than_the_limit_either() {
    for stream in [&b"<13>0123456789"[..], b"<13>01234"] {
        let framer = Framer::with_limit(Framing::Either, 8);
        let expected = [Ok((b"<13>0123".to_vec(), true))];
        assert_eq!(told(framer, &[stream]), expected);
    }
    let framer = Framer::with_limit(Framing::Either, 8);
    let expected = [Ok((b"<13>0123".to_vec(), false))];
    assert_eq!(told(framer, &[b"<13>0123"]), expected);
}

#[test]
fn what_is_held_is_bounded_by_the_limit_and_the_chunk() {
    let mut framer = Framer::with_limit(Framing::Either, 1000);
    let chunk = [b'x'; 4096];
    let mut cut = 0;
    for _ in 0..10_000 {
        framer.feed(&chunk);
        while let Some(frame) = framer.next_frame() {
            cut += usize::from(frame.unwrap().truncated);
        }
    }
    assert_eq!(cut, 1);
    // five characters an octet
    let held = format!("{framer:?}").len() / 5;
    assert!(held < 1000 + chunk.len(), "{held}");
}

/// Streams of good and bad pieces, which are also found within messages.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("5 <13>a"),
        Just("6 <13>a\n"),
        Just("<13>b\n"),
        Just("<13>b\r\n"),
        Just("\n"),
        Just("99999999 <1>"),
        Just("12345678901234567 <2"),
        Just("3 "),
        Just("7"),
        Just("0 <"),
        Just("x"),
        Just(" <1"),
        Just("<"),
        Just("\0"),
        Just("1234567 <3>"),
        Just("20 <13>long"),
        Just("CEF:0|a|b\n"),
        Just("00000000000000000000000000000000000 "),
        Just("é"),
    ]
    .prop_map(|piece| piece.as_bytes().to_vec());
    let any = prop_oneof![8 => piece, 1 => proptest::collection::vec(any::<u8>(), 0..20)];
    proptest::collection::vec(any, 0..25).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn chunking_never_matters(
        stream in stream(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        limit in prop_oneof![Just(3_usize), Just(12), Just(40), Just(65536)],
        counted in any::<bool>(),
    ) {
        let framing = if counted { Framing::Counted } else { Framing::Either };
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &stream[pair[0]..pair[1]]).collect();
        let framer = Framer::with_limit(framing, limit);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        let expected = told(framer.clone(), &[&stream]);
        prop_assert_eq!(&told(framer.clone(), &chunks), &expected);
        prop_assert_eq!(&told(framer, &bytes), &expected);
    }

    #[test]
    fn what_was_counted_comes_back(
        messages in proptest::collection::vec("<[0-9]{1,3}>[ -~é\n]{0,40}[a-z]", 0..10),
    ) {
        let stream: String = messages.iter().map(|text| format!("{} {text}", text.len())).collect();
        for framing in [Framing::Either, Framing::Counted] {
            let expected: Vec<Told> =
                messages.iter().map(|text| Ok((text.as_bytes().to_vec(), false))).collect();
            prop_assert_eq!(whole(framing, stream.as_bytes()), expected);
        }
    }
}
