//! OAuth 1.0 with HMAC-SHA1 (RFC 5849): signing a request and verifying a signed one.
//!
//! Each stage of the signature is a module named after its step: [`percent`] (section 3.6),
//! [`params`] (3.4.1.3), [`base_string`] (3.4.1), [`signature`] (3.4.2), [`header`] (3.5.1). A
//! [`Signer`] runs them all; the [`verify`] module is the server's side. Time and nonce come in
//! as a [`Stamp`].
//!
//! ```
//! use pam_proto::Secret;
//! use pam_proto::oauth1::{Credentials, Signer, Stamp};
//!
//! // The appliance's four values (A2A API specification, "OAuth 1.0").
//! let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
//!     .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
//! let signer = Signer::new(&credentials)?;
//!
//! let request = http::Request::delete(
//!     "https://vault.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2",
//! )
//! .body(Vec::new())?;
//! let signed = signer.sign(request, &Stamp::new(1_700_000_000, "n0nce123"))?;
//!
//! let header = signed.headers()[http::header::AUTHORIZATION].to_str()?;
//! assert!(header.contains(r#"oauth_signature="oX6nnEpc56Sr5tmImUe35iLQd6o%3D""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod base_string;
mod credentials;
pub mod header;
pub mod params;
pub mod percent;
mod protocol;
pub mod signature;
mod signer;
mod stamp;
mod target;
#[cfg(feature = "verify")]
pub mod verify;
mod writer;

pub use credentials::{Credentials, Token};
pub use signer::{Explanation, SignError, Signer};
pub use stamp::Stamp;
pub use target::Target;
