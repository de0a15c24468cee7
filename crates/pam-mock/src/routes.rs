//! Which path means what (A2A API specification, "Paths by version").

use http::Method;
use percent_encoding::percent_decode_str;

use crate::dialect::Spelling;
use crate::profile::Profile;
use crate::switches::Served;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    List(Spelling),
    Get(Spelling, String),
    Open,
    Drop(String),
}

impl Route {
    /// The operation's name, for the record of requests.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::List(_) => "list",
            Self::Get(..) => "get",
            Self::Open => "open",
            Self::Drop(_) => "terminate",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    List,
    Get,
    Open,
    Drop,
}

use Operation::{Drop, Get, List, Open};
use Profile::{Current, V3_32, V3_33, V4_0};

/// A path, what it means, and the profiles whose pages print it.
type Printed = (&'static str, Operation, &'static [Profile]);

/// An operation that takes an id has one more segment than is written here.
const PRINTED: &[Printed] = &[
    ("api/session/remotesessions", List, &[V3_32, Current]),
    ("api/session/remotesessions", Get, &Profile::ALL),
    ("api/pam/remotesessions", List, &[V3_32]),
    ("api/pam/remotesession", Get, &[V3_32]),
    ("api/pam/session/remotesessions", List, &[V3_33, V4_0]),
    ("api/pam/session/remotesessions", Get, &[V3_33, V4_0]),
    ("iso/remote/session", Open, &[V3_32]),
    ("api/pam/remote/session", Open, &[V3_33, V4_0, Current]),
    ("api/remote/session", Open, &[Current]),
    ("iso/session/drop", Drop, &[V3_32]),
    ("api/pam/session/drop", Drop, &[V3_33, V4_0, Current]),
];

/// The spellings of the token path; all of them exist beside each other.
const TOKEN: &[&str] = &["iso/oauth2/token", "api/oauth2/token", "iso/token/v2"];

/// Whether a path is that of the token endpoint.
pub(crate) fn is_token(path: &str) -> bool {
    TOKEN.contains(&path.trim_start_matches('/'))
}

/// What a method and a path mean to this profile.
pub(crate) fn route(
    method: &Method,
    path: &str,
    profile: Profile,
    served: Served,
) -> Option<Route> {
    let path = path.strip_prefix('/')?;
    PRINTED.iter().find_map(|(printed, operation, profiles)| {
        let expected = match operation {
            List | Get => Method::GET,
            Open => Method::POST,
            Drop => Method::DELETE,
        };
        if *method != expected || !serves(profile, served, profiles) {
            return None;
        }
        let rest = path.strip_prefix(printed)?;
        let id = rest
            .strip_prefix('/')
            .filter(|id| !id.is_empty() && !id.contains('/'));
        // 3.32 answers with Portuguese keys, but not on the paths of its rewritten pages.
        let spelling = match profile {
            V3_32 if !path.starts_with("api/pam/") => Spelling::Portuguese,
            _ => Spelling::English,
        };
        match operation {
            List if rest.is_empty() => Some(Route::List(spelling)),
            Open if rest.is_empty() => Some(Route::Open),
            Get => Some(Route::Get(spelling, decode(id?))),
            Drop => Some(Route::Drop(decode(id?))),
            List | Open => None,
        }
    })
}

fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// A profile that is compatible still serves what 3.32 and its own predecessor served: `/iso` and
/// `/api` are two prefixes of one router (A2A API specification, "Paths by version"). What the
/// online pages print is another branch, which has left the 3.33 paths.
fn serves(profile: Profile, served: Served, printed_by: &[Profile]) -> bool {
    let also: &[Profile] = match (served, profile) {
        (Served::All, _) => return true,
        (Served::Documented, _) => &[],
        (Served::Compatible, V3_32) => &[],
        (Served::Compatible, V3_33 | Current) => &[V3_32],
        (Served::Compatible, V4_0) => &[V3_32, V3_33],
    };
    printed_by
        .iter()
        .any(|by| *by == profile || also.contains(by))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(method: Method, path: &str, profile: Profile, served: Served) -> Option<Route> {
        route(&method, path, profile, served)
    }

    #[test]
    fn each_profile_serves_what_its_pages_print() {
        use Served::Documented;
        let drop = |path: &str, profile| found(Method::DELETE, path, profile, Documented);
        let id = || Some(Route::Drop("ab".into()));
        assert_eq!(drop("/iso/session/drop/ab", V3_32), id());
        assert_eq!(drop("/iso/session/drop/ab", V4_0), None);
        assert_eq!(drop("/api/pam/session/drop/ab", V3_32), None);
        for profile in [V3_33, V4_0, Current] {
            assert_eq!(drop("/api/pam/session/drop/ab", profile), id());
        }
        let list = |path: &str, profile| found(Method::GET, path, profile, Documented).is_some();
        assert!(list("/api/session/remotesessions", V3_32));
        assert!(list("/api/pam/remotesessions", V3_32));
        assert!(list("/api/pam/session/remotesessions", V4_0));
        assert!(!list("/api/session/remotesessions", V4_0));
        assert!(list("/api/session/remotesessions", Current));
    }

    #[test]
    fn later_profiles_still_serve_iso() {
        let drop = |profile, served| {
            let path = "/iso/session/drop/ab";
            found(Method::DELETE, path, profile, served).is_some()
        };
        for profile in Profile::ALL {
            assert!(drop(profile, Served::Compatible), "{profile}");
            assert!(drop(profile, Served::All), "{profile}");
        }
        let path = "/api/pam/session/remotesessions";
        assert!(found(Method::GET, path, V3_32, Served::Compatible).is_none());
        assert!(found(Method::GET, path, V3_32, Served::All).is_some());
    }

    #[test]
    fn a_segment_is_decoded_once_and_is_one() {
        let drop = |path: &str| found(Method::DELETE, path, V4_0, Served::All);
        assert_eq!(
            drop("/iso/session/drop/a%2Fb%25"),
            Some(Route::Drop("a/b%".into()))
        );
        for path in [
            "/iso/session/drop",
            "/iso/session/drop/",
            "/iso/session/drop/a/b",
            "/iso/session/dropx/ab",
            "iso/session/drop/ab",
        ] {
            assert_eq!(drop(path), None, "{path}");
        }
        assert_eq!(
            found(Method::POST, "/iso/session/drop/ab", V4_0, Served::All),
            None
        );
    }
}
