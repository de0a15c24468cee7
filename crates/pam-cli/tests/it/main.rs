//! The real `pamctl` binary against a mock appliance over loopback, and against servers that
//! misbehave.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, in its helpers as well"
)]

mod alert;
mod api;
mod audit;
mod auth;
mod bad_answers;
mod completion;
mod demo_and_mock;
mod doctor;
mod explain;
mod fixture;
mod golden_help;
mod guard;
mod hook;
mod keep_out;
mod languages;
mod listing;
mod login;
mod person;
mod plan;
mod policy;
mod profiles;
mod respond;
mod respond_service;
mod schemas;
mod secrets;
mod settings;
mod snapshots;
mod streams;
mod terminal;
mod terminate;
mod top;
mod watch;
