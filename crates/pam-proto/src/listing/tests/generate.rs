//! Listings of every kind that is right, each written in any way that JSON allows.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// A JSON value whose objects may have a key twice and keep their order.
#[derive(Debug, Clone)]
pub(super) enum Json {
    /// Null, a boolean or a number, as it is written.
    Word(&'static str),
    Text(String),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// The ways to write a value: white space, escapes, each picked anew.
pub(super) struct Style {
    random: u64,
    out: Vec<u8>,
}

impl Style {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: seed,
            out: Vec::new(),
        }
    }

    pub(super) fn write(mut self, value: &Json) -> Vec<u8> {
        self.value(value);
        self.out
    }

    /// A number below `below` (Knuth's constants for a linear congruential generator).
    fn pick(&mut self, below: u64) -> u64 {
        let constants = (6_364_136_223_846_793_005, 1_442_695_040_888_963_407);
        self.random = self
            .random
            .wrapping_mul(constants.0)
            .wrapping_add(constants.1);
        (self.random >> 33) % below
    }

    fn space(&mut self) {
        let space: &[u8] = match self.pick(12) {
            0 => b" ",
            1 => b"\n\t",
            2 => b"\r\n    ",
            _ => b"",
        };
        self.out.extend_from_slice(space);
    }

    fn value(&mut self, value: &Json) {
        self.space();
        match value {
            Json::Word(word) => self.out.extend_from_slice(word.as_bytes()),
            Json::Text(text) => self.text(text),
            Json::Array(elements) => {
                self.out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    self.comma(index);
                    self.value(element);
                }
                self.space();
                self.out.push(b']');
            }
            Json::Object(members) => {
                self.out.push(b'{');
                for (index, (key, value)) in members.iter().enumerate() {
                    self.comma(index);
                    self.space();
                    self.text(key);
                    self.space();
                    self.out.push(b':');
                    self.value(value);
                }
                self.space();
                self.out.push(b'}');
            }
        }
        self.space();
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.out.push(b',');
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push(b'"');
        for c in text.chars() {
            let short = match c {
                '"' => Some('"'),
                '\\' => Some('\\'),
                '/' => Some('/'),
                '\u{8}' => Some('b'),
                '\u{C}' => Some('f'),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                _ => None,
            };
            let plain = !matches!(c, '"' | '\\' | '\0'..='\x1F');
            match (short, self.pick(8)) {
                (Some(short), 0..4) => {
                    self.out.push(b'\\');
                    self.out.push(short as u8);
                }
                (_, 1..) if plain => {
                    let mut bytes = [0; 4];
                    self.out
                        .extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
                }
                (_, way) => {
                    let mut units = [0; 2];
                    for unit in c.encode_utf16(&mut units) {
                        let escape = match way {
                            0..4 => format!("\\u{unit:04x}"),
                            _ => format!("\\u{unit:04X}"),
                        };
                        self.out.extend_from_slice(escape.as_bytes());
                    }
                }
            }
        }
        self.out.push(b'"');
    }
}

fn text() -> impl Strategy<Value = Json> {
    let text = prop_oneof![
        "[ -~]{0,40}",
        "\\PC{0,12}",
        "[\\x00-\\x1F\"\\\\/é日\u{1F600}]{0,6}",
        Just("José".to_owned()),
    ];
    text.prop_map(Json::Text)
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        6 => text(),
        1 => prop::sample::select(vec!["null", "true", "false", "0", "-0", "540", "-1.50", "1e2", "2E-3", "18446744073709551616"])
            .prop_map(Json::Word),
    ]
}

fn anything() -> impl Strategy<Value = Json> {
    scalar().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Json::Array),
            vec(
                ("[a-z_]{0,6}|id|user|remote_sessions|response", inner),
                0..3
            )
            .prop_map(Json::Object),
        ]
    })
}

fn one_of(texts: &[&str]) -> BoxedStrategy<Json> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    prop::sample::select(texts).prop_map(Json::Text).boxed()
}

fn member(
    key: &'static str,
    value: impl Strategy<Value = Json>,
) -> impl Strategy<Value = (String, Json)> {
    value.prop_map(move |value| (key.to_owned(), value))
}

