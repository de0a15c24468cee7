//! Every sequence of answers to one termination, to its end.
//!
//! Whenever the machine asks, every answer of the model is tried; the rules are asserted in the
//! model as it goes. Sequences that lead to the same state, of the machine and of the truth, have
//! the same future, so it is explored once and counted for each. Answers that the machine reads
//! as one and the same are explored once and counted each, too.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use crate::termination::case::{Sighting, asked_to_wait};
use crate::termination::facts::Answer;
use crate::termination::{Backoff, Limits, Outcome, Step, Verification};

use super::choices::{DropChoice, LookChoice, drop_choices, look_choices};
use super::model::{Given, Question, Run, State};

/// The length of the sequences that are counted.
const ANSWERS: usize = 8;

/// Short times, so that sequences end after few answers; their proportions are the usual ones.
fn limits(verification: Verification) -> Limits {
    Limits {
        verification,
        verify_timeout: Duration::from_secs(6),
        find_timeout: Duration::from_secs(20),
        settle: Duration::from_secs(2),
        call_timeout: Duration::from_secs(10),
        backoff: Backoff {
            first: Duration::from_secs(1),
            most: Duration::from_secs(2),
        },
        ..Limits::default()
    }
}

/// Where one answer leads.
struct Edge {
    /// How many answers of the model it stands for.
    answers: u128,
    took: Duration,
    /// Nothing when the termination is reported.
    to: Option<usize>,
}

#[derive(Default)]
struct Node {
    is_listing: bool,
    edges: Vec<Edge>,
}

#[derive(Default)]
struct Graph {
    known: HashMap<State, usize>,
    nodes: Vec<Node>,
    front: Vec<(usize, Run, Question)>,
    outcomes: BTreeSet<Outcome>,
}

impl Graph {
    fn explore(&mut self, run: Run) -> usize {
        let drops = classes(drop_choices(), |choice| match choice {
            DropChoice::Withheld => "withheld".to_owned(),
            DropChoice::Answered {
                answer,
                effect,
                delay,
            } => {
                let wait = answer.as_ref().err();
                let wait = wait.and_then(|failure| asked_to_wait(failure, &run.limits));
                format!("{:?} {effect:?} {delay:?} {wait:?}", Answer::of(answer))
            }
        });
        let looks = classes(look_choices(), |choice| match choice {
            LookChoice::Fails(failure) => {
                let unseen = Sighting::of_failed_get(failure, false);
                let seen = Sighting::of_failed_get(failure, true);
                let list = Sighting::of_failed_list(failure);
                let wait = asked_to_wait(failure, &run.limits);
                format!("{unseen:?} {seen:?} {list:?} {wait:?}")
            }
            choice => format!("{choice:?}"),
        });
        let start = self.visit(run).expect("it asks something").0;
        while let Some((index, run, question)) = self.front.pop() {
            run.clone().cancel(&question);
            let edges = match &question {
                Question::Drop(step) => drops
                    .iter()
                    .map(|(choice, answers)| {
                        let mut next = run.clone();
                        next.answer_drop(step, choice);
                        self.edge(next, *answers, run.now)
                    })
                    .collect(),
                Question::Look(step) => looks
                    .iter()
                    .map(|(choice, answers)| {
                        let mut next = run.clone();
                        next.answer_look(step, choice);
                        self.edge(next, *answers, run.now)
                    })
                    .collect(),
            };
            self.nodes[index].edges = edges;
        }
        start
    }

    fn edge(&mut self, next: Run, answers: u128, asked: Duration) -> Edge {
        match self.visit(next) {
            Ok((to, now)) => Edge {
                answers,
                took: now - asked,
                to: Some(to),
            },
            Err(now) => Edge {
                answers,
                took: now - asked,
                to: None,
            },
        }
    }

    /// The state in which it next asks, and when; only when if it is finished.
    fn visit(&mut self, mut run: Run) -> Result<(usize, Duration), Duration> {
        let Some(question) = run.question() else {
            self.outcomes
                .extend(run.report.map(|report| report.outcome));
            return Err(run.now);
        };
        let now = run.now;
        let next = self.nodes.len();
        let index = *self.known.entry(run.state()).or_insert(next);
        if index == next {
            let is_listing = matches!(question, Question::Look(Step::List { .. }));
            self.nodes.push(Node {
                is_listing,
                edges: Vec::new(),
            });
            run.forget();
            self.front.push((index, run, question));
        }
        Ok((index, now))
    }

