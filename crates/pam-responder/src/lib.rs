//! The responder: alerts in, sessions down.
//!
//! [`pam_respond_core`] decides; this crate is everything around it. A [`Service`] opens the
//! listeners of a [`Config`], accepts an alert when it is durable in the [`SqliteJournal`], ends
//! sessions through [`pam_client`], keeps the audit, and reports.
//!
//! | part | does |
//! |---|---|
//! | `http_intake`, `syslog_intake` | take alerts in, under `auth`; acknowledge what is durable |
//! | `writer`, `sqlite` | write the journal, many records a commit |
//! | `engine` | turns events into decisions, and has them written before they are carried out |
//! | `hands` | reads listings, ends sessions, keeps the audit |
//! | `report`, `approval` | tell a SIEM or a chat what came of an alert, and ask a person |
//! | `traces` | exports what was done as OpenTelemetry spans |
//! | `control` | takes commands over a Unix socket |
//! | `admin` | serves health and metrics |

mod admin;
mod approval;
mod auth;
mod clock;
mod config;
pub mod control;
mod engine;
mod hands;
mod http_intake;
mod intake;
mod listener_tls;
mod metrics;
mod places;
mod report;
mod secret_file;
mod service;
mod socket_drops;
mod sqlite;
mod syslog_intake;
mod traces;
mod writer;

pub use config::Config;
pub use pam_respond_core as core;
pub use places::Places;
pub use service::{Service, StartError};
pub use sqlite::{JournalError, SqliteJournal};
