//! A task as a row of named steps, each with its outcome and its seconds.

use std::time::{Duration, Instant};

use crate::error::Error;

/// How a step ended when it did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The step held; the text says what it held for and may be empty.
    Ok(String),
    /// The step could not run here; the text names what is missing.
    Skipped(String),
}

impl Outcome {
    pub(crate) fn ok() -> Outcome {
        Outcome::Ok(String::new())
    }
}

#[derive(Debug)]
struct Row {
    name: String,
    line: String,
    failed: bool,
    skipped: bool,
    took: Duration,
}

/// Runs steps one after another. A failed step does not hide those behind it:
/// all run, and [`Steps::finish`] fails when one did.
#[derive(Debug)]
pub(crate) struct Steps {
    task: &'static str,
    started: Instant,
    rows: Vec<Row>,
}

impl Steps {
    pub(crate) fn new(task: &'static str) -> Steps {
        Steps {
            task,
            started: Instant::now(),
            rows: Vec::new(),
        }
    }

    /// Runs one step and prints its line.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<Outcome, Error>) {
        eprintln!("--- {name}");
        let started = Instant::now();
        let (line, failed, skipped) = match step() {
            Ok(Outcome::Ok(detail)) => (format!("ok {detail}"), false, false),
            Ok(Outcome::Skipped(missing)) => (format!("skipped: {missing}"), false, true),
            Err(error) => (format!("failed: {error}"), true, false),
        };
        let row = Row {
            name: name.to_owned(),
            line: line.trim_end().to_owned(),
            failed,
            skipped,
            took: started.elapsed(),
        };
        eprintln!("{}", row.print());
        self.rows.push(row);
    }

    /// Whether a step failed: for tasks whose later steps make no sense then.
    pub(crate) fn failed(&self) -> bool {
        self.rows.iter().any(|row| row.failed)
    }

    /// Prints every step's line once more, and fails when a step failed.
    pub(crate) fn finish(self) -> Result<(), Error> {
        eprintln!("--- {}", self.task);
        for row in &self.rows {
            eprintln!("{}", row.print());
        }
        let failed: Vec<&str> = self
            .rows
            .iter()
            .filter(|row| row.failed)
            .map(|row| row.name.as_str())
            .collect();
        let skipped = self.rows.iter().filter(|row| row.skipped).count();
        eprintln!(
            "{}: {} ok, {skipped} skipped, {} failed in {:.1} s",
            self.task,
            self.rows.len() - skipped - failed.len(),
            failed.len(),
            self.started.elapsed().as_secs_f64(),
        );
        match failed.as_slice() {
            [] => Ok(()),
            names => Err(Error::new(format!(
                "{}: failed: {}",
                self.task,
                names.join(", ")
            ))),
        }
    }
}

impl Row {
    fn print(&self) -> String {
        format!(
            "{:>7.1} s  {:<24} {}",
            self.took.as_secs_f64(),
            self.name,
            self.line
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_fails_the_task_and_hides_no_other() {
        let mut steps = Steps::new("task");
        let mut ran = false;
        steps.run("first", || Err(Error::new("broken")));
        steps.run("second", || {
            ran = true;
            Ok(Outcome::ok())
        });
        assert!(ran);
        let error = steps.finish().unwrap_err().to_string();
        assert_eq!(error, "task: failed: first");
    }

    #[test]
    fn a_skipped_step_fails_nothing() {
        let mut steps = Steps::new("task");
        steps.run("only", || Ok(Outcome::Skipped("python3 not found".into())));
        assert!(steps.finish().is_ok());
    }
}
