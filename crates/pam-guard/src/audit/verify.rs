//! Reading a chain back, line by line, and saying where it breaks.

use serde::Deserialize;

use super::{Hash, Link};

/// Where and how a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct Break {
    /// The line of the file, from 1; one past the last when the end is missing.
    pub line: u64,
    /// How.
    pub kind: BreakKind,
}

/// How a chain breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BreakKind {
    /// It is no line of a chain; a write that was cut off looks like this too.
    #[error("this is no audit record, or only a part of one")]
    NotARecord,
    /// Its text does not have the hash that it carries.
    #[error("record {seq} was changed after it was written")]
    Edited {
        /// The record's number.
        seq: u64,
    },
    /// Records are missing before it.
    #[error("records {first} to {last} are missing")]
    Missing {
        /// The first missing record.
        first: u64,
        /// The last missing record.
        last: u64,
    },
    /// A record stands after a later one, or twice.
    #[error("record {seq} stands in the wrong place")]
    Order {
        /// The record's number.
        seq: u64,
    },
    /// It has the right number but continues another chain.
    #[error("record {seq} does not continue the record before it, which was replaced")]
    Replaced {
        /// The record's number.
        seq: u64,
    },
    /// The kept link is not where the file ends.
    #[error("the file ends with record {found}, but record {kept} was the last one written")]
    End {
        /// The last record of the file.
        found: u64,
        /// The last record written, by the kept link.
        kept: u64,
    },
}

#[derive(Deserialize)]
struct Line {
    seq: u64,
    prev: String,
    hash: String,
}

/// The hash that a line continues and the link behind it, when the line has the hash that it carries.
fn read(text: &str) -> Result<(Hash, Link), BreakKind> {
    let line: Line = serde_json::from_str(text).map_err(|_| BreakKind::NotARecord)?;
    let seq = line.seq;
    let covered = text.strip_suffix(&format!(",\"hash\":\"{}\"}}", line.hash));
    let (Some(covered), Some(hash), Some(prev)) = (
        covered,
        Hash::from_hex(&line.hash),
        Hash::from_hex(&line.prev),
    ) else {
        return Err(BreakKind::NotARecord);
    };
    if Hash::of(covered.as_bytes()) != hash {
        return Err(BreakKind::Edited { seq });
    }
    Ok((prev, Link { seq, hash }))
}

impl Link {
    /// The link behind one line, given without its line break and without those before it: where
    /// a writer goes on.
    ///
    /// # Errors
    /// [`BreakKind`] when it is no record, or was changed after it was written.
    pub fn behind(line: &str) -> Result<Self, BreakKind> {
        read(line).map(|(_, link)| link)
    }
}

/// Follows a chain.
#[derive(Debug, Clone)]
pub struct Verifier {
    link: Link,
    lines: u64,
}

impl Verifier {
    /// A verifier before the first line of a file.
    #[must_use]
    pub fn new() -> Self {
        Self {
            link: Link::START,
            lines: 0,
        }
    }

    /// Checks the next line, given without its line break.
    ///
    /// # Errors
    /// [`Break`] when it does not continue the chain.
    pub fn line(&mut self, text: &str) -> Result<(), Break> {
        self.lines += 1;
        self.link = self.follow(text).map_err(|kind| Break {
            line: self.lines,
            kind,
        })?;
        Ok(())
    }

    fn follow(&self, text: &str) -> Result<Link, BreakKind> {
        let (prev, link) = read(text)?;
        let (seq, next) = (link.seq, self.link.seq + 1);
        if seq < next {
            return Err(BreakKind::Order { seq });
        }
        if seq > next {
            return Err(BreakKind::Missing {
                first: next,
                last: seq - 1,
            });
        }
        if prev != self.link.hash {
            return Err(BreakKind::Replaced { seq });
        }
        Ok(link)
    }

    /// Where the chain stands behind the last line that was checked.
    #[must_use]
    pub fn link(&self) -> Link {
        self.link
    }

    /// The end of the file: compares it with the link that was kept apart, and gives where the
    /// chain stands.
    ///
    /// # Errors
    /// [`BreakKind::End`] when the kept link is another one: the last lines were cut off, or
    /// others were added.
    pub fn finish(self, kept: Option<Link>) -> Result<Link, Break> {
        match kept {
            Some(kept) if kept != self.link => Err(Break {
                line: self.lines + 1,
                kind: BreakKind::End {
                    found: self.link.seq,
                    kept: kept.seq,
                },
            }),
            _ => Ok(self.link),
        }
    }
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::append;
    use super::*;

    fn chain(records: u64) -> (Vec<String>, Link) {
        let mut link = Link::START;
        let lines = (0..records)
            .map(|n| {
                let record =
                    json!({"who": "alice", "why": format!("case {n} \"quoted\" ,\"hash\":")});
                let (line, next) = append(&link, &record).unwrap();
                link = next;
                line
            })
            .collect();
        (lines, link)
    }

    fn check(lines: &[String], kept: Link) -> Result<Link, Break> {
        let mut verifier = Verifier::new();
        for line in lines {
            verifier.line(line)?;
        }
        verifier.finish(Some(kept))
    }

    #[test]
    fn an_untouched_chain_verifies() {
        let (lines, link) = chain(5);
        assert_eq!(check(&lines, link), Ok(link));
        assert_eq!(Link::parse(&link.to_string()), Some(link));
    }

    #[test]
    fn a_deletion_names_what_is_missing() {
        let (mut lines, link) = chain(5);
        lines.drain(1..3);
        let expected = Break {
            line: 2,
            kind: BreakKind::Missing { first: 2, last: 3 },
        };
        assert_eq!(check(&lines, link), Err(expected));
    }

    #[test]
    fn a_cut_tail_is_found_by_the_kept_link() {
        let (mut lines, link) = chain(5);
        lines.pop();
        let expected = Break {
            line: 5,
            kind: BreakKind::End { found: 4, kept: 5 },
        };
        assert_eq!(check(&lines, link), Err(expected));
    }

    #[test]
    fn a_record_of_another_chain_is_not_taken() {
        let (mut lines, link) = chain(3);
        let (first, after) = append(&Link::START, &json!({"who": "mallory"})).unwrap();
        lines[0] = first;
        assert_eq!(
            check(&lines, link).unwrap_err().kind,
            BreakKind::Replaced { seq: 2 }
        );
        let (second, _) = append(&after, &json!({"who": "mallory"})).unwrap();
        lines[1] = second;
        assert_eq!(
            check(&lines, link).unwrap_err().kind,
            BreakKind::Replaced { seq: 3 }
        );
    }

    #[test]
    fn a_record_may_not_use_the_chains_keys() {
        for record in [json!({"hash": 1}), json!({"seq": 1}), json!({}), json!([1])] {
            assert!(append(&Link::START, &record).is_err(), "{record}");
        }
    }

    proptest! {
        #[test]
        fn any_changed_byte_breaks_the_chain(line in 0_usize..4, at in any::<prop::sample::Index>(), to in 0x20_u8..0x7f) {
            let (mut lines, link) = chain(4);
            let mut bytes = lines[line].clone().into_bytes();
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            lines[line] = String::from_utf8(bytes).unwrap();
            prop_assert!(check(&lines, link).is_err());
        }

        #[test]
        fn any_change_of_order_breaks_the_chain(order in Just((0..5).collect::<Vec<usize>>()).prop_shuffle()) {
            prop_assume!(!order.is_sorted());
            let (lines, link) = chain(5);
            let shuffled: Vec<String> = order.iter().map(|at| lines[*at].clone()).collect();
            prop_assert!(check(&shuffled, link).is_err());
        }
    }
}
