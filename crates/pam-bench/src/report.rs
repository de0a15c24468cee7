//! What is printed about contestants that took turns, and what fails a run.

use std::fmt;
use std::process::ExitCode;

use serde::Serialize;

/// How long to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Long enough for ratios to be steady.
    Full,
    /// Long enough to see that it runs.
    Short,
}

impl Effort {
    /// One of two, by the effort.
    pub(crate) fn pick<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }
}

/// What one contestant came to: a sample a round.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) samples: Vec<f64>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) figures: Vec<Figure>,
}

impl Entry {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            samples: Vec::new(),
            goals: Vec::new(),
            figures: Vec::new(),
        }
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.goals.push(goal);
        self
    }

    pub(crate) fn figure(mut self, figure: Figure) -> Self {
        self.figures.push(figure);
        self
    }
}

/// How one contestant is to compare with another, which it names.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    /// At most this multiple of it.
    AtMost(f64, &'static str),
    /// At least this multiple of it.
    AtLeast(f64, &'static str),
    /// So many times faster, where the unit is a time.
    Faster(f64, &'static str),
    /// The same, within this share.
    Same(f64, &'static str),
    /// More than so much, whatever the others do.
    Over(f64),
    /// Less than so much, whatever the others do.
    Under(f64),
}

impl Goal {
    /// What is judged: the ratio to the one that it names, or the median where it names none.
    fn measure(self, own: &Entry, entries: &[Entry]) -> Option<f64> {
        match self {
            Self::AtMost(_, of)
            | Self::AtLeast(_, of)
            | Self::Faster(_, of)
            | Self::Same(_, of) => {
                let of = entries.iter().find(|entry| entry.name == of)?;
                Some(ratio(&own.samples, &of.samples))
            }
            Self::Over(_) | Self::Under(_) => Some(quantile(&own.samples, 0.5)),
        }
    }

    /// The goal in words, what was measured, and whether it is held.
    fn judge(self, ratio: f64, unit: &str) -> Judged {
        let (goal, measured, held) = match self {
            Self::Over(limit) => (format!("over {limit} {unit}"), ratio, ratio > limit),
            Self::Under(limit) => (format!("under {limit} {unit}"), ratio, ratio < limit),
            Self::AtMost(limit, of) => (format!("at most {limit}x {of}"), ratio, ratio <= limit),
            Self::AtLeast(limit, of) => (format!("at least {limit}x {of}"), ratio, ratio >= limit),
            Self::Faster(limit, of) => {
                let times = 1.0 / ratio;
                (
                    format!("at least {limit}x as fast as {of}"),
                    times,
                    times >= limit,
                )
            }
            Self::Same(share, of) => (
                format!("{of} within {:.0} %", share * 100.0),
                ratio,
                (ratio - 1.0).abs() <= share,
            ),
        };
        Judged {
            goal,
            measured,
            held,
        }
    }
}

#[derive(Debug, Serialize)]
struct Judged {
    goal: String,
    measured: f64,
    held: bool,
}

/// Something that is counted, so that it is the same in every run: it may fail the run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    name: &'static str,
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
}

impl Figure {
    pub(crate) fn new(name: &'static str, value: f64) -> Self {
        Self {
            name,
            value,
            at_most: None,
        }
    }

    pub(crate) fn at_most(mut self, limit: f64) -> Self {
        self.at_most = Some(limit);
        self
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", short(self.value), self.name)?;
        match self.at_most {
            Some(limit) => write!(f, " (at most {limit})"),
            None => Ok(()),
        }
    }
}

/// One line of a result.
#[derive(Serialize)]
struct Row<'e> {
    bench: &'static str,
    case: &'e str,
    name: &'static str,
    unit: &'static str,
    median: f64,
    low: f64,
    high: f64,
    rounds: usize,
    reference: &'static str,
    ratio: f64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    figures: &'e [Figure],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    goals: Vec<Judged>,
}

/// Prints rows, and remembers failures.
pub(crate) struct Report {
    json: bool,
    pub(crate) effort: Effort,
    failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(json: bool, effort: Effort) -> Self {
        Self {
            json,
            effort,
            failures: Vec::new(),
        }
    }

    /// Notes a failure unless the two agree.
    pub(crate) fn same<T: PartialEq + fmt::Debug>(&mut self, what: &str, ours: T, theirs: T) {
        if ours != theirs {
            self.fail(format!("{what}: {ours:?} is not {theirs:?}"));
        }
    }

    pub(crate) fn fail(&mut self, failure: String) {
        self.failures.push(failure);
    }

    /// Says that a contestant can't take part.
    pub(crate) fn skip(&self, bench: &str, name: &str, missing: &str) {
        eprintln!("skipped: {bench}: {name}: {missing}");
    }

    /// Prints a row for each contestant. Ratios are to the first of them, round by round.
    pub(crate) fn table(
        &mut self,
        bench: &'static str,
        case: &str,
        unit: &'static str,
        entries: &[Entry],
    ) {
        let Some(reference) = entries.first() else {
            return;
        };
        for entry in entries {
            for figure in &entry.figures {
                if figure.at_most.is_some_and(|limit| figure.value > limit) {
                    self.fail(format!("{bench} {case}: {}: {figure}", entry.name));
                }
            }
            let judged = entry
                .goals
                .iter()
                .filter_map(|goal| Some(goal.judge(goal.measure(entry, entries)?, unit)));
            self.print(&Row {
                bench,
                case,
                name: entry.name,
                unit,
                median: quantile(&entry.samples, 0.5),
                low: quantile(&entry.samples, 0.1),
                high: quantile(&entry.samples, 0.9),
                rounds: entry.samples.len(),
                reference: reference.name,
                ratio: ratio(&entry.samples, &reference.samples),
                figures: &entry.figures,
                goals: judged.collect(),
            });
        }
    }

    fn print(&self, row: &Row<'_>) {
        if self.json {
            match serde_json::to_string(row) {
                Ok(line) => println!("{line}"),
                Err(error) => eprintln!("{}: {error}", row.name),
            }
            return;
        }
        let mut remarks: Vec<String> = row.figures.iter().map(Figure::to_string).collect();
        remarks.extend(row.goals.iter().map(|judged| {
            let verdict = if judged.held { "held" } else { "missed" };
            format!("{verdict} {:.2}: {}", judged.measured, judged.goal)
        }));
        println!(
            "{:<9} {:<10} {:<36} {:>8} {} ({}-{}) {:>6}x  {}",
            row.bench,
            row.case,
            row.name,
            short(row.median),
            row.unit,
            short(row.low),
            short(row.high),
            short(row.ratio),
            remarks.join("; ")
        );
    }

    /// Says what failed.
    pub(crate) fn finish(self) -> ExitCode {
        for failure in &self.failures {
            eprintln!("failed: {failure}");
        }
        if self.failures.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

/// Three digits or so.
fn short(value: f64) -> String {
    let places = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        _ => 3,
    };
    let text = format!("{value:.places$}");
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole.to_owned(),
        _ => text,
    }
}

/// The median over the rounds of one's time by the other's in the same round.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    quantile(&ratios, 0.5)
}

