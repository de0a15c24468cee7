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
mod population;
mod profile;
mod public;
mod random;
mod ready;
mod requests;
mod routes;
mod server;
mod state;
mod state_file;
mod switches;
mod tls;

pub use access::{Application, Authorization, Keys, Permission, Resource, SameKeys};
pub use alerts::{
    AlertFormat, AlertKind, InvalidSyslogTarget, Syslog, SyslogTransport, UnknownAlert,
};
pub use builder::{Builder, StartError};
pub use clock::Clock;
pub use faults::{Fault, FaultEntry, FaultError, FaultKind};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use life::Life;
pub use profile::{Profile, UnknownProfile};
pub use ready::TlsFiles;
pub use requests::RecordedRequest;
pub use server::MockAppliance;
pub use state::{EndedBy, InvalidTime, NewSession, NewSessionError, SessionClash, SessionTruth};
pub use state_file::{State, StateError};
pub use switches::{
    CefPipes, EndedDrop, Excluded, Inactive, ListingForm, NoAddresses, ReadOnlyWrite, RunningEnd,
    RunningTime, Served, Stamps, SwitchEntry, SwitchError, Switches,
};
pub use tls::{ClientCertificates, ClientIdentity, ServerCertificate, TlsError};
