//! Against the stand-in appliance: list, terminate, list again.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex};

use pam_client::{Authentication, Client, Notice, Observer, Settings, Trust};
use pam_mock::{FaultKind, MockAppliance, Profile, Served, Switches};
use pam_proto::listing::Filter;
use pam_proto::termination::{Limits, Outcome};
use pam_proto::{SessionId, SessionRef};

use crate::certificates::file;

#[derive(Default)]
struct Notices(Mutex<Vec<String>>);

impl Observer for Notices {
    fn notice(&self, notice: &Notice) {
        self.0.lock().unwrap().push(notice.to_string());
    }
}

async fn active(client: &Client) -> Vec<SessionId> {
    let mut ids = Vec::new();
    let running = Filter::new().active();
    let end = client.list(&running, |session| {
        ids.extend(session.to_session().session_id);
        ControlFlow::Continue(())
    });
    end.await.unwrap();
    ids
}

async fn terminates_one(mock: &MockAppliance, authentication: Authentication) -> Vec<String> {
    let ca = file(mock.ca_pem().unwrap());
    let notices = Arc::new(Notices::default());
    let mut settings = Settings::new(mock.base_url().clone(), authentication);
    settings.trust = Trust::OnlyThese(ca.path().to_owned());
    settings.observer = Some(Arc::clone(&notices) as Arc<dyn Observer>);
    let client = Client::new(settings).unwrap();

    let before = active(&client).await;
    let victim = before[0].clone();
    let reports = client
        .terminate(
            [SessionRef::Id(victim.clone())],
            Limits::default(),
            &(),
            std::future::pending(),
        )
        .await;
    assert_eq!(reports[0].outcome, Outcome::Terminated, "{reports:?}");
    let truth = mock.session(victim.as_str()).unwrap();
    assert!(!truth.active);
    let after = active(&client).await;
    assert_eq!(after.len(), before.len() - 1);
    assert!(!after.contains(&victim));
    notices.0.lock().unwrap().clone()
}

#[tokio::test]
async fn every_generation_is_served_without_being_told_which() {
    for profile in Profile::ALL {
        for served in [Served::Compatible, Served::Documented] {
            let mut switches = Switches::default();
            switches.routes = served;
            let mock = MockAppliance::builder()
                .profile(profile)
                .switches(switches)
                .sessions(20, 4)
                .start()
                .await
                .unwrap();
            for authentication in [
                Authentication::OAuth1(mock.oauth1().clone()),
                Authentication::OAuth2(mock.oauth2().clone()),
            ] {
                terminates_one(&mock, authentication).await;
            }
            mock.shutdown().await;
        }
    }
}

#[tokio::test]
async fn a_clock_that_differs_is_followed_and_told() {
    let mock = MockAppliance::builder()
        .sessions(5, 2)
        .fault(FaultKind::ClockSkew(-4_000))
        .start()
        .await
        .unwrap();
    let notices = terminates_one(&mock, Authentication::OAuth1(mock.oauth1().clone())).await;
    let told = notices.iter().filter(|notice| notice.contains("s behind"));
    assert_eq!(told.count(), 1, "{notices:?}");
}

#[tokio::test]
async fn an_expired_token_is_replaced() {
    let mock = MockAppliance::builder()
        .sessions(5, 2)
        .start()
        .await
        .unwrap();
    mock.set_fault("token-expired:1".parse::<pam_mock::Fault>().unwrap());
    terminates_one(&mock, Authentication::OAuth2(mock.oauth2().clone())).await;
}

#[tokio::test]
async fn a_lost_reply_is_looked_after() {
    let mock = MockAppliance::builder()
        .sessions(5, 2)
        .start()
        .await
        .unwrap();
    mock.set_fault(FaultKind::LostReply);
    terminates_one(&mock, Authentication::OAuth1(mock.oauth1().clone())).await;
    let drops = mock
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE");
    assert_eq!(drops.count(), 1);
}
