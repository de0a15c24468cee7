//! Random requests to sign, and signed ones with one byte changed, both from a
//! seed.

use serde_json::{Value, json};

/// How wide a range of requests to draw from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Everything that RFC 5849 speaks of.
    Rfc,
    /// What every common implementation handles: names once each and without
    /// escapes, no `+` for a space, hosts in lower case, default ports left
    /// out, keys and secrets of letters and digits.
    Common,
}

/// Draws `count` requests in the line protocol of `tests/interop`, with
/// `timestamp` in each.
pub(super) fn random(seed: u64, count: u32, dialect: Dialect, timestamp: u64) -> Vec<Value> {
    let mut draw = Draw(seed);
    (0..count)
        .map(|_| request(&mut draw, dialect, timestamp))
        .collect()
}

/// The signed lines, each with one byte of the request, its signature or a
/// secret changed, so that none of them may be accepted.
pub(super) fn changed(seed: u64, signed: &[Value]) -> Vec<Value> {
    let mut draw = Draw(seed);
    signed.iter().map(|line| change(&mut draw, line)).collect()
}

/// SplitMix64: small, and the same everywhere.
struct Draw(u64);

impl Draw {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, which must not be zero.
    fn below(&mut self, limit: usize) -> usize {
        (self.number() % limit as u64) as usize
    }

    fn of<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn letters(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        (0..length)
            .map(|_| char::from(LETTERS[self.below(LETTERS.len())]))
            .collect()
    }

    /// Text of characters that encoders like to get wrong.
    fn text(&mut self, longest: usize) -> String {
        const PIECES: &[&str] = &[
            "a", "Z", "0", "-", ".", "_", "~", " ", "+", "%", "&", "=", "!", "*", "'", "(", ")",
            "/", "?", ":", "@", ",", ";", "$", "#", "\"", "\\", "\n", "é", "ß", "日本", "🔑",
            "%20", "a=b",
        ];
        let length = self.below(longest + 1);
        (0..length).map(|_| self.of(PIECES)).collect()
    }
}

fn request(draw: &mut Draw, dialect: Dialect, timestamp: u64) -> Value {
    let method = match dialect {
        Dialect::Rfc => draw.of(&[
            "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE",
        ]),
        Dialect::Common => draw.of(&["GET", "POST", "PUT", "DELETE"]),
    };
    let mut pairs = pairs(draw, dialect);
    let may_have_form = matches!(method, "POST" | "PUT" | "PATCH" | "PURGE");
    let form = (may_have_form && draw.one_in(2) && !pairs.is_empty())
        .then(|| pairs.split_off(draw.below(pairs.len())).join("&"));
    let (key, secret) = key_pair(draw, dialect);
    let (token, token_secret) = key_pair(draw, dialect);
    json!({
        "method": method,
        "url": url(draw, dialect, &pairs),
        "form": form,
        "consumer_key": key,
        "consumer_secret": secret,
        "token": token,
        "token_secret": token_secret,
        "nonce": draw.letters(24),
        "timestamp": timestamp,
    })
}

/// A key and its secret. No control character is ever in a key: it stands in a
/// header.
fn key_pair(draw: &mut Draw, dialect: Dialect) -> (String, String) {
    match dialect {
        Dialect::Rfc => {
            let key = draw.letters(1) + &draw.text(12);
            (key.replace('\n', "-"), draw.text(24))
        }
        Dialect::Common => (draw.letters(20), draw.letters(40)),
    }
}

fn url(draw: &mut Draw, dialect: Dialect, query: &[String]) -> String {
    let origin = match dialect {
        Dialect::Rfc => format!(
            "{}://{}{}",
            draw.of(&["http", "https", "HTTPS"]),
            draw.of(&[
                "vault.example.com",
                "Vault.EXAMPLE.com",
                "192.0.2.7",
                "[2001:db8::7]"
            ]),
            draw.of(&["", ":80", ":443", ":8443"]),
        ),
        Dialect::Common => format!(
            "{}://{}",
            draw.of(&["http", "https"]),
            draw.of(&["vault.example.com", "192.0.2.7:8443"])
        ),
    };
    let segments = draw.below(4);
    let path: String = (0..segments)
        .map(|_| format!("/{}", segment(draw)))
        .collect();
    let path = if path.is_empty() {
        "/".to_owned()
    } else {
        path
    };
    if query.is_empty() {
        return format!("{origin}{path}");
    }
    format!("{origin}{path}?{}", query.join("&"))
}

/// A path segment as it may be sent: escapes stay as they are written.
fn segment(draw: &mut Draw) -> String {
    const PIECES: &[&str] = &[
        "iso",
        "session",
        "drop",
        "a",
        "Z",
        "7",
        "-",
        ".x",
        "_",
        "~",
        "%20",
        "%2F",
        "%2f",
        "%7E",
        "%C3%A9",
        "%e6%97%a5",
        "%25",
        "%2B",
        "%26",
    ];
    let length = 1 + draw.below(5);
    (0..length).map(|_| draw.of(PIECES)).collect()
}

