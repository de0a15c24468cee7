//! The client against servers that misbehave in one precise way each.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that can't go on fails, also in a function that tests share"
)]

mod appliance;
mod certificates;

mod access_token_is_shared;
mod answers_are_bounded;
mod connections_are_reused;
mod every_request_says_who_sends_it;
mod listing_is_a_stream;
mod lost_reply_is_not_retried;
mod no_deadline_is_missed;
mod redirect_never_carries_authorization;
mod routes_are_learned;
mod terminations_are_driven;
mod the_whole_job;
mod tls_is_always_verified;
mod unreachable_is_not_executed;
