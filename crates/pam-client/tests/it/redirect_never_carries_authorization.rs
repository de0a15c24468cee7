use pam_client::CallError;
use pam_proto::{Fault, Pace};

use crate::appliance::{Appliance, Step, a_drop, answer};

#[tokio::test]
async fn the_target_of_a_redirect_sees_nothing() {
    let elsewhere = Appliance::agreeable().await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See",
        "307 Temporary",
        "308 Gone",
    ] {
        for target in [
            format!("http://{}/iso/session/drop/x", elsewhere.address),
            format!("//{}/", elsewhere.address),
            format!("http://user:pw@{}/", elsewhere.address),
            "/same/host".to_owned(),
        ] {
            let redirect = answer(status, &format!("location: {target}\r\n"), "");
            let appliance = Appliance::start(move |_| vec![Step::Send(redirect.clone())]).await;
            let error = appliance.client().call(&a_drop()).await.unwrap_err();
            let CallError::Reply(reply) = &error else {
                panic!("{error}");
            };
            assert_eq!(reply.fault, Fault::Redirect, "{status} {target}");
            assert_eq!(appliance.seen().len(), 1, "{status} {target}");
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_request_to_another_host_is_not_sent() {
    let appliance = Appliance::agreeable().await;
    let elsewhere = Appliance::agreeable().await;
    let client = appliance.client();
    for url in [
        format!("http://{}/", elsewhere.address),
        format!("https://{}/", appliance.address),
        format!("http://user@{}/", appliance.address),
        "/only/a/path".to_owned(),
    ] {
        let request = http::Request::get(&url).body(Vec::new()).unwrap();
        let error = client.send(request, Pace::Ordinary).await.unwrap_err();
        assert!(!error.may_have_executed(), "{url}: {error}");
        assert!(!error.to_string().contains("user@"), "{error}");
    }
    assert_eq!(elsewhere.connections() + appliance.connections(), 0);
}
