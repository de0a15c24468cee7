use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pam_adapter::{Authentication, CallError, Notice, Observer, Preparation, Settings, SetupError};
use pam_proto::oauth2::{ClientAuthentication, ClientCredentials};
use pam_proto::{BaseUrl, Fault, Secret};

use super::Adapter;
use super::appliance::{Appliance, Seen, Step, a_drop, answer, ok, settings};

const SECRET: &str = "client-s3cr3t";

fn with_token(base: BaseUrl) -> Settings {
    let client = ClientCredentials::new("my-client", Secret::new(SECRET));
    let mut settings = settings(base);
    settings.authentication = Authentication::OAuth2(client);
    settings
}

fn token(number: usize) -> Vec<u8> {
    let body =
        format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"t0ken-{number}"}}"#);
    answer("200 OK", "", body)
}

fn expired() -> Vec<u8> {
    answer("401 Unauthorized", "", r#"{"message":"Token expired"}"#)
}

fn asks_for_token(seen: &Seen) -> bool {
    seen.line().starts_with("POST /iso/oauth2/token ")
}

fn count(appliance: &Appliance) -> (usize, usize) {
    let seen = appliance.seen();
    let tokens = seen.iter().filter(|seen| asks_for_token(seen)).count();
    (tokens, seen.len() - tokens)
}

pub(super) fn any_number_of_calls_fetch_one_token<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        if asks_for_token(seen) {
            return vec![Step::Pause(Duration::from_millis(30)), Step::Send(token(1))];
        }
        assert_eq!(seen.header("authorization"), Some("Bearer t0ken-1"));
        vec![Step::Send(ok())]
    });
    let client = A::new(with_token(appliance.base())).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..20 {
            threads.spawn(|| client.call(&a_drop()).unwrap());
        }
    });
    assert_eq!(count(&appliance), (1, 20));
    let body = String::from_utf8(appliance.seen()[0].body.clone()).unwrap();
    assert!(body.contains("grant_type=client_credentials"), "{body}");
}

pub(super) fn a_refused_token_is_replaced_once_for_all<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        if asks_for_token(seen) {
            return vec![Step::Send(token(seen.number))];
        }
        // The first token was revoked.
        let answer = match seen.header("authorization") {
            Some("Bearer t0ken-0") => expired(),
            _ => ok(),
        };
        vec![Step::Send(answer)]
    });
    let client = A::new(with_token(appliance.base())).unwrap();
    std::thread::scope(|threads| {
        for _ in 0..10 {
            threads.spawn(|| client.call(&a_drop()).unwrap());
        }
    });
    assert_eq!(count(&appliance).0, 2);
}

pub(super) fn a_token_that_is_never_accepted_ends_the_call<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        let answer = if asks_for_token(seen) {
            token(1)
        } else {
            expired()
        };
        vec![Step::Send(answer)]
    });
    let client = A::new(with_token(appliance.base())).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(error.is_auth() && !error.may_have_executed(), "{error}");
    assert_eq!(count(&appliance), (2, 2));
}

pub(super) fn a_refused_client_sends_no_request<A: Adapter>() {
    let refusal = answer(
        "401 Unauthorized",
        "",
        r#"{"error":"invalid_client","message":"Client authentication failed"}"#,
    );
    let appliance = Appliance::start(move |_| vec![Step::Send(refusal.clone())]);
    let client = A::new(with_token(appliance.base())).unwrap();
    let error = client.call(&a_drop()).unwrap_err();
    assert!(matches!(
        error,
        CallError::NotSent {
            preparation: Preparation::AccessToken,
            ..
        }
    ));
    assert_eq!(error.reply().unwrap().fault, Fault::ClientAuthentication);
    assert!(error.is_auth() && !error.may_have_executed(), "{error}");
    assert_eq!(count(&appliance), (1, 0));
}

pub(super) fn a_token_server_that_hangs_is_no_drop_that_may_have_happened<A: Adapter>() {
    let appliance = Appliance::start(|_| vec![Step::Hang]);
    let mut settings = with_token(appliance.base());
    settings.deadlines.call = Duration::from_millis(50);
    let error = A::new(settings).unwrap().call(&a_drop()).unwrap_err();
    assert!(
        error.is_unreachable() && !error.may_have_executed(),
        "{error}"
    );
    assert!(error.to_string().contains("no access token"), "{error}");
}

