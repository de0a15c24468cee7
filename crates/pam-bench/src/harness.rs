//! Contestants that take turns, and what is printed about them.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

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
    fn rounds(self) -> usize {
        match self {
            Self::Full => 1_000,
            Self::Short => 5,
        }
    }

    /// How long one contestant runs before the next has its turn: so short that whatever else
    /// the machine does meets all contestants of a round, or few rounds.
    fn turn(self) -> Duration {
        match self {
            Self::Full => Duration::from_micros(250),
            Self::Short => Duration::from_micros(50),
        }
    }
}

/// One implementation of the job.
pub(crate) struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut(u64) + 'a>,
    allocations: Option<u64>,
    goal: Option<Goal>,
}

/// At most this multiple of another contestant's time.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Goal {
    pub(crate) of: &'static str,
    pub(crate) at_most: f64,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new<T>(name: &'static str, mut job: impl FnMut() -> T + 'a) -> Self {
        Self {
            name,
            run: Box::new(move |times| {
                for _ in 0..times {
                    black_box(job());
                }
            }),
            allocations: None,
            goal: None,
        }
    }

    /// Counts the allocations of one job, and takes any other number for a failure.
    pub(crate) fn allocating(mut self, exactly: u64) -> Self {
        self.allocations = Some(exactly);
        self
    }

    pub(crate) fn goal(mut self, at_most: f64, of: &'static str) -> Self {
        self.goal = Some(Goal { of, at_most });
        self
    }

    fn time(&mut self, times: u64) -> f64 {
        let start = Instant::now();
        (self.run)(times);
        start.elapsed().as_secs_f64() * 1e9 / times as f64
    }

    /// How many jobs fill a turn.
    fn calibrate(&mut self, turn: Duration) -> u64 {
        let mut times = 1;
        loop {
            let start = Instant::now();
            (self.run)(times);
            let elapsed = start.elapsed();
            if elapsed * 4 > turn {
                let jobs = turn.as_secs_f64() / elapsed.as_secs_f64().max(1e-9) * times as f64;
                return (jobs as u64).max(1);
            }
            times *= 2;
        }
    }
}

/// One line of a result.
#[derive(Serialize)]
struct Row {
    bench: &'static str,
    case: &'static str,
    name: &'static str,
    ns: f64,
    ns_low: f64,
    ns_high: f64,
    reference: &'static str,
    ratio: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    allocations: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<Goal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal_ratio: Option<f64>,
}

/// Runs cases, prints their rows, and remembers failures.
pub(crate) struct Report {
    json: bool,
    effort: Effort,
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
    pub(crate) fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, ours: T, theirs: T) {
        if ours != theirs {
            self.failures
                .push(format!("{what}: {ours:?} is not {theirs:?}"));
        }
    }

    /// Times the contestants in turns. Ratios are to the first of them.
    pub(crate) fn race(
        &mut self,
        bench: &'static str,
        case: &'static str,
        mut contestants: Vec<Contestant<'_>>,
    ) {
        let counted: Vec<Option<u64>> = contestants
            .iter_mut()
            .map(|contestant| {
                contestant.allocations?;
                (contestant.run)(1);
                Some(allocation_counter::measure(|| (contestant.run)(1)).count_total)
            })
            .collect();
        for (contestant, counted) in contestants.iter().zip(&counted) {
            if contestant.allocations != *counted {
                self.failures.push(format!(
                    "{bench} {case}: {} allocates {counted:?} times, not {:?}",
                    contestant.name, contestant.allocations
                ));
            }
        }
        let turn = self.effort.turn();
        let times: Vec<u64> = contestants.iter_mut().map(|c| c.calibrate(turn)).collect();
        let mut rounds: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
        for round in 0..self.effort.rounds() {
            // Each round begins with another one, so that none always follows the same.
            for offset in 0..contestants.len() {
                let index = (round + offset) % contestants.len();
                rounds[index].push(contestants[index].time(times[index]));
            }
        }
        let names: Vec<&str> = contestants.iter().map(|c| c.name).collect();
        for (index, contestant) in contestants.iter().enumerate() {
            let goal_ratio =
                contestant.goal.map(
                    |goal| match names.iter().position(|name| *name == goal.of) {
                        Some(of) => ratio(&rounds[index], &rounds[of]),
                        None => f64::NAN,
                    },
                );
            self.print(&Row {
                bench,
                case,
                name: contestant.name,
                ns: quantile(&rounds[index], 0.5),
                ns_low: quantile(&rounds[index], 0.1),
                ns_high: quantile(&rounds[index], 0.9),
                reference: contestants[0].name,
                ratio: ratio(&rounds[index], &rounds[0]),
                allocations: counted[index],
                goal: contestant.goal,
                goal_ratio,
            });
        }
    }

    fn print(&self, row: &Row) {
        if self.json {
            match serde_json::to_string(row) {
                Ok(line) => println!("{line}"),
                Err(error) => eprintln!("{}: {error}", row.name),
            }
            return;
        }
        let goal = match (row.goal, row.goal_ratio) {
            (Some(goal), Some(ratio)) => {
                let verdict = if ratio <= goal.at_most {
                    "held"
                } else {
                    "missed"
                };
                format!("{ratio:.2} of {}, goal {} {verdict}", goal.of, goal.at_most)
            }
            _ => String::new(),
        };
        let allocations = row
            .allocations
            .map_or_else(String::new, |count| format!("{count} alloc"));
        println!(
            "{:<8} {:<7} {:<34} {:>8.0} ns ({:>6.0}-{:<6.0}) {:>6.2}x {allocations:>8} {goal}",
            row.bench, row.case, row.name, row.ns, row.ns_low, row.ns_high, row.ratio
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

/// The median over the rounds of one's time by the other's in the same round.
fn ratio(ours: &[f64], theirs: &[f64]) -> f64 {
    let ratios: Vec<f64> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
    quantile(&ratios, 0.5)
}

fn quantile(values: &[f64], at: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (at * sorted.len().saturating_sub(1) as f64).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}
