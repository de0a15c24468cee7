//! Request parameters (RFC 5849 section 3.4.1.3).

use std::cmp::Ordering;

use memchr::memchr;

#[cfg(feature = "verify")]
use super::header;
use super::percent::{self, Coding, Decoded, is_unreserved};
use super::writer::{Sink, Writer};

/// How many parameters are held without an allocation.
const FEW: usize = 8;

/// The parameters of a request, in the order in which they were added.
///
/// Names and values are bytes: a query may hold escapes that are no UTF-8.
///
/// ```
/// use pam_proto::oauth1::params::Params;
///
/// let mut params = Params::new();
/// params.push_form(b"c%40=&a2=r%20b");
/// params.push_form(b"c2&a3=2+q");
/// params.push("oauth_nonce", "7d8f3e4a");
/// assert_eq!(params.normalised(), "a2=r%20b&a3=2%20q&c%40=&c2=&oauth_nonce=7d8f3e4a");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Params<'a> {
    few: Option<[Param<'a>; FEW]>,
    /// How many of `few` are there.
    count: usize,
    /// All of them, once they are more.
    many: Vec<Param<'a>>,
}

/// A parameter as it stands in the request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Param<'a> {
    name: &'a [u8],
    value: &'a [u8],
    coding: Coding,
}

impl<'a> Params<'a> {
    /// No parameters.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            few: None,
            count: 0,
            many: Vec::new(),
        }
    }

    /// Adds one, given decoded.
    pub fn push<T: AsRef<[u8]> + ?Sized>(&mut self, name: &'a T, value: &'a T) {
        self.add(Param::plain(name.as_ref(), value.as_ref()));
    }

    /// Adds those of a query or a form body (RFC 5849 section 3.4.1.3.1): a `+` is a space, a
    /// name without `=` has an empty value, and a `%` that begins no escape stands for itself.
    pub fn push_form(&mut self, text: &'a [u8]) {
        let mut rest = text;
        while !rest.is_empty() {
            let pair;
            (pair, rest) = cut(rest, b'&');
            if pair.is_empty() {
                continue;
            }
            let (name, value) = cut(pair, b'=');
            self.add(Param {
                name,
                value,
                coding: Coding::Form,
            });
        }
    }

    #[inline]
    pub(super) fn add(&mut self, param: Param<'a>) {
        let few = self.few.get_or_insert([param; FEW]);
        if let Some(free) = few.get_mut(self.count) {
            *free = param;
            self.count += 1;
            return;
        }
        if self.many.is_empty() {
            self.many.extend_from_slice(few);
        }
        self.many.push(param);
    }

    #[inline]
    pub(super) fn as_slice(&self) -> &[Param<'a>] {
        match &self.few {
            Some(few) if self.many.is_empty() => few.get(..self.count).unwrap_or_default(),
            _ => &self.many,
        }
    }

    /// Sorts by encoded name, then by encoded value (RFC 5849 section 3.4.1.3.2, step 2).
    pub(super) fn sort(&mut self) {
        let params = match &mut self.few {
            Some(few) if self.many.is_empty() => few.get_mut(..self.count).unwrap_or_default(),
            _ => &mut self.many,
        };
        params.sort_unstable_by(Param::order);
    }

    /// Name and value of each, decoded, in the order in which they were added.
    #[must_use]
    pub fn decoded(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        let decoded = |param: &Param<'_>| (param.name().collect(), param.value().collect());
        self.as_slice().iter().map(decoded).collect()
    }

    /// Name and value of each, encoded and sorted (RFC 5849 section 3.4.1.3.2, steps 1 and 2).
    #[must_use]
    pub fn sorted(&self) -> Vec<(String, String)> {
        let mut sorted = self.clone();
        sorted.sort();
        let encoded = |param: &Param<'_>| (encode(param.name()), encode(param.value()));
        sorted.as_slice().iter().map(encoded).collect()
    }

    /// The normalised parameters: encoded, sorted and joined (RFC 5849 section 3.4.1.3.2).
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

/// What is before and behind the first such byte; all is before it where there is none.
#[inline]
fn cut(text: &[u8], at: u8) -> (&[u8], &[u8]) {
    match memchr(at, text).and_then(|at| text.split_at_checked(at)) {
        Some((before, rest)) => (before, rest.get(1..).unwrap_or_default()),
        None => (text, &[]),
    }
}

fn encode(bytes: Decoded<'_>) -> String {
    percent::encode(bytes.collect::<Vec<u8>>())
}

impl<'a> Param<'a> {
    pub(super) const fn plain(name: &'a [u8], value: &'a [u8]) -> Self {
        Self {
            name,
            value,
            coding: Coding::Plain,
        }
    }

    /// One of the header, still encoded.
    #[cfg(feature = "verify")]
    pub(super) fn of_header(name: header::Text<'a>, value: header::Text<'a>) -> Self {
        Self {
            name: name.as_bytes(),
            value: value.as_bytes(),
            coding: Coding::Escaped,
        }
    }

    /// Writes it, encoded twice.
    #[inline]
    pub(super) fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        writer.encode_twice(self.name());
        writer.put(b"%3D");
        writer.encode_twice(self.value());
    }

    #[inline]
    pub(super) fn name(&self) -> Decoded<'a> {
        Decoded::new(self.name, self.coding)
    }

    #[inline]
    pub(super) fn value(&self) -> Decoded<'a> {
        Decoded::new(self.value, self.coding)
    }

    #[inline]
    pub(super) fn name_begins_with(&self, prefix: &str) -> bool {
        self.name().take(prefix.len()).eq(prefix.bytes())
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name().eq(name.bytes())
    }

    /// How its name compares with another's, given decoded.
    #[inline]
    pub(super) fn order_to(&self, name: &str) -> Ordering {
        order(self.name(), Decoded::new(name.as_bytes(), Coding::Plain))
    }

    #[inline]
    fn order(&self, other: &Self) -> Ordering {
        order(self.name(), other.name()).then_with(|| order(self.value(), other.value()))
    }
}

/// The order of the encoded forms, without encoding: a reserved byte becomes `%XX`, and `%` is
/// before every unreserved character.
#[inline]
fn order(left: Decoded<'_>, right: Decoded<'_>) -> Ordering {
    if let (Some(l), Some(r)) = (left.peek_plain(), right.peek_plain())
        && l != r
    {
        // Mostly the first bytes decide.
        return l.cmp(&r);
    }
    order_in_full(left, right)
}

fn order_in_full(left: Decoded<'_>, right: Decoded<'_>) -> Ordering {
    let rank = |byte| (is_unreserved(byte), byte);
    left.map(rank).cmp(right.map(rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_any_two_bytes_is_that_of_their_encoded_forms() {
        for left in 0..=255_u8 {
            for right in 0..=255_u8 {
                let (l, r) = ([left], [right]);
                assert_eq!(
                    order(
                        Decoded::new(&l, Coding::Plain),
                        Decoded::new(&r, Coding::Plain)
                    ),
                    percent::encode(l).cmp(&percent::encode(r)),
                    "{left} {right}"
                );
            }
        }
    }

    #[test]
    fn many_parameters_are_kept_in_their_order() {
        let text: String = (0..100).map(|i| format!("&n{i}=v{i}")).collect();
        let mut params = Params::new();
        params.push_form(text.as_bytes());
        let decoded = params.decoded();
        assert_eq!(decoded.len(), 100);
        assert_eq!(decoded[99], (b"n99".to_vec(), b"v99".to_vec()));
        assert_eq!(decoded[0], (b"n0".to_vec(), b"v0".to_vec()));
    }
}
