//! Jobs inside this process that take turns.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::report::{Entry, Figure, Goal, Report};

/// One implementation of the job.
pub(crate) struct Contestant<'a> {
    entry: Entry,
    run: Box<dyn FnMut(u64) + 'a>,
    allocations: Option<u64>,
}

impl<'a> Contestant<'a> {
    pub(crate) fn new<T>(name: &'static str, mut job: impl FnMut() -> T + 'a) -> Self {
        Self {
            entry: Entry::new(name),
            run: Box::new(move |times| {
                for _ in 0..times {
                    black_box(job());
                }
            }),
            allocations: None,
        }
    }

    /// Counts the allocations of one job; more fail the run.
    pub(crate) fn allocating(mut self, at_most: u64) -> Self {
        self.allocations = Some(at_most);
        self
    }

    pub(crate) fn goal(mut self, goal: Goal) -> Self {
        self.entry = self.entry.goal(goal);
        self
    }

    pub(crate) fn figure(mut self, figure: Figure) -> Self {
        self.entry = self.entry.figure(figure);
        self
    }

    fn count(&mut self) {
        let Some(limit) = self.allocations else {
            return;
        };
        (self.run)(1);
        let counted = allocation_counter::measure(|| (self.run)(1)).count_total;
        let figure = Figure::new("allocations", counted as f64).at_most(limit as f64);
        self.entry.figures.push(figure);
    }

    fn time(&mut self, times: u64) {
        let start = Instant::now();
        (self.run)(times);
        let sample = start.elapsed().as_secs_f64() * 1e9 / times as f64;
        self.entry.samples.push(sample);
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

/// Times the contestants in turns: so many rounds when nothing is left out, a few otherwise.
pub(crate) fn race(
    report: &mut Report,
    bench: &'static str,
    case: &str,
    rounds: usize,
    mut contestants: Vec<Contestant<'_>>,
) {
    // So short that whatever else the machine does meets all contestants of a round, or few
    // rounds.
    let turn = Duration::from_micros(report.effort.pick(250, 50));
    for contestant in &mut contestants {
        contestant.count();
    }
    let times: Vec<u64> = contestants.iter_mut().map(|c| c.calibrate(turn)).collect();
    for round in 0..report.effort.pick(rounds, 5) {
        // Each round begins with another one, so that none always follows the same.
        for offset in 0..contestants.len() {
            let index = (round + offset) % contestants.len();
            contestants[index].time(times[index]);
        }
    }
    let entries: Vec<Entry> = contestants.into_iter().map(|c| c.entry).collect();
    report.table(bench, case, "ns", &entries);
}
