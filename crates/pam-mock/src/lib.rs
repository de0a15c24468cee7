//! A stateful stand-in for the senhasegura / Segura PAM Core appliance.
//!
//! Nobody outside an enterprise has the appliance. This one starts inside a test on a free port,
//! verifies signatures, holds sessions that start, run and end, answers as the specification says,
//! with its quirks and, when told to, its faults; and tells the truth about its sessions, so that
//! a test can hold an outcome against it.
//!
//! ```
//! use pam_mock::{MockAppliance, NewSession};
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let mock = MockAppliance::builder().sessions(20, 3).seed(7).start().await?;
//! // What a client needs: mock.base_url(), mock.ca_pem(), mock.oauth1().
//! assert!(mock.base_url().is_https());
//! assert_eq!(mock.sessions().iter().filter(|session| session.active).count(), 3);
//! mock.shutdown().await;
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it can be told
//!
//! | what | how |
//! |---|---|
//! | which generation to be | [`Builder::profile`] |
//! | what the documents leave open | [`Builder::switches`], listed by [`Switches::catalogue`] |
//! | what goes wrong | [`Builder::fault`], [`MockAppliance::set_fault`], listed by [`Fault::catalogue`] |
//! | which sessions there are | [`Builder::sessions`], [`Builder::session`], [`Builder::state`], [`Builder::listing_size`] |
//! | what happens by itself | [`Builder::life`], and [`Clock`] for when |
//! | who may do what | [`Builder::restrict`], [`Builder::application`] |
//! | where alerts go | [`Builder::syslog`] |
//! | how it is reached | [`Builder::listen`], [`Builder::plain_http`], [`Builder::client_certificates`], [`Builder::public_url`] |
//!
//! # From another process
//!
//! [`MockAppliance::write_ready_file`] says where it is and with which keys. Below `/_mock/`, it
//! answers without authentication, to callers on the same machine only:
//!
//! | request | does |
//! |---|---|
//! | `GET /_mock/sessions` | the truth: `{"sessions":[{"id","session_id",…,"active","ended_by","drops"}]}` |
//! | `POST /_mock/sessions` | starts a session, from an object as in a state file |
//! | `POST /_mock/sessions/SESSION_ID/end` | ends one as its user would |
//! | `GET`, `DELETE /_mock/requests` | what was asked and answered, without secrets; forgets it |
//! | `GET`, `POST /_mock/faults` | the faults: `{"faults":["drop-500:1"]}` replaces them |
//! | `GET`, `POST /_mock/clock` | the time: `{"advance_seconds":60}` moves it forward |
//! | `POST /_mock/alerts` | raises an alert: `{"alert":"command-high","session_id":…,"command":…}` |
//!
//! # Faults and the token endpoint
//!
//! Faults spoil the calls of the API. The OAuth 2.0 token endpoint and `/_mock/` answer as ever, so
//! that a test with either kind of keys meets the same fault.

mod access;
mod alerts;
mod answers;
mod appliance;
mod body;
mod builder;
mod clock;
mod dialect;
mod explain;
mod failures;
mod faults;
mod fingerprint;
mod form;
mod inspect;
mod life;
mod lock;
mod mock_appliance;
mod operations;
mod population;
mod profile;
mod public;
mod random;
mod rate;
mod ready;
mod requests;
mod routes;
mod server;
mod start_error;
mod state;
mod state_file;
mod switches;
mod tls;
mod wire;

pub use access::{Application, Authorization, Keys, Permission, Resource, SameKeys};
pub use alerts::{
    AlertFormat, AlertKind, InvalidSyslogTarget, Syslog, SyslogTransport, UnknownAlert,
};
pub use builder::Builder;
pub use clock::Clock;
pub use faults::{Fault, FaultEntry, FaultError, FaultKind};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use life::Life;
pub use mock_appliance::MockAppliance;
pub use profile::{Profile, UnknownProfile};
pub use ready::TlsFiles;
pub use requests::RecordedRequest;
pub use start_error::StartError;
pub use state::{EndedBy, InvalidTime, NewSession, NewSessionError, SessionClash, SessionTruth};
pub use state_file::{State, StateError};
pub use switches::{
    CefPipes, EndedDrop, Excluded, Inactive, ListingForm, NoAddresses, ReadOnlyWrite, RunningEnd,
    RunningTime, Served, Stamps, SwitchEntry, SwitchError, Switches,
};
pub use tls::{ClientCertificates, ClientIdentity, ServerCertificate, TlsError};
