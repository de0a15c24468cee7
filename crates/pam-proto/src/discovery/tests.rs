use super::*;
use crate::envelope::Envelope;
use crate::identity::SessionId;
use crate::operation::{ListSessions, OpenSession, TerminateSession};

/// What a simulated appliance does with a path that it doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    NoRoute,
    NoResource,
    Html,
}

/// How it answers a drop on a path that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drop {
    Success,
    Failed,
    Lost,
    Gateway,
}

#[derive(Debug, Clone, Copy)]
struct Appliance {
    /// Families whose listing path it serves.
    lists: &'static [Routes],
    /// Families whose drop path it serves.
    drops: &'static [Routes],
    unknown: Unknown,
    /// Whether the gateway lets the credentials through.
    believed: bool,
    tenant: bool,
    drop: Drop,
}

fn refusal(status: u16, body: &str) -> ReplyError {
    let mut response = http::Response::new(body.as_bytes().to_vec());
    *response.status_mut() = status.try_into().unwrap();
    Envelope::success(&response).unwrap_err()
}

fn no_route() -> ReplyError {
    refusal(404, r#"{"message":"no Route matched with those values"}"#)
}

fn no_resource() -> ReplyError {
    refusal(
        404,
        r#"{"code":404,"response":{"status":404,"message":"Resource sub not found","error":true,"error_code":4}}"#,
    )
}

fn drop_failed() -> ReplyError {
    refusal(
        500,
        r#"{"response":{"status":500,"message":"An error occurred while droping session","error":true}}"#,
    )
}

enum Reply {
    Success(Notes),
    Refused(ReplyError),
    Lost,
}

impl Reply {
    fn answer(&self) -> RouteAnswer<'_> {
        match self {
            Self::Success(notes) => RouteAnswer::Success(notes),
            Self::Refused(error) => RouteAnswer::Refused(error),
            Self::Lost => RouteAnswer::Lost,
        }
    }
}

fn base() -> BaseUrl {
    BaseUrl::new("https://vault.example.com").unwrap()
}