pub(crate) fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (at * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_compares_round_by_round() {
        // The second contestant is twice as slow, whatever the machine did meanwhile.
        assert_eq!(ratio(&[2.0, 20.0, 200.0], &[1.0, 10.0, 100.0]), 2.0);
        assert_eq!(ratio(&[2.0], &[1.0, 10.0, 100.0]), 2.0);
    }

    #[test]
    fn goals_are_judged_in_their_direction() {
        for (goal, ratio, held) in [
            (Goal::AtMost(1.15, "a"), 1.15, true),
            (Goal::AtMost(1.15, "a"), 1.16, false),
            (Goal::AtLeast(0.6, "a"), 0.59, false),
            (Goal::Faster(4.0, "a"), 0.25, true),
            (Goal::Faster(4.0, "a"), 0.26, false),
            (Goal::Same(0.05, "a"), 0.94, false),
            (Goal::Same(0.05, "a"), 1.04, true),
            (Goal::Over(20_000.0), 20_000.0, false),
            (Goal::Over(20_000.0), 20_001.0, true),
            (Goal::Under(10.0), 9.9, true),
            (Goal::Under(10.0), 10.0, false),
        ] {
            assert_eq!(goal.judge(ratio, "ms").held, held, "{goal:?} {ratio}");
        }
    }

    #[test]
    fn a_goal_of_its_own_is_held_against_the_median() {
        let mut own = Entry::new("a");
        own.samples = vec![9.0, 30.0, 8.0];
        let reference = Entry::new("b");
        let measured = Goal::Under(10.0).measure(&own, &[reference]);
        assert_eq!(measured, Some(9.0));
    }

    #[test]
    fn a_figure_over_its_limit_fails_the_run() {
        for (value, failures) in [(1.0, 0), (2.0, 1)] {
            let mut report = Report::new(false, Effort::Short);
            let figure = Figure::new("allocations", value).at_most(1.0);
            report.table("b", "c", "ns", &[Entry::new("a").figure(figure)]);
            assert_eq!(report.failures.len(), failures);
        }
    }
}
