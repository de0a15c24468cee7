//! Learning by which family of paths an appliance serves its API.
//!
//! The families are documented per version, and the pages contradict themselves (A2A API
//! specification, "Remote sessions: paths by version"). [`RouteDiscovery`] remembers what has been
//! learned; a [`RouteSearch`] leads one call to its path:
//!
//! - A call that only reads is its own probe: it is sent along one family after the other until
//!   one answers.
//! - A call that changes something is never sent along a second path unless the first answer
//!   proves that it was not carried out. While no family is known, [`PROBE`], which reads one
//!   session, goes ahead.
//! - "No route" is not taken for a wrong path as long as the credentials have not been believed
//!   anywhere: the gateway says it for a missing or rejected `Authorization`, too (A2A API
//!   specification, "Bodies that are not the envelope").
//!
//! ```
//! use pam_proto::discovery::{PROBE, RouteAnswer, RouteDiscovery, SearchStep};
//! use pam_proto::{BaseUrl, Notes, Operation, Routes, SessionId, TerminateSession};
//!
//! let base = BaseUrl::new("https://vault.example.com")?;
//! let operation = TerminateSession::new(SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?);
//!
//! let mut discovery = RouteDiscovery::auto();
//! let mut search = discovery.search(&operation, &base)?;
//! loop {
//!     match search.step() {
//!         SearchStep::Probe(routes) => {
//!             let request = PROBE.request(&base, routes)?;
//!             // … sign and send it, and say what came back:
//!             search.answered(RouteAnswer::Success(&Notes::default()));
//!         }
//!         SearchStep::Send(routes) => {
//!             let request = operation.request(&base, routes)?;
//!             search.answered(RouteAnswer::Success(&Notes::default()));
//!         }
//!         SearchStep::Done(_) => break,
//!     }
//! }
//! assert_eq!(discovery.learn(&search), Some(Routes::ApiPam));
//! # Ok::<(), pam_proto::BuildError>(())
//! ```

use std::fmt;

use crate::base_url::BaseUrl;
use crate::error::{BuildError, Fault, ReplyError};
use crate::identity::SessionNumber;
use crate::knowledge::Module;
use crate::operation::{Effect, GetSession, Operation};
use crate::routes::Routes;
use crate::tolerance::{Notes, Tolerance};

mod search;
#[cfg(test)]
mod tests;

pub use search::RouteSearch;

/// The harmless call that finds out which family answers: it reads the session in the first row.
/// That there is none is as good an answer.
pub const PROBE: GetSession = GetSession::new(SessionNumber::FIRST);

/// Which family to use, and what has been learned about it.
#[derive(Debug, Clone, Default)]
pub struct RouteDiscovery {
    fixed: Option<Routes>,
    learned: Learned,
}

#[derive(Debug, Clone, Copy, Default)]
struct Learned {
    read: Option<Routes>,
    open: Option<Routes>,
    terminate: Option<Routes>,
    /// Whether the appliance has believed the credentials on any path.
    believed: bool,
}

/// For what a family was learned: one version documents calls of one family and serves another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Read,
    Open,
    Terminate,
}

/// What a call does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchStep {
    /// Sends itself along this family.
    Send(Routes),
    /// Sends [`PROBE`] along this family. Whatever happens to a probe, the call itself has not been
    /// sent.
    Probe(Routes),
    /// Is done: the answer that came last stands.
    Done(RouteVerdict),
}

/// What came back.
#[derive(Debug, Clone, Copy)]
pub enum RouteAnswer<'a> {
    /// A success, with what was noticed in it.
    Success(&'a Notes),
    /// A refusal.
    Refused(&'a ReplyError),
    /// Nothing that could be read as an answer.
    Lost,
}

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RouteVerdict {
    /// This family answered.
    Served(Routes),
    /// The last answer says nothing about the path.
    Unclear,
    /// No family has a route, and the credentials have not been believed anywhere.
    NoRoute,
    /// The appliance believes the credentials and has this call on none of its paths.
    NoSuchPath,
}

impl fmt::Display for RouteVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Served(routes) => write!(f, "the appliance serves the {routes} paths"),
            Self::Unclear => f.write_str("the answer says nothing about the path"),
            Self::NoRoute => f.write_str(
                "no family of paths has a route: the Authorization header is missing or was \
                 rejected, or the URL is not that of the appliance's API",
            ),
            Self::NoSuchPath => f.write_str(
                "the appliance knows the credentials and has this call on no known path; check \
                 the path in its URL and its version",
            ),
        }
    }
}

impl RouteDiscovery {
    /// Finds out by itself.
    #[must_use]
    pub fn auto() -> Self {
        Self::default()
    }

    /// Finds out by itself, beginning with what an earlier run learned.
    #[must_use]
    pub fn remembered(routes: Routes) -> Self {
        let routes = Some(routes);
        Self {
            fixed: None,
            learned: Learned {
                read: routes,
                open: routes,
                terminate: routes,
                believed: false,
            },
        }
    }

    /// Uses this family whatever comes back.
    #[must_use]
    pub fn fixed(routes: Routes) -> Self {
        Self {
            fixed: Some(routes),
            learned: Learned::default(),
        }
    }

