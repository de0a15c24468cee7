//! One call on its way to its path.

use std::collections::VecDeque;

use http::{Method, Uri};

use super::{Door, Evidence, Learned, RouteAnswer, RouteVerdict, SearchStep, hinted};
use crate::base_url::BaseUrl;
use crate::error::BuildError;
use crate::operation::{Effect, Operation};
use crate::routes::Routes;

/// A path, and the families that have it.
pub(super) type Families = Vec<Routes>;

/// Leads one call to its path; see [`RouteDiscovery::search`](super::RouteDiscovery::search).
#[derive(Debug, Clone)]
pub struct RouteSearch {
    pub(super) effect: Effect,
    pub(super) door: Option<Door>,
    pub(super) sends: VecDeque<Families>,
    pub(super) probes: VecDeque<Families>,
    pub(super) needs_probe: bool,
    /// Whether any path was answered by the appliance itself, if only to say that it has nothing
    /// there.
    pub(super) reached: bool,
    pub(super) known: Learned,
    pub(super) found: Learned,
    pub(super) asked: Option<Asked>,
    pub(super) verdict: Option<RouteVerdict>,
}

#[derive(Debug, Clone)]
pub(super) enum Asked {
    Send(Families),
    Probe(Families),
}

/// The paths of an operation under these families, each once.
pub(super) fn paths<O: Operation>(
    operation: &O,
    base: &BaseUrl,
    families: &[Routes],
) -> Result<Vec<Families>, BuildError> {
    let mut paths: Vec<((Method, Uri), Families)> = Vec::new();
    for routes in families {
        let request = operation.request(base, *routes)?;
        let target = (request.method().clone(), request.uri().clone());
        match paths.iter_mut().find(|(known, _)| *known == target) {
            Some((_, families)) if families.contains(routes) => {}
            Some((_, families)) => families.push(*routes),
            None => paths.push((target, vec![*routes])),
        }
    }
    Ok(paths.into_iter().map(|(_, families)| families).collect())
}

impl RouteSearch {
    /// What to do now. Asking again before [`answered`](Self::answered) gives the same step.
    pub fn step(&mut self) -> SearchStep {
        if let Some(verdict) = self.verdict {
            return SearchStep::Done(verdict);
        }
        if self.asked.is_none() {
            self.asked = if self.needs_probe {
                self.probes.pop_front().map(Asked::Probe)
            } else {
                self.sends.pop_front().map(Asked::Send)
            };
        }
        let step = match &self.asked {
            Some(Asked::Send(families)) => families.first().map(|first| SearchStep::Send(*first)),
            Some(Asked::Probe(families)) => families.first().map(|first| SearchStep::Probe(*first)),
            None => None,
        };
        step.unwrap_or_else(|| {
            let verdict = if self.believed() || self.reached {
                RouteVerdict::NoSuchPath
            } else {
                RouteVerdict::NoRoute
            };
            self.verdict = Some(verdict);
            SearchStep::Done(verdict)
        })
    }

    /// What the last step brought.
    pub fn answered(&mut self, answer: RouteAnswer<'_>) {
        let evidence = Evidence::of(answer);
        self.reached |= matches!(evidence, Evidence::Served | Evidence::NoResource);
        let notes = match answer {
            RouteAnswer::Success(notes) => Some(notes),
            _ => None,
        };
        match self.asked.take() {
            Some(Asked::Probe(families)) => {
                self.probed(&families, evidence, hinted(&families, notes))
            }
            Some(Asked::Send(families)) => self.sent(&families, evidence, hinted(&families, notes)),
            None => {}
        }
    }

    fn probed(&mut self, families: &[Routes], evidence: Evidence, hint: Option<Routes>) {
        match evidence {
            Evidence::Served => {
                self.found.believed = true;
                self.needs_probe = false;
                let routes = self.settle(families, hint, Some(Door::Read));
                // The path of the family that answered comes first, unless it was tried already.
                let at = self.sends.iter().position(|path| path.contains(&routes));
                if let Some(mut path) = at.and_then(|at| self.sends.remove(at)) {
                    path.retain(|family| *family != routes);
                    path.insert(0, routes);
                    self.sends.push_front(path);
                }
            }
            Evidence::NoResource | Evidence::NoRoute | Evidence::NotThere => {}
            Evidence::Silent => self.verdict = Some(RouteVerdict::Unclear),
        }
    }

    fn sent(&mut self, families: &[Routes], evidence: Evidence, hint: Option<Routes>) {
        let reads = self.effect == Effect::Reads;
        match evidence {
            Evidence::Served => {
                self.found.believed = true;
                let routes = self.settle(families, hint, self.door);
                self.verdict = Some(RouteVerdict::Served(routes));
            }
            Evidence::NoResource => {}
            Evidence::NoRoute if reads || self.believed() => {}
            // Are the credentials believed elsewhere? Then this was about the path.
            Evidence::NoRoute => self.needs_probe = !self.probes.is_empty(),
            Evidence::NotThere if reads => {}
            Evidence::NotThere | Evidence::Silent => self.verdict = Some(RouteVerdict::Unclear),
        }
    }

    fn believed(&self) -> bool {
        self.found.believed || self.known.believed
    }

    /// Which of the families that have a path it is, and remembers it: the one that the answer
    /// hints at, that is known, or that lists its sessions where sessions were listed.
    fn settle(&mut self, families: &[Routes], hint: Option<Routes>, door: Option<Door>) -> Routes {
        let known = self.found.family().or(self.known.family());
        let read = self.found.read.or(self.known.read);
        let lists_alike =
            |routes: &&Routes| read.is_some_and(|read| read.sessions() == routes.sessions());
        let routes = hint
            .or(known.filter(|known| families.contains(known)))
            .or(families.iter().find(lists_alike).copied())
            .or(families.first().copied())
            .unwrap_or(Routes::ApiPam);
        if let Some(door) = door {
            *self.found.at(door) = Some(routes);
        }
        routes
    }
}
