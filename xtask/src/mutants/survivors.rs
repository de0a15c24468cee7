//! The list of changes that no test can notice, each with its reason.
//!
//! A change stands on a line as cargo-mutants names it, without line and
//! column; its reason stands below, indented. One that exists in several places
//! stands there as often as it survives.

use std::collections::BTreeMap;

use super::outcomes::Outcomes;
use crate::error::Error;

#[derive(Debug, Default)]
pub(crate) struct Survivors {
    /// How often each may survive.
    counts: BTreeMap<String, usize>,
}

impl Survivors {
    pub(crate) fn read(text: &str) -> Result<Survivors, Error> {
        let mut counts = BTreeMap::new();
        let mut unexplained: Option<&str> = None;
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for line in lines.filter(|line| !line.trim().is_empty()) {
            if line.starts_with(' ') {
                unexplained = None;
                continue;
            }
            if unexplained.is_some() {
                break;
            }
            unexplained = Some(line);
            *counts.entry(line.trim_end().to_owned()).or_insert(0) += 1;
        }
        match unexplained {
            None => Ok(Survivors { counts }),
            Some(change) => Err(Error::new(format!("no reason stands below {change:?}"))),
        }
    }

    /// What survived beyond the list.
    pub(crate) fn unlisted(&self, outcomes: &Outcomes) -> Vec<String> {
        let mut left = self.counts.clone();
        let mut unlisted = outcomes.missed.clone();
        unlisted.retain(|change| match left.get_mut(change) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        unlisted
    }

    /// What is listed of these files and did not survive a whole run.
    pub(crate) fn stale(&self, files: &str, outcomes: &Outcomes) -> Vec<String> {
        let folder = files.split('*').next().unwrap_or_default();
        let listed = self.counts.iter();
        let stale = listed.filter(|(change, count)| {
            let survived = outcomes.missed.iter().filter(|missed| missed == change);
            change.starts_with(folder) && survived.count() < **count
        });
        stale.map(|(change, _)| change.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "\
# A comment.

src/a/b.rs: replace < with <= in f
    Both are the same at the edge.
src/a/b.rs: replace < with <= in f
    And here.
src/c.rs: replace g with ()
    It only logs.
";

    fn missed(changes: &[&str]) -> Outcomes {
        Outcomes {
            missed: changes.iter().map(|&change| change.into()).collect(),
            ..Outcomes::default()
        }
    }

    #[test]
    fn a_change_may_survive_as_often_as_it_is_listed() {
        let listed = Survivors::read(LIST).unwrap();
        let change = "src/a/b.rs: replace < with <= in f";
        assert!(listed.unlisted(&missed(&[change, change])).is_empty());
        assert_eq!(listed.unlisted(&missed(&[change; 3])), [change]);
        assert_eq!(listed.unlisted(&missed(&["src/d.rs: x"])), ["src/d.rs: x"]);
    }

    #[test]
    fn what_is_caught_by_now_is_stale() {
        let listed = Survivors::read(LIST).unwrap();
        let change = "src/a/b.rs: replace < with <= in f";
        assert_eq!(listed.stale("src/a/**/*.rs", &missed(&[change])), [change]);
        let all = missed(&[change, change]);
        assert!(listed.stale("src/a/**/*.rs", &all).is_empty());
    }

    #[test]
    fn a_change_without_a_reason_is_refused() {
        for list in ["a.rs: x\n", "a.rs: x\nb.rs: y\n  reason\n"] {
            let error = Survivors::read(list).unwrap_err().to_string();
            assert_eq!(error, "no reason stands below \"a.rs: x\"");
        }
    }
}
