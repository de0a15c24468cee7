//! What became of each change, by cargo-mutants' own report.

use serde_json::Value;

use crate::error::Error;

/// The report of one run.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    /// Changes that a test noticed, by failing or by not ending in time.
    pub(crate) caught: Vec<String>,
    pub(crate) missed: Vec<String>,
    /// Changes that do not compile, which say nothing.
    pub(crate) unviable: usize,
}

impl Outcomes {
    pub(crate) fn read(report: &str) -> Result<Outcomes, Error> {
        let report: Value = serde_json::from_str(report).map_err(|source| Error::Json {
            what: "the report of cargo-mutants".into(),
            source,
        })?;
        let mut outcomes = Outcomes::default();
        for outcome in report["outcomes"].as_array().into_iter().flatten() {
            let summary = outcome["summary"].as_str().unwrap_or_default();
            let Some(name) = outcome["scenario"]["Mutant"]["name"].as_str() else {
                if summary == "Success" {
                    continue;
                }
                return Err(Error::new("the tests fail before anything is changed"));
            };
            match summary {
                "CaughtMutant" | "Timeout" => outcomes.caught.push(placeless(name)),
                "MissedMutant" => outcomes.missed.push(placeless(name)),
                "Unviable" => outcomes.unviable += 1,
                other => {
                    return Err(Error::new(format!("{name}: cargo-mutants says {other:?}")));
                }
            }
        }
        if report["total_mutants"].as_u64() != Some(outcomes.total()) {
            return Err(Error::new("cargo-mutants has not tried everything"));
        }
        // A broken build looks like a change that does not compile.
        if outcomes.unviable as u64 > outcomes.total() / 2 + 2 {
            return Err(Error::new(
                "most changes do not compile; see the logs below target/mutants for why",
            ));
        }
        Ok(outcomes)
    }

    fn total(&self) -> u64 {
        (self.caught.len() + self.missed.len() + self.unviable) as u64
    }

    /// `430 of 436 caught, 62 more do not compile`
    pub(crate) fn score(&self) -> String {
        let caught = self.caught.len();
        let viable = caught + self.missed.len();
        format!(
            "{caught} of {viable} caught, {} more do not compile",
            self.unviable
        )
    }
}

/// A change's name without line and column, which move.
fn placeless(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(file), Some(_), Some(_), Some(change)) => format!("{file}:{change}"),
        _ => name.to_owned(),
    }
}

/// The document with a module's score in its place, if it has one.
pub(crate) fn write_score(document: &str, module: &str, score: &str) -> Option<String> {
    let open = format!("<!-- mutants:{module} -->");
    let start = document.find(&open)? + open.len();
    let end = start + document[start..].find("<!-- /mutants -->")?;
    Some(format!("{}{score}{}", &document[..start], &document[end..]))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn report(outcomes: &[(&str, &str)], total: usize) -> String {
        let baseline = serde_json::json!({"scenario": "Baseline", "summary": "Success"});
        let mutants = outcomes.iter().map(|(name, summary)| {
            serde_json::json!({"scenario": {"Mutant": {"name": name}}, "summary": summary})
        });
        let outcomes: Vec<Value> = std::iter::once(baseline).chain(mutants).collect();
        serde_json::json!({"outcomes": outcomes, "total_mutants": total}).to_string()
    }

    #[test]
    fn a_report_is_counted() {
        let report = report(
            &[
                ("a.rs:1:2: replace f with ()", "CaughtMutant"),
                ("a.rs:3:4: replace < with > in A::g", "Timeout"),
                ("a.rs:5:6: replace + with - in h", "MissedMutant"),
                ("a.rs:7:8: replace k -> K with K", "Unviable"),
            ],
            4,
        );
        let outcomes = Outcomes::read(&report).unwrap();
        assert_eq!(outcomes.missed, ["a.rs: replace + with - in h"]);
        assert_eq!(outcomes.caught[1], "a.rs: replace < with > in A::g");
        assert_eq!(outcomes.score(), "2 of 3 caught, 1 more do not compile");
    }

    #[test]
    fn a_report_of_half_a_run_is_none() {
        let half = report(&[("a.rs:1:2: replace f with ()", "CaughtMutant")], 2);
        assert!(Outcomes::read(&half).is_err());
        let broken =
            r#"{"outcomes":[{"scenario":"Baseline","summary":"Failure"}],"total_mutants":0}"#;
        let error = Outcomes::read(broken).unwrap_err().to_string();
        assert_eq!(error, "the tests fail before anything is changed");
    }

    #[test]
    fn a_build_that_is_broken_is_no_score() {
        let names: Vec<String> = (0..9).map(|line| format!("a.rs:{line}:1: x")).collect();
        let unviable: Vec<_> = names.iter().map(|name| (&**name, "Unviable")).collect();
        assert!(Outcomes::read(&report(&unviable, 9)).is_err());
    }

    #[test]
    fn a_score_goes_to_its_place() {
        let document =
            "x <!-- mutants:a -->?<!-- /mutants --> y <!-- mutants:b -->?<!-- /mutants -->";
        let written = write_score(document, "b", "7 of 7").unwrap();
        assert_eq!(
            written,
            "x <!-- mutants:a -->?<!-- /mutants --> y <!-- mutants:b -->7 of 7<!-- /mutants -->"
        );
        assert_eq!(write_score(document, "c", ""), None);
    }
}
