//! One file a command.

pub(crate) mod alert;
pub(crate) mod api;
pub(crate) mod audit;
pub(crate) mod auth;
pub(crate) mod demo;
pub(crate) mod demo_respond;
pub(crate) mod doctor;
pub(crate) mod explain;
pub(crate) mod hook;
pub(crate) mod login;
pub(crate) mod mock;
pub(crate) mod plan;
pub(crate) mod policy;
pub(crate) mod profile;
pub(crate) mod respond;
pub(crate) mod session;
pub(crate) mod top;
