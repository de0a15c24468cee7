use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use pam_adapter::{CallError, Notice, Observer, Preparation, RouteChoice, Settings};
use pam_proto::listing::Filter;
use pam_proto::{BaseUrl, Fault, Routes};

use super::Adapter;
use super::appliance::{
    Appliance, Seen, Step, a_drop, a_read, answer, listing, ok, record, settings,
};

const NO_RESOURCE: &str = r#"{"code":404,"response":{"status":404,"message":"Resource sub not found","error":true,"error_code":4}}"#;
const NO_ROUTE: &str = r#"{"message":"no Route matched with those values"}"#;

/// An appliance that serves the paths of 3.32 and answers this for every other.
fn of_332(elsewhere: &'static str) -> Appliance {
    Appliance::start(move |seen| {
        let path = seen.line().split(' ').nth(1).unwrap();
        let body = match seen.line().split(' ').next().unwrap() {
            "DELETE" if path.starts_with("/iso/session/drop/") => return vec![Step::Send(ok())],
            "GET" if path == "/api/session/remotesessions" => listing([record(540, true)]),
            "GET" if path.starts_with("/api/session/remotesessions/") => listing([record(
                path.rsplit('/').next().unwrap().parse().unwrap(),
                true,
            )]),
            _ => return vec![Step::Send(answer("404 Not Found", "", elsewhere))],
        };
        vec![Step::Send(answer("200 OK", "", body))]
    })
}

#[derive(Default)]
struct Learned(Mutex<Vec<Routes>>);

impl Observer for Learned {
    fn notice(&self, notice: &Notice) {
        if let Notice::RoutesLearned(routes) = notice {
            self.0.lock().unwrap().push(*routes);
        }
    }
}

fn choosing(base: BaseUrl, routes: RouteChoice) -> (Settings, Arc<Learned>) {
    let learned = Arc::new(Learned::default());
    let mut settings = settings(base);
    settings.routes = routes;
    settings.observer = Some(Arc::clone(&learned) as Arc<dyn Observer>);
    (settings, learned)
}

fn drops(appliance: &Appliance) -> Vec<String> {
    let seen = appliance.seen().into_iter();
    let drops = seen.filter(|seen: &Seen| seen.line().starts_with("DELETE"));
    drops.map(|seen| seen.line().to_owned()).collect()
}

pub(super) fn a_drop_waits_for_a_harmless_read_to_find_the_path<A: Adapter>() {
    for elsewhere in [NO_RESOURCE, NO_ROUTE] {
        let appliance = of_332(elsewhere);
        let (settings, learned) = choosing(appliance.base(), RouteChoice::Auto);
        let client = A::new(settings).unwrap();
        assert_eq!(client.routes(), None);
        client.call(&a_drop()).unwrap();
        assert!(
            appliance.seen()[0].line().starts_with("GET"),
            "a read goes first"
        );
        let sent = drops(&appliance);
        assert!(
            sent.last().unwrap().contains(" /iso/session/drop/"),
            "{sent:?}"
        );
        assert_eq!(client.routes(), Some(Routes::Iso));
        assert_eq!(learned.0.lock().unwrap().last(), Some(&Routes::Iso));

        let before = appliance.seen().len();
        client.call(&a_drop()).unwrap();
        assert_eq!(appliance.seen().len(), before + 1);
    }
}

pub(super) fn many_drops_at_once_wait_for_one_read<A: Adapter>() {
    let appliance = of_332(NO_RESOURCE);
    let (settings, _) = choosing(appliance.base(), RouteChoice::Auto);
    let client = A::new(settings).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..16 {
            threads.spawn(|| client.call(&a_drop()).unwrap());
        }
    });
    let accepted = drops(&appliance)
        .iter()
        .filter(|line| line.contains(" /iso/"))
        .count();
    assert_eq!(accepted, 16);
    let reads = appliance.seen().len() - drops(&appliance).len();
    assert!(reads <= 3, "{reads}");
}

pub(super) fn rejected_credentials_are_not_taken_for_a_wrong_path<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Send(answer("404 Not Found", "", NO_ROUTE))]);
    let (settings, _) = choosing(appliance.base(), RouteChoice::Auto);
    let error = A::new(settings).unwrap().call(&a_drop()).unwrap_err();
    assert!(matches!(
        error,
        CallError::NotSent {
            preparation: Preparation::Routes,
            ..
        }
    ));
    assert!(error.is_auth() && !error.may_have_executed(), "{error}");
    assert_eq!(error.reply().unwrap().fault, Fault::NoRoute);
    assert_eq!(drops(&appliance).len(), 0);
}

pub(super) fn a_probe_that_gets_no_answer_leaves_the_drop_unsent<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Close]);
    let (settings, _) = choosing(appliance.base(), RouteChoice::Auto);
    let error = A::new(settings).unwrap().call(&a_drop()).unwrap_err();
    assert!(
        error.is_unreachable() && !error.may_have_executed(),
        "{error}"
    );
    assert_eq!(drops(&appliance).len(), 0);
}

pub(super) fn a_remembered_path_needs_no_read_and_a_wrong_one_is_corrected<A: Adapter>() {
    let appliance = of_332(NO_RESOURCE);
    let (settings, learned) = choosing(appliance.base(), RouteChoice::Remembered(Routes::Iso));
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    assert_eq!(appliance.seen().len(), 1);
    assert_eq!(learned.0.lock().unwrap().len(), 0);

    let appliance = of_332(NO_RESOURCE);
    let (settings, learned) = choosing(appliance.base(), RouteChoice::Remembered(Routes::ApiPam));
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    let sent = drops(&appliance);
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(sent[1].contains(" /iso/session/drop/"), "{sent:?}");
    assert_eq!(learned.0.lock().unwrap().as_slice(), [Routes::Iso]);
}

pub(super) fn a_path_that_is_said_is_taken_whatever_comes_back<A: Adapter>() {
    let appliance = of_332(NO_RESOURCE);
    let (settings, _) = choosing(appliance.base(), RouteChoice::Fixed(Routes::ApiPam));
    let error = A::new(settings).unwrap().call(&a_drop()).unwrap_err();
    assert_eq!(error.reply().unwrap().fault, Fault::ResourceNotFound);
    assert_eq!(appliance.seen().len(), 1);
}

pub(super) fn reads_find_their_path_by_themselves<A: Adapter>() {
    let appliance = of_332(NO_ROUTE);
    let (settings, _) = choosing(appliance.base(), RouteChoice::Auto);
    let client = A::new(settings).unwrap();
    let mut found = 0;
    let all = Filter::new();
    let end = client.list(&all, |_| {
        found += 1;
        ControlFlow::Continue(())
    });
    end.unwrap();
    assert_eq!(found, 1);
    // One refused path, then the listing itself: no probe that costs another listing.
    assert_eq!(appliance.seen().len(), 2);
    client.call(&a_read()).unwrap();
    assert_eq!(appliance.seen().len(), 3);
}
