//! Request parameters (RFC 5849 section 3.4.1.3).

use percent_encoding::percent_decode;

use super::percent;

/// The parameters of a request, decoded, in the order in which they were added.
///
/// Names and values are bytes: a query may hold escapes that are no UTF-8.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(Vec<u8>, Vec<u8>)>);

impl Params {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one, given decoded.
    pub fn push(&mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds those of a query or a form body (RFC 5849 section 3.4.1.3.1): a `+` is a space, a
    /// name without `=` has an empty value, and a `%` that begins no escape stands for itself.
    pub fn push_form(&mut self, text: &[u8]) {
        for pair in text.split(|&b| b == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |&b| b == b'=');
            let name = halves.next().unwrap_or_default();
            let value = halves.next().unwrap_or_default();
            self.0.push((decode_form(name), decode_form(value)));
        }
    }

    /// Name and value of each, decoded.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (&name[..], &value[..]))
    }

    /// Name and value of each, encoded, then sorted by name and by value
    /// (RFC 5849 section 3.4.1.3.2, steps 1 and 2).
    #[must_use]
    pub fn sorted(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self
            .iter()
            .map(|(name, value)| (percent::encode(name), percent::encode(value)))
            .collect();
        pairs.sort_unstable();
        pairs
    }

    /// The normalised parameters: encoded, sorted and joined
    /// (RFC 5849 section 3.4.1.3.2).
    #[must_use]
    pub fn normalised(&self) -> String {
        let pairs: Vec<String> = self
            .sorted()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("&")
    }
}

fn decode_form(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|&b| if b == b'+' { b' ' } else { b })
        .collect();
    percent_decode(&spaced).collect()
}
