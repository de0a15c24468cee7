use std::sync::{Arc, Mutex};

use pam_adapter::{Notice, Observer};
use pam_proto::Pace;

use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, answer, ok, settings};

#[derive(Default)]
struct Log {
    requests: Mutex<Vec<String>>,
    bytes: Mutex<u64>,
    notices: Mutex<Vec<String>>,
}

impl Observer for Log {
    fn request_sent(&self, request: &http::request::Parts) {
        let line = format!("{} {}", request.method, request.uri);
        self.requests.lock().unwrap().push(line);
    }

    fn bytes_received(&self, count: u64) {
        *self.bytes.lock().unwrap() += count;
    }

    fn notice(&self, notice: &Notice) {
        self.notices.lock().unwrap().push(notice.to_string());
    }
}

pub(super) fn a_request_is_signed_and_names_its_referer<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let mut settings = settings(appliance.base());
    settings.referer = Some("https://soc.example.com/".to_owned());
    settings.user_agent = "pamctl/9.9".to_owned();
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    let seen = &appliance.seen()[0];
    assert_eq!(
        seen.line(),
        "DELETE /iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2 HTTP/1.1"
    );
    let authorization = seen.header("authorization").unwrap();
    assert!(authorization.starts_with("OAuth "), "{authorization}");
    assert!(!authorization.contains("secret"), "{authorization}");
    assert_eq!(seen.header("referer"), Some("https://soc.example.com/"));
    assert_eq!(seen.header("user-agent"), Some("pamctl/9.9"));
    assert_eq!(
        seen.header("host"),
        Some(appliance.address.to_string().as_str())
    );
    assert_eq!(seen.header("accept-encoding"), None);
}

pub(super) fn a_header_value_that_can_not_be_sent_is_refused_at_once<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let mut settings = settings(appliance.base());
    settings.referer = Some("https://soc.example.com/\r\nx: y".to_owned());
    let error = A::new(settings).unwrap_err();
    assert!(error.to_string().contains("referer"), "{error}");
}

pub(super) fn no_two_requests_have_the_same_nonce<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let client = appliance.client::<A>();
    client.call(&a_drop()).unwrap();
    client.call(&a_drop()).unwrap();
    let seen = appliance.seen();
    let nonce = |index: usize| {
        let header = seen[index].header("authorization").unwrap();
        header.split("oauth_nonce=").nth(1).unwrap()[..34].to_owned()
    };
    assert_ne!(nonce(0), nonce(1));
}

pub(super) fn a_wrong_clock_is_corrected_by_the_appliance_once<A: Adapter>() {
    let refusal = answer(
        "401 Unauthorized",
        "date: Fri, 01 Jan 2100 00:00:00 GMT\r\n",
        r#"{"message":"Invalid signature"}"#,
    );
    let appliance = Appliance::start(move |seen| match seen.number {
        0 => vec![Step::Send(refusal.clone())],
        _ => vec![Step::Send(ok())],
    });
    let log = Arc::new(Log::default());
    let mut settings = settings(appliance.base());
    settings.observer = Some(Arc::clone(&log) as Arc<dyn Observer>);
    let client = A::new(settings).unwrap();
    client.call(&a_drop()).unwrap();
    client.call(&a_drop()).unwrap();
    let timestamps: Vec<u64> = appliance.seen().iter().map(timestamp).collect();
    // 2100-01-01 00:00:00 GMT
    assert!(timestamps[0] < 4_102_444_800, "{timestamps:?}");
    assert!(timestamps[1].abs_diff(4_102_444_800) < 60, "{timestamps:?}");
    assert!(timestamps[2].abs_diff(4_102_444_800) < 60, "{timestamps:?}");
    assert_eq!(timestamps.len(), 3);
    let notices = log.notices.lock().unwrap();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert!(notices[0].contains("ahead of"), "{notices:?}");
    assert_eq!(log.requests.lock().unwrap().len(), 3);
    assert!(*log.bytes.lock().unwrap() > 0);
}

pub(super) fn a_refusal_that_the_clock_does_not_explain_stands<A: Adapter>() {
    let refusal = r#"{"message":"Invalid signature"}"#;
    for date in ["", "date: not a date\r\n"] {
        let refusal = answer("401 Unauthorized", date, refusal);
        let appliance = Appliance::start(move |_| vec![Step::Send(refusal.clone())]);
        let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
        assert!(error.is_auth() && !error.may_have_executed(), "{error}");
        assert_eq!(appliance.seen().len(), 1);
    }
}

pub(super) fn a_clock_that_runs_wild_is_followed_once_a_call<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        let date = format!("date: Fri, 01 Jan {} 00:00:00 GMT\r\n", 2100 + seen.number);
        let body = r#"{"message":"Invalid signature"}"#;
        vec![Step::Send(answer("401 Unauthorized", &date, body))]
    });
    let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
    assert!(error.is_auth());
    assert_eq!(appliance.seen().len(), 2);
}

pub(super) fn a_raw_call_brings_back_errors_as_they_are<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Send(answer("418 Teapot", "", "not json"))]);
    let request = http::Request::post(appliance.base().raw("/iso/x?a=b").unwrap())
        .body(b"k=v".to_vec())
        .unwrap();
    let response = appliance
        .client::<A>()
        .send(request, Pace::Ordinary)
        .unwrap();
    assert_eq!(response.status(), 418);
    assert_eq!(response.body(), b"not json");
    let seen = &appliance.seen()[0];
    assert_eq!(seen.line(), "POST /iso/x?a=b HTTP/1.1");
    assert_eq!(seen.body, b"k=v");
}

fn timestamp(seen: &super::appliance::Seen) -> u64 {
    let header = seen.header("authorization").unwrap();
    let rest = header.split("oauth_timestamp=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().parse().unwrap()
}