    /// The family to remember for the next run.
    #[must_use]
    pub fn learned(&self) -> Option<Routes> {
        self.fixed.or(self.learned.family())
    }

    /// The family along which a call of this operation is sent first, when one is known.
    #[must_use]
    pub fn known<O: Operation>(&self, operation: &O) -> Option<Routes> {
        let mut learned = self.learned;
        let own = Door::of(operation).and_then(|door| *learned.at(door));
        self.fixed.or(own).or(learned.family())
    }

    /// Leads this operation to its path. Paths that are the same in two families are tried once.
    ///
    /// # Errors
    /// [`BuildError`] when the operation can't build its request.
    pub fn search<O: Operation>(
        &self,
        operation: &O,
        base: &BaseUrl,
    ) -> Result<RouteSearch, BuildError> {
        let door = Door::of(operation);
        let known = self.known(operation);
        let families: Vec<Routes> = match self.fixed {
            Some(routes) => vec![routes],
            None => known.into_iter().chain(Routes::ALL).collect(),
        };
        let probes = match self.fixed {
            Some(_) => Vec::new(),
            None => search::paths(&PROBE, base, &families)?,
        };
        Ok(RouteSearch {
            effect: operation.effect(),
            door,
            sends: search::paths(operation, base, &families)?.into(),
            probes: probes.into(),
            needs_probe: operation.effect() == Effect::Changes && known.is_none(),
            reached: false,
            known: self.learned,
            found: Learned::default(),
            asked: None,
            verdict: None,
        })
    }

    /// Takes over what a search found out; the family when it is news.
    pub fn learn(&mut self, search: &RouteSearch) -> Option<Routes> {
        let before = self.learned();
        let found = search.found;
        self.learned = Learned {
            read: found.read.or(self.learned.read),
            open: found.open.or(self.learned.open),
            terminate: found.terminate.or(self.learned.terminate),
            believed: found.believed || self.learned.believed,
        };
        // Two families share the drop's path; which of them it is shows in the listing's.
        let (read, terminate) = (self.learned.read, self.learned.terminate);
        if read.map(Routes::terminate) == terminate.map(Routes::terminate) {
            self.learned.terminate = read;
        }
        self.learned().filter(|routes| Some(*routes) != before)
    }
}

impl Learned {
    fn family(&self) -> Option<Routes> {
        self.terminate.or(self.read).or(self.open)
    }

    fn at(&mut self, door: Door) -> &mut Option<Routes> {
        match door {
            Door::Read => &mut self.read,
            Door::Open => &mut self.open,
            Door::Terminate => &mut self.terminate,
        }
    }
}

impl Door {
    /// Calls of other parts of the API have paths of their own, which teach nothing about these.
    fn of<O: Operation>(operation: &O) -> Option<Self> {
        match (operation.module(), operation.effect()) {
            (Module::Sessions, Effect::Reads) => Some(Self::Read),
            (Module::Sessions, Effect::Changes) => Some(Self::Terminate),
            (Module::WebProxySession, _) => Some(Self::Open),
            _ => None,
        }
    }
}

/// What an answer says about the path that it came by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Evidence {
    /// The appliance has the call there.
    Served,
    /// The appliance's router has nothing there: proof that nothing was carried out.
    NoResource,
    /// The gateway has no route there, or does not believe the credentials.
    NoRoute,
    /// Something else answered 404 or 405.
    NotThere,
    /// Nothing.
    Silent,
}

impl Evidence {
    fn of(answer: RouteAnswer<'_>) -> Self {
        let error = match answer {
            RouteAnswer::Success(_) => return Self::Served,
            RouteAnswer::Lost => return Self::Silent,
            RouteAnswer::Refused(error) => error,
        };
        match error.fault {
            Fault::NoRoute => Self::NoRoute,
            Fault::ResourceNotFound => Self::NoResource,
            Fault::SessionNotFound
            | Fault::IdentifierType
            | Fault::DropFailed
            | Fault::ReadOnly
            | Fault::NoAccess
            | Fault::NotFound
            | Fault::Inactive
            | Fault::AlreadyDone
            | Fault::WrongKind
            | Fault::NotInCustody
            | Fault::MissingParameter
            | Fault::InvalidParameter
            | Fault::Unexpected => Self::Served,
            Fault::Refused | Fault::Malformed | Fault::Gateway
                if matches!(error.status.as_u16(), 404 | 405) =>
            {
                Self::NotThere
            }
            Fault::Refused => Self::Served,
            _ => Self::Silent,
        }
    }
}

/// Of the families that share a path, the one that an answer hints at: version 3.32 names no tenant
/// and spells a session's keys in Portuguese (A2A API specification, "Variants that occur" and
/// "List all"). A hint is no proof, and none is needed: a wrong guess is corrected by the next
/// answer that proves that nothing was carried out.
fn hinted(families: &[Routes], notes: Option<&Notes>) -> Option<Routes> {
    let notes = notes.filter(|_| families.len() > 1 && families.contains(&Routes::Iso))?;
    let is_iso = notes.has(Tolerance::PortugueseRecord) || !notes.tenant;
    let fits = |routes: &&Routes| (**routes == Routes::Iso) == is_iso;
    families.iter().find(fits).copied()
}
