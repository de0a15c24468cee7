use pam_adapter::CallError;
use pam_proto::{Fault, Pace};

use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, answer};

pub(super) fn the_target_of_a_redirect_sees_nothing<A: Adapter>() {
    let elsewhere = Appliance::agreeable();
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
            let appliance = Appliance::start(move |_| vec![Step::Send(redirect.clone())]);
            let error = appliance.client::<A>().call(&a_drop()).unwrap_err();
            let CallError::Reply(reply) = &error else {
                panic!("{error}");
            };
            assert_eq!(reply.fault, Fault::Redirect, "{status} {target}");
            assert_eq!(appliance.seen().len(), 1, "{status} {target}");
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

pub(super) fn a_request_to_another_host_is_not_sent<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let elsewhere = Appliance::agreeable();
    let client = appliance.client::<A>();
    for url in [
        format!("http://{}/", elsewhere.address),
        format!("https://{}/", appliance.address),
        format!("http://user@{}/", appliance.address),
        "/only/a/path".to_owned(),
    ] {
        let request = http::Request::get(&url).body(Vec::new()).unwrap();
        let error = client.send(request, Pace::Ordinary).unwrap_err();
        assert!(!error.may_have_executed(), "{url}: {error}");
        assert!(!error.to_string().contains("user@"), "{error}");
    }
    assert_eq!(elsewhere.connections() + appliance.connections(), 0);
}
