//! Against the stand-in appliance: list, terminate, list again.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use pam_adapter::{Authentication, Notice, Observer, Settings, Trust};
use pam_mock::{FaultKind, MockAppliance, Profile, Served, Switches};
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Outcome};
use pam_proto::{SessionId, SessionRef};

use super::certificates::file;
use super::{Adapter, never, nobody, start};

#[derive(Default)]
struct Notices(Mutex<Vec<String>>);

impl Observer for Notices {
    fn notice(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.to_string());
    }
}

fn active<A: Adapter>(client: &A) -> Vec<SessionId> {
    let mut ids = Vec::new();
    let running = Filter::new().active();
    let end = client.list(&running, |session| {
        ids.extend(session.to_session().session_id);
        ControlFlow::Continue(())
    });
    end.unwrap();
    ids
}

fn terminates_one<A: Adapter>(mock: &MockAppliance, authentication: Authentication) -> Vec<String> {
    let ca = file(mock.ca_pem().unwrap());
    let notices = Arc::new(Notices::default());
    let mut settings = Settings::new(mock.base_url().clone(), authentication);
    settings.trust = Trust::OnlyThese(ca.path().to_owned());
    settings.observer = Some(Arc::clone(&notices) as Arc<dyn Observer>);
    let client = A::new(settings).unwrap();

    let before = active::<A>(&client);
    let victim = before[0].clone();
    let reports = client.terminate(
        vec![SessionRef::Id(victim.clone())],
        Limits::default(),
        nobody(),
        never(),
    );
    assert_eq!(reports[0].outcome, Outcome::Terminated, "{reports:?}");
    let truth = mock.session(victim.as_str()).unwrap();
    assert!(!truth.active);
    let after = active::<A>(&client);
    assert_eq!(after.len(), before.len() - 1);
    assert!(!after.contains(&victim));
    notices.0.lock().unwrap().clone()
}

pub(super) fn every_generation_is_served_without_being_told_which<A: Adapter>() {
    for profile in Profile::ALL {
        for served in [Served::Compatible, Served::Documented] {
            let mut switches = Switches::default();
            switches.routes = served;
            let mock = start(
                MockAppliance::builder()
                    .profile(profile)
                    .switches(switches)
                    .sessions(20, 4),
            );
            for authentication in [
                Authentication::OAuth1(mock.oauth1().clone()),
                Authentication::OAuth2(mock.oauth2().clone()),
            ] {
                terminates_one::<A>(&mock, authentication);
            }
        }
    }
}

pub(super) fn a_clock_that_differs_is_followed_and_told<A: Adapter>() {
    let mock = start(
        MockAppliance::builder()
            .sessions(5, 2)
            .fault(FaultKind::ClockSkew(-4_000)),
    );
    let notices = terminates_one::<A>(&mock, Authentication::OAuth1(mock.oauth1().clone()));
    let told = notices.iter().filter(|notice| notice.contains("s behind"));
    assert_eq!(told.count(), 1, "{notices:?}");
}

pub(super) fn an_expired_token_is_replaced<A: Adapter>() {
    let mock = start(MockAppliance::builder().sessions(5, 2));
    mock.set_fault("token-expired:1".parse::<pam_mock::Fault>().unwrap());
    terminates_one::<A>(&mock, Authentication::OAuth2(mock.oauth2().clone()));
}

pub(super) fn a_lost_reply_is_looked_after<A: Adapter>() {
    let mock = start(MockAppliance::builder().sessions(5, 2));
    mock.set_fault(FaultKind::LostReply);
    terminates_one::<A>(&mock, Authentication::OAuth1(mock.oauth1().clone()));
    let drops = mock
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE");
    assert_eq!(drops.count(), 1);
}