/// A member of a record: what is documented, in either spelling, and what is not.
fn field() -> impl Strategy<Value = (String, Json)> {
    let null = Just(Json::Word("null"));
    let device = one_of(&["192.0.2.20:22", "[::1]:22", "host", "::1", ""]);
    let start = one_of(&["2024-05-06 16:05:07", "2023-01-31 00:00:00", "soon", ""]);
    let end = one_of(&["2024-05-06 16:07:59", "0000-00-00 00:00:00", "", "-"]);
    let origin = one_of(&["192.0.2.10", "::ffff:10.0.0.1", "::1", "here"]);
    prop_oneof![
        member("user", scalar()),
        member("origin_ip", prop_oneof![origin, scalar()]),
        member("credential", scalar()),
        member("credencial", scalar()),
        member("device", prop_oneof![device, anything()]),
        member("dispositivo", scalar()),
        member("protocol", anything()),
        member("proxy", scalar()),
        member("start", prop_oneof![start, anything()]),
        member("end", prop_oneof![end, null.clone(), anything()]),
        member("time", scalar()),
        member(
            "prevent_purge",
            prop_oneof![one_of(&["Yes", "Não", "No"]), scalar()]
        ),
        member("request", anything()),
        member("ITSM", prop_oneof![null, scalar()]),
        member("itsm", scalar()),
        ("[a-z_\"é]{0,20}", anything())
            .prop_filter("a key that means something", |(key, _)| key != "response"
                && key != "id"),
    ]
}

/// A record that has what it must have, in any order.
fn record() -> impl Strategy<Value = Json> {
    let id = prop_oneof![
        one_of(&["1", "2", "540", "007", "9999999999999999999"]),
        Just(Json::Word("540")),
    ];
    let session_id = prop_oneof![
        one_of(&[
            "ab12",
            "a",
            "3fcf1e4a16104e328d6794e1b9693cfc457871d2",
            "1d*4",
            "",
            "a b"
        ]),
        scalar(),
    ];
    let documented =
        |key: &'static str, value: &'static str| member(key, Just(Json::Text(value.to_owned())));
    let usual = (
        documented("user", "Admin"),
        documented("device", "192.0.2.20:22"),
        documented("start", "2024-05-06 16:05:07"),
        member("end", Just(Json::Word("null"))),
    );
    (
        member("id", id),
        member("session_id", session_id),
        usual,
        vec(field(), 0..12),
    )
        .prop_flat_map(|(id, session_id, (a, b, c, d), mut members)| {
            members.extend([id, session_id, a, b, c, d]);
            // As they come, as a rule: that is what an appliance does.
            prop_oneof![Just(members.clone()), Just(members).prop_shuffle()]
        })
        .prop_map(Json::Object)
}

fn response() -> impl Strategy<Value = (String, Json)> {
    member(
        "response",
        Just(Json::Object(vec![
            ("status".into(), Json::Word("200")),
            ("message".into(), Json::Text(String::new())),
            ("error".into(), Json::Word("false")),
        ])),
    )
}

/// The members of an envelope with this list in it, in any order.
fn envelope(list: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    let key = prop::sample::select(vec!["remote_sessions", "remote_sessions", "remote_session"]);
    let more = ("x[a-z_]{0,5}", anything());
    let code = member("code", Just(Json::Word("200")));
    let tenant = member("tenant", text());
    (
        (response(), key, list),
        (option::of(code), option::of(tenant), vec(more, 0..2)),
    )
        .prop_flat_map(|((response, key, list), (code, tenant, mut members))| {
            members.extend([response, (key.to_owned(), list)]);
            members.extend(code);
            members.extend(tenant);
            Just(members).prop_shuffle()
        })
        .prop_map(Json::Object)
}

/// A listing that is right: flat, nested, bare, empty.
pub(super) fn listing() -> impl Strategy<Value = Json> {
    let element = prop_oneof![
        8 => record(),
        1 => Just(Json::Object(Vec::new())),
    ];
    let list = element.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            4 => vec(inner.clone(), 0..5).prop_map(Json::Array),
            1 => envelope(vec(inner, 0..3).prop_map(Json::Array)),
        ]
    });
    let lists = vec(list.clone(), 0..5).prop_map(Json::Array);
    envelope(prop_oneof![4 => lists, 1 => list])
}
