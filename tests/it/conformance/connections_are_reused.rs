use super::Adapter;
use super::appliance::{Appliance, Step, a_drop, answer, ok};

pub(super) fn one_after_the_other_on_one_connection<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let client = appliance.client::<A>();
    for _ in 0..5 {
        client.call(&a_drop()).unwrap();
    }
    assert_eq!(appliance.connections(), 1);
    assert_eq!(appliance.seen().len(), 5);
}

pub(super) fn as_many_connections_as_calls_at_once<A: Adapter>() {
    let appliance = Appliance::agreeable();
    let client = appliance.client::<A>();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| {
                for _ in 0..20 {
                    client.call(&a_drop()).unwrap();
                }
            });
        }
    });
    assert_eq!(appliance.seen().len(), 160);
    assert!(appliance.connections() <= 8, "{}", appliance.connections());
}

pub(super) fn not_when_the_server_says_close<A: Adapter>() {
    let closing = answer("500 Error", "connection: close\r\n", "{}");
    let appliance = Appliance::start(move |seen| match seen.number {
        0 => vec![Step::Send(closing.clone()), Step::Close],
        _ => vec![Step::Send(ok())],
    });
    let client = appliance.client::<A>();
    client.call(&a_drop()).unwrap_err();
    client.call(&a_drop()).unwrap();
    assert_eq!(appliance.connections(), 2);
}

pub(super) fn not_with_an_answer_on_it_that_nobody_asked_for<A: Adapter>() {
    let refusal = answer("500 Error", "", "{}");
    let appliance = Appliance::start(move |seen| match seen.number {
        0 => vec![Step::Send([ok(), refusal.clone()].concat())],
        _ => vec![Step::Send(ok())],
    });
    let client = appliance.client::<A>();
    client.call(&a_drop()).unwrap();
    client.call(&a_drop()).unwrap();
    assert_eq!(appliance.connections(), 2);
}
