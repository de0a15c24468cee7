use tokio::task::JoinSet;

use crate::appliance::{Appliance, Step, a_drop, answer, ok};

#[tokio::test]
async fn one_after_the_other_on_one_connection() {
    let appliance = Appliance::agreeable().await;
    let client = appliance.client();
    for _ in 0..5 {
        client.call(&a_drop()).await.unwrap();
    }
    assert_eq!(appliance.connections(), 1);
    assert_eq!(appliance.seen().len(), 5);
}

#[tokio::test]
async fn as_many_connections_as_calls_at_once() {
    let appliance = Appliance::agreeable().await;
    let client = appliance.client();
    let mut calls = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        calls.spawn(async move {
            for _ in 0..20 {
                client.call(&a_drop()).await.unwrap();
            }
        });
    }
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
    assert_eq!(appliance.seen().len(), 160);
    assert!(appliance.connections() <= 8, "{}", appliance.connections());
}

#[tokio::test]
async fn not_when_the_server_says_close() {
    let closing = answer("500 Error", "connection: close\r\n", "{}");
    let appliance = Appliance::start(move |seen| match seen.number {
        0 => vec![Step::Send(closing.clone()), Step::Close],
        _ => vec![Step::Send(ok())],
    })
    .await;
    let client = appliance.client();
    client.call(&a_drop()).await.unwrap_err();
    client.call(&a_drop()).await.unwrap();
    assert_eq!(appliance.connections(), 2);
}

#[tokio::test]
async fn not_after_a_call_that_was_given_up() {
    let appliance = Appliance::start(|seen| match seen.number {
        0 => vec![Step::Hang],
        _ => vec![Step::Send(ok())],
    })
    .await;
    let client = appliance.client();
    let drop = a_drop();
    let call = client.call(&drop);
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(50), call).await;
    assert!(given_up.is_err());
    client.call(&drop).await.unwrap();
    let seen = appliance.seen();
    assert_eq!((seen[0].connection, seen[1].connection), (0, 1));
}

#[tokio::test]
async fn not_with_an_answer_on_it_that_nobody_asked_for() {
    let refusal = answer("500 Error", "", "{}");
    let appliance = Appliance::start(move |seen| match seen.number {
        0 => vec![Step::Send([ok(), refusal.clone()].concat())],
        _ => vec![Step::Send(ok())],
    })
    .await;
    let client = appliance.client();
    client.call(&a_drop()).await.unwrap();
    client.call(&a_drop()).await.unwrap();
    assert_eq!(appliance.connections(), 2);
}