fn terminate() -> TerminateSession {
    TerminateSession::new(SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2").unwrap())
}

impl Appliance {
    /// Answers a request for a path; true when it carried out a drop.
    fn receive<O: Operation>(&self, operation: &O, routes: Routes) -> (Reply, bool) {
        let target = |routes| {
            let request = operation.request(&base(), routes).unwrap();
            (request.method().clone(), request.uri().clone())
        };
        let is_drop = operation.effect() == Effect::Changes;
        let served = if is_drop { self.drops } else { self.lists };
        let has = served
            .iter()
            .any(|family| target(*family) == target(routes));
        let mut notes = Notes::default();
        notes.tenant = self.tenant;
        match (self.believed, has, self.unknown) {
            (false, _, _) | (_, false, Unknown::NoRoute) => (Reply::Refused(no_route()), false),
            (_, false, Unknown::NoResource) => (Reply::Refused(no_resource()), false),
            (_, false, Unknown::Html) => (Reply::Refused(refusal(404, "<html>")), false),
            (_, true, _) if !is_drop => (Reply::Success(notes), false),
            (_, true, _) => match self.drop {
                Drop::Success => (Reply::Success(notes), true),
                Drop::Failed => (Reply::Refused(drop_failed()), true),
                Drop::Lost => (Reply::Lost, true),
                Drop::Gateway => (Reply::Refused(refusal(504, "")), true),
            },
        }
    }

    /// One call to its end: the verdict, what was sent, what was probed, how often a drop was
    /// carried out.
    fn call<O: Operation>(&self, discovery: &mut RouteDiscovery, operation: &O) -> Call {
        let mut search = discovery.search(operation, &base()).unwrap();
        let (mut sent, mut probed, mut executed) = (Vec::new(), Vec::new(), 0);
        let verdict = loop {
            match search.step() {
                SearchStep::Send(routes) => {
                    sent.push(routes);
                    let (reply, carried_out) = self.receive(operation, routes);
                    executed += usize::from(carried_out);
                    search.answered(reply.answer());
                }
                SearchStep::Probe(routes) => {
                    probed.push(routes);
                    search.answered(self.receive(&PROBE, routes).0.answer());
                }
                SearchStep::Done(verdict) => break verdict,
            }
            assert!(
                sent.len() + probed.len() <= 6,
                "no end: {sent:?} {probed:?}"
            );
        };
        discovery.learn(&search);
        Call {
            verdict,
            sent,
            probed,
            executed,
        }
    }
}

#[derive(Debug)]
struct Call {
    verdict: RouteVerdict,
    sent: Vec<Routes>,
    probed: Vec<Routes>,
    executed: usize,
}

const V3_32: Appliance = Appliance {
    lists: &[Routes::Iso],
    drops: &[Routes::Iso],
    unknown: Unknown::NoResource,
    believed: true,
    tenant: false,
    drop: Drop::Success,
};

const V4_0: Appliance = Appliance {
    lists: &[Routes::ApiPam],
    drops: &[Routes::ApiPam],
    tenant: true,
    ..V3_32
};

const NEWER: Appliance = Appliance {
    lists: &[Routes::Api],
    ..V4_0
};

#[test]
fn every_generation_is_found_by_listing_and_by_dropping() {
    for (appliance, family) in [
        (V3_32, Routes::Iso),
        (V4_0, Routes::ApiPam),
        (NEWER, Routes::Api),
    ] {
        for unknown in [Unknown::NoRoute, Unknown::NoResource, Unknown::Html] {
            let appliance = Appliance {
                unknown,
                ..appliance
            };
            let mut by_listing = RouteDiscovery::auto();
            let call = appliance.call(&mut by_listing, &ListSessions);
            assert_eq!(call.verdict, RouteVerdict::Served(family), "{appliance:?}");
            assert_eq!(by_listing.learned(), Some(family));
            assert!(call.probed.is_empty(), "a listing is its own probe");

            let mut by_drop = RouteDiscovery::auto();
            let call = appliance.call(&mut by_drop, &terminate());
            assert_eq!(call.verdict, RouteVerdict::Served(family), "{appliance:?}");
            assert_eq!((call.executed, call.sent.len()), (1, 1), "{appliance:?}");
            assert_eq!(by_drop.learned(), Some(family));

            let again = appliance.call(&mut by_drop, &terminate());
            assert_eq!((again.sent, again.probed.len()), (vec![family], 0));
        }
    }
}

#[test]
fn rejected_credentials_are_no_wrong_path_and_nothing_is_dropped() {
    let appliance = Appliance {
        believed: false,
        ..V4_0
    };
    for discovery in [
        RouteDiscovery::auto(),
        RouteDiscovery::remembered(Routes::Iso),
    ] {
        for call in [
            appliance.call(&mut discovery.clone(), &terminate()),
            appliance.call(&mut discovery.clone(), &ListSessions),
        ] {
            assert_eq!(call.verdict, RouteVerdict::NoRoute);
            assert_eq!(call.executed, 0);
        }
        let mut learned = discovery.clone();
        appliance.call(&mut learned, &terminate());
        assert_eq!(
            learned.learned(),
            discovery.learned(),
            "nothing was learned"
        );
    }
    let words = RouteVerdict::NoRoute.to_string();
    assert!(
        words.contains("Authorization") && words.contains("URL"),
        "{words}"
    );
}

/// Every combination of what an appliance serves, how it refuses, how a drop goes and what was
/// remembered: a drop is carried out at most once, is carried out when the appliance has a path
/// for it and can be told from one with rejected credentials, and a second path is tried only
/// after an answer that proves that the first was not.
#[test]
fn a_drop_is_never_carried_out_twice() {
    let lists: [&[Routes]; 3] = [
        &[Routes::ApiPam],
        &[Routes::Api],
        &[Routes::ApiPam, Routes::Api],
    ];
    let drops: [&[Routes]; 3] = [
        &[Routes::ApiPam],
        &[Routes::Iso],
        &[Routes::ApiPam, Routes::Iso],
    ];
    let remembered = [
        None,
        Some(Routes::Iso),
        Some(Routes::ApiPam),
        Some(Routes::Api),
    ];
    let mut combinations = 0;
    for lists in lists {
        for drops in drops {
            for unknown in [Unknown::NoRoute, Unknown::NoResource, Unknown::Html] {
                for believed in [true, false] {
                    for tenant in [true, false] {
                        for drop in [Drop::Success, Drop::Failed, Drop::Lost, Drop::Gateway] {
                            for remembered in remembered {
                                let appliance = Appliance {
                                    lists,
                                    drops,
                                    unknown,
                                    believed,
                                    tenant,
                                    drop,
                                };
                                let mut discovery = remembered
                                    .map_or_else(RouteDiscovery::auto, RouteDiscovery::remembered);
                                let call = appliance.call(&mut discovery, &terminate());
                                let context = format!("{appliance:?} {remembered:?} {call:?}");
                                assert!(call.executed <= 1, "{context}");
                                assert!(call.sent.len() <= 2, "{context}");
                                if !believed {
                                    assert_eq!(call.executed, 0, "{context}");
                                    assert_eq!(call.verdict, RouteVerdict::NoRoute, "{context}");
                                } else if unknown != Unknown::Html {
                                    assert_eq!(call.executed, 1, "{context}");
                                }
                                combinations += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{combinations} combinations");
    assert_eq!(combinations, 3 * 3 * 3 * 2 * 2 * 4 * 4);
}

#[test]
fn an_unexplained_404_is_no_proof_that_a_drop_was_not_carried_out() {
    let appliance = Appliance {
        unknown: Unknown::Html,
        drops: &[Routes::Iso],
        ..V4_0
    };
    let call = appliance.call(&mut RouteDiscovery::auto(), &terminate());
    assert_eq!(call.sent, [Routes::ApiPam]);
    assert_eq!(call.verdict, RouteVerdict::Unclear);
}

#[test]
fn what_says_nothing_about_the_path_ends_the_search() {
    for (status, body) in [
        (401, r#"{"message":"Invalid signature"}"#),
        (401, r#"{"error":"invalid_token"}"#),
        (
            503,
            r#"{"response":{"status":503,"error":true,"error_code":100,"message":"x"}}"#,
        ),
        (
            500,
            r#"{"response":{"status":500,"error":true,"message":"You are not authorized to access this resource"}}"#,
        ),
        (429, ""),
        (502, "<html>"),
    ] {
        let error = refusal(status, body);
        let discovery = RouteDiscovery::auto();
        let mut search = discovery.search(&ListSessions, &base()).unwrap();
        assert_eq!(search.step(), SearchStep::Send(Routes::ApiPam));
        assert_eq!(
            search.step(),
            SearchStep::Send(Routes::ApiPam),
            "asked again"
        );
        search.answered(RouteAnswer::Refused(&error));
        assert_eq!(
            search.step(),
            SearchStep::Done(RouteVerdict::Unclear),
            "{body}"
        );

        let mut search = discovery.search(&terminate(), &base()).unwrap();
        assert_eq!(search.step(), SearchStep::Probe(Routes::ApiPam));
        search.answered(RouteAnswer::Refused(&error));
        assert_eq!(
            search.step(),
            SearchStep::Done(RouteVerdict::Unclear),
            "{body}"
        );
    }
}

#[test]
fn a_fixed_family_is_neither_probed_nor_left() {
    for appliance in [
        V3_32,
        Appliance {
            believed: false,
            ..V3_32
        },
    ] {
        let mut discovery = RouteDiscovery::fixed(Routes::ApiPam);
        let call = appliance.call(&mut discovery, &terminate());
        assert_eq!((call.sent, call.probed.len()), (vec![Routes::ApiPam], 0));
        assert_eq!(discovery.learned(), Some(Routes::ApiPam));
    }
}

#[test]
fn an_appliance_that_was_upgraded_is_found_again() {
    let mut discovery = RouteDiscovery::auto();
    V3_32.call(&mut discovery, &ListSessions);
    assert_eq!(discovery.learned(), Some(Routes::Iso));
    let call = V4_0.call(&mut discovery, &terminate());
    assert_eq!(
        (call.sent, call.executed),
        (vec![Routes::Iso, Routes::ApiPam], 1)
    );
    let call = V4_0.call(&mut discovery, &ListSessions);
    assert_eq!(call.verdict, RouteVerdict::Served(Routes::ApiPam));
    assert_eq!(discovery.learned(), Some(Routes::ApiPam));
}

#[test]
fn opening_has_a_path_of_its_own() {
    let open = OpenSession::new("u", "c", "192.0.2.20", "ssh");
    let mut discovery = RouteDiscovery::remembered(Routes::ApiPam);
    let mut search = discovery.search(&open, &base()).unwrap();
    assert_eq!(search.step(), SearchStep::Send(Routes::ApiPam));
    search.answered(RouteAnswer::Refused(&no_resource()));
    assert_eq!(search.step(), SearchStep::Send(Routes::Api));
    search.answered(RouteAnswer::Success(&Notes::default()));
    assert_eq!(
        search.step(),
        SearchStep::Done(RouteVerdict::Served(Routes::Api))
    );
    discovery.learn(&search);
    let mut search = discovery.search(&open, &base()).unwrap();
    assert_eq!(search.step(), SearchStep::Send(Routes::Api));
    let mut search = discovery.search(&terminate(), &base()).unwrap();
    assert_eq!(
        search.step(),
        SearchStep::Send(Routes::ApiPam),
        "terminating goes on as before"
    );
}

#[test]
fn an_operation_with_one_path_is_sent_once() {
    struct Risks;
    impl Operation for Risks {
        type Output = ();
        fn effect(&self) -> Effect {
            Effect::Reads
        }
        fn request(&self, base: &BaseUrl, _: Routes) -> Result<http::Request<Vec<u8>>, BuildError> {
            let mut request = http::Request::new(Vec::new());
            *request.uri_mut() = base.endpoint(["iso", "coge", "risco", "all"])?;
            Ok(request)
        }
        fn read(&self, _: &Envelope, _: &mut Notes) -> Result<(), ReplyError> {
            Ok(())
        }
    }
    let mut discovery = RouteDiscovery::auto();
    let mut search = discovery.search(&Risks, &base()).unwrap();
    assert!(matches!(search.step(), SearchStep::Send(_)));
    search.answered(RouteAnswer::Refused(&no_route()));
    assert_eq!(search.step(), SearchStep::Done(RouteVerdict::NoRoute));

    let mut search = discovery.search(&Risks, &base()).unwrap();
    search.step();
    search.answered(RouteAnswer::Success(&Notes::default()));
    assert!(matches!(
        search.step(),
        SearchStep::Done(RouteVerdict::Served(_))
    ));
    assert_eq!(
        discovery.learn(&search),
        None,
        "its path says nothing about those of sessions"
    );
}