    /// What can still come from each state on. A state that leads back to itself has no end.
    fn prospects(&self) -> Vec<Prospect> {
        let mut prospects: Vec<Option<Prospect>> = vec![None; self.nodes.len()];
        let mut path = vec![false; self.nodes.len()];
        let mut stack: Vec<(usize, bool)> =
            (0..self.nodes.len()).map(|node| (node, false)).collect();
        while let Some((index, done)) = stack.pop() {
            let to = || self.nodes[index].edges.iter().filter_map(|edge| edge.to);
            if done {
                path[index] = false;
                prospects[index] = Some(Prospect::of(&self.nodes[index], &prospects));
            } else if prospects[index].is_none() {
                path[index] = true;
                stack.push((index, true));
                for next in to() {
                    assert!(!path[next], "a termination that goes round in circles");
                    if prospects[next].is_none() {
                        stack.push((next, false));
                    }
                }
            }
        }
        prospects.into_iter().flatten().collect()
    }
}

/// What lies between a state and the end of the termination.
#[derive(Debug, Clone)]
struct Prospect {
    /// Sequences of at most so many answers, by their number.
    sequences: [u128; ANSWERS + 1],
    /// Sequences to the very end.
    complete: u128,
    most_answers: usize,
    most_listings: usize,
    longest: Duration,
}

impl Prospect {
    fn of(node: &Node, known: &[Option<Self>]) -> Self {
        let mut this = Self {
            sequences: [0; ANSWERS + 1],
            complete: 0,
            most_answers: 0,
            most_listings: 0,
            longest: Duration::ZERO,
        };
        this.sequences[0] = 1;
        for edge in &node.edges {
            let next = edge
                .to
                .map(|to| known[to].as_ref().expect("explored before"));
            for answers in 1..=ANSWERS {
                let rest = next.map_or(1, |next| next.sequences[answers - 1]);
                this.sequences[answers] += edge.answers * rest;
            }
            this.complete += edge.answers * next.map_or(1, |next| next.complete);
            let rest = next.map_or(Duration::ZERO, |next| next.longest);
            this.longest = this.longest.max(edge.took + rest);
            let rest = next.map_or(0, |next| next.most_answers);
            this.most_answers = this.most_answers.max(1 + rest);
            let rest = next.map_or(0, |next| next.most_listings);
            this.most_listings = this.most_listings.max(usize::from(node.is_listing) + rest);
        }
        this
    }
}

fn classes<T>(choices: Vec<T>, class: impl Fn(&T) -> String) -> Vec<(T, u128)> {
    let mut classes: Vec<(String, T, u128)> = Vec::new();
    for choice in choices {
        let name = class(&choice);
        match classes.iter_mut().find(|(known, _, _)| *known == name) {
            Some((_, _, count)) => *count += 1,
            None => classes.push((name, choice, 1)),
        }
    }
    classes
        .into_iter()
        .map(|(_, choice, count)| (choice, count))
        .collect()
}

/// The sequences of up to eight answers, as `docs/termination.md` states their number.
const SEQUENCES: u128 = 31_226_821_153;

#[test]
fn every_sequence_of_answers_ends_in_time_and_in_truth() {
    let (mut counted, mut complete) = (0, 0);
    for verification in [Verification::On, Verification::Off] {
        let limits = limits(verification);
        let mut graph = Graph::default();
        let starts = Given::ALL.map(|given| graph.explore(Run::new(given, limits.clone())));
        let prospects = graph.prospects();
        println!(
            "verification {verification:?}: {} states",
            graph.nodes.len()
        );
        for (given, start) in Given::ALL.into_iter().zip(starts) {
            let Prospect {
                sequences,
                complete: to_the_end,
                most_answers,
                most_listings,
                longest,
            } = &prospects[start];
            println!(
                "{given:?}: {} sequences of up to {ANSWERS} answers, {to_the_end} to the end; \
                 at most {most_answers} answers, {most_listings} listings, {longest:?}",
                sequences[ANSWERS],
            );
            assert!(*longest <= limits.longest());
            assert!(*most_listings <= 6);
            counted += sequences[ANSWERS];
            complete += to_the_end;
        }
        // Each end is reached by some sequence, but for what only a look can prove.
        let proven_by_looking = [Outcome::Terminated, Outcome::StillActive];
        let expected = Outcome::ALL.into_iter().filter(|outcome| {
            verification == Verification::On || !proven_by_looking.contains(outcome)
        });
        assert!(
            graph.outcomes.iter().copied().eq(expected),
            "{:?}",
            graph.outcomes
        );
    }
    println!("{counted} sequences of up to {ANSWERS} answers, {complete} to the end");
    assert_eq!(
        counted, SEQUENCES,
        "state the new number here and in docs/termination.md"
    );
}