pub(super) fn the_other_token_path_is_tried_when_the_first_is_none<A: Adapter>() {
    let nowhere = answer(
        "404 Not Found",
        "",
        r#"{"message":"no Route matched with those values"}"#,
    );
    let appliance = Appliance::start(move |seen| {
        let answer = match seen.line().split(' ').nth(1) {
            Some("/iso/oauth2/token") => nowhere.clone(),
            Some("/api/oauth2/token") => token(1),
            _ => ok(),
        };
        vec![Step::Send(answer)]
    });
    let client = A::new(with_token(appliance.base())).unwrap();
    client.call(&a_drop()).unwrap();
    assert_eq!(appliance.seen().len(), 3);
}

pub(super) fn the_cache_spares_the_next_run_a_fetch_and_is_the_owners_alone<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        let answer = if asks_for_token(seen) { token(1) } else { ok() };
        vec![Step::Send(answer)]
    });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache/token.json");
    let run = || {
        let mut settings = with_token(appliance.base());
        settings.token_cache = Some(path.clone());
        A::new(settings)
    };
    run().unwrap().call(&a_drop()).unwrap();
    assert_eq!(count(&appliance), (1, 1));
    run().unwrap().call(&a_drop()).unwrap();
    assert_eq!(count(&appliance), (1, 2));

    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let content = std::fs::read_to_string(&path).unwrap();
    assert!(!content.contains(SECRET));

    std::fs::write(&path, "{").unwrap();
    run().unwrap().call(&a_drop()).unwrap();
    assert_eq!(count(&appliance), (2, 3));

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let error = run().unwrap_err();
    assert!(matches!(error, SetupError::TokenCache { .. }));
    assert!(error.to_string().contains("chmod 600"), "{error}");
}

#[derive(Default)]
struct Log(Mutex<String>);

impl Observer for Log {
    fn request_sent(&self, request: &http::request::Parts) {
        let shown = format!("{} {:?}\n", request.uri, request.headers);
        self.0.lock().unwrap().push_str(&shown);
    }

    fn notice(&self, notice: &Notice) {
        self.0.lock().unwrap().push_str(&notice.to_string());
    }
}

pub(super) fn a_cache_that_can_not_be_written_is_told_and_no_failure<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        let answer = if asks_for_token(seen) { token(1) } else { ok() };
        vec![Step::Send(answer)]
    });
    let log = Arc::new(Log::default());
    let mut settings = with_token(appliance.base());
    settings.token_cache = Some("/proc/nowhere/token".into());
    settings.observer = Some(Arc::clone(&log) as Arc<dyn Observer>);
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    let log = log.0.lock().unwrap();
    assert!(log.contains("not kept"), "{log}");
}

pub(super) fn the_observer_sees_neither_secret_nor_token<A: Adapter>() {
    let appliance = Appliance::start(|seen| {
        let answer = if asks_for_token(seen) { token(1) } else { ok() };
        vec![Step::Send(answer)]
    });
    let log = Arc::new(Log::default());
    let client = ClientCredentials::new("my-client", Secret::new(SECRET));
    let mut settings = with_token(appliance.base());
    settings.authentication = Authentication::OAuth2(client.sent(ClientAuthentication::Basic));
    settings.observer = Some(Arc::clone(&log) as Arc<dyn Observer>);
    let shown = format!("{settings:?}");
    A::new(settings).unwrap().call(&a_drop()).unwrap();
    let basic = appliance.seen()[0]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert!(basic.starts_with("Basic "));
    let log = log.0.lock().unwrap();
    for secret in [SECRET, "t0ken-1", basic.trim_start_matches("Basic ")] {
        assert!(!log.contains(secret), "{log}");
        assert!(!shown.contains(secret), "{shown}");
    }
    assert_eq!(log.matches("[redacted]").count(), 2, "{log}");
}