/// Encoded `name=value` pairs, fit for a query and for a form.
fn pairs(draw: &mut Draw, dialect: Dialect) -> Vec<String> {
    let count = draw.below(6);
    let mut pairs: Vec<String> = Vec::new();
    for index in 0..count {
        let value = draw.text(8);
        let pair = match dialect {
            Dialect::Common => format!("p{index}_{}={}", draw.letters(3), percent(&value)),
            Dialect::Rfc => {
                let name = draw.letters(1) + &draw.text(4);
                match draw.below(6) {
                    0 => encoded(draw, &name),
                    1 => format!("{}=", encoded(draw, &name)),
                    _ => format!("{}={}", encoded(draw, &name), encoded(draw, &value)),
                }
            }
        };
        pairs.push(pair);
    }
    // A name twice, and a whole pair twice.
    if dialect == Dialect::Rfc && !pairs.is_empty() && draw.one_in(3) {
        let again = pairs[draw.below(pairs.len())].clone();
        let name = again.split('=').next().unwrap_or(&again).to_owned();
        pairs.push(if draw.one_in(2) {
            again
        } else {
            format!("{name}={}", draw.letters(2))
        });
    }
    pairs
}

/// One of the spellings that a form-encoded text can have.
fn encoded(draw: &mut Draw, text: &str) -> String {
    let mut encoded = percent(text);
    if draw.one_in(2) {
        encoded = encoded.replace("%20", "+");
    }
    for (escape, raw) in [
        ("%2A", "*"),
        ("%21", "!"),
        ("%3A", ":"),
        ("%2F", "/"),
        ("%7E", "~"),
    ] {
        if draw.one_in(3) {
            encoded = encoded.replace(escape, raw);
        }
    }
    if draw.one_in(4) {
        encoded.replace("%C3%A9", "%c3%a9")
    } else {
        encoded
    }
}

fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn change(draw: &mut Draw, line: &Value) -> Value {
    let mut line = line.clone();
    let field = draw.of(&[
        "authorization",
        "authorization",
        "url",
        "method",
        "form",
        "consumer_secret",
        "token_secret",
    ]);
    let text = line[field].as_str().unwrap_or_default();
    let span = match field {
        // All of the signature but its last character, of which two bits say
        // nothing.
        "authorization" => text
            .find("oauth_signature=\"")
            .map(|at| at + "oauth_signature=\"".len()..at + "oauth_signature=\"".len() + 20),
        "url" => text.find("://").map(|at| at + 3..text.len()),
        _ => Some(0..text.len()),
    };
    match span.and_then(|span| with_one_changed(draw, text, span)) {
        Some(changed) => line[field] = changed.into(),
        // No form, or a secret without a letter: a parameter more is a change too.
        None => line["url"] = with_one_parameter_more(&line["url"]).into(),
    }
    line
}

/// The text with one letter or digit of the span replaced by its neighbour.
fn with_one_changed(draw: &mut Draw, text: &str, span: std::ops::Range<usize>) -> Option<String> {
    let places: Vec<usize> = span
        .filter(|at| {
            text.as_bytes()
                .get(*at)
                .is_some_and(u8::is_ascii_alphanumeric)
        })
        .collect();
    if places.is_empty() {
        return None;
    }
    let at = places[draw.below(places.len())];
    let neighbour = match text.as_bytes()[at] {
        b'z' => 'a',
        b'Z' => 'A',
        b'9' => '0',
        other => char::from(other + 1),
    };
    Some(format!("{}{neighbour}{}", &text[..at], &text[at + 1..]))
}

fn with_one_parameter_more(url: &Value) -> String {
    let url = url.as_str().unwrap_or_default();
    let mark = if url.contains('?') { '&' } else { '?' };
    format!("{url}{mark}x")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_requests_again() {
        let first = random(7, 20, Dialect::Rfc, 1_700_000_000);
        assert_eq!(first, random(7, 20, Dialect::Rfc, 1_700_000_000));
        assert_ne!(first, random(8, 20, Dialect::Rfc, 1_700_000_000));
    }

    #[test]
    fn every_change_changes_something() {
        let mut signed = random(7, 500, Dialect::Rfc, 1_700_000_000);
        for line in &mut signed {
            line["authorization"] =
                "OAuth oauth_signature=\"74KNZJeDHnMBp0EMJ9ZHt/XKycU%3D\"".into();
        }
        for (before, after) in signed.iter().zip(changed(7, &signed)) {
            assert_ne!(*before, after);
        }
    }

    #[test]
    fn the_wide_dialect_has_what_the_narrow_one_leaves_out() {
        let text = |dialect| {
            random(1, 500, dialect, 0)
                .iter()
                .map(|line| line["url"].to_string())
                .collect::<String>()
        };
        for part in ["Vault.EXAMPLE.com", ":443", "[2001:db8::7]", "+"] {
            assert!(text(Dialect::Rfc).contains(part), "{part}");
            assert!(!text(Dialect::Common).contains(part), "{part}");
        }
    }
}
