//! OAuth 2.0 client credentials (RFC 6749 section 4.4; A2A API specification, "OAuth 2.0 client
//! credentials").
//!
//! [`ClientCredentials::token_request`] asks for a token, [`AccessToken::read`] takes it from the
//! answer, and [`TokenState`] says for each call whether to use the token, to fetch one or to wait
//! for the one that is being fetched. Nothing here reads a clock: times are given, in seconds
//! since 1970.
//!
//! ```
//! use pam_proto::oauth2::{AccessToken, ClientCredentials, TokenPath};
//! use pam_proto::{BaseUrl, Notes, Secret};
//!
//! let base = BaseUrl::new("https://vault.example.com")?;
//! let client = ClientCredentials::new("my-client", Secret::new("my-secret"));
//! let request = client.token_request(&base, TokenPath::Api)?;
//! assert_eq!(request.uri(), "https://vault.example.com/api/oauth2/token");
//!
//! let answer = br#"{"token_type":"Bearer","expires_in":3600,"access_token":"opaque"}"#;
//! let answer = http::Response::new(answer.to_vec());
//! let token = AccessToken::read(&answer, 1_700_000_000, &mut Notes::default())?;
//! assert!(token.is_fresh(1_700_000_000 + 3_000));
//! assert!(!token.is_fresh(1_700_000_000 + 3_600));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cache;
mod credentials;
mod state;
mod token;

pub use cache::TokenOwner;
pub use credentials::{ClientAuthentication, ClientCredentials, TokenPath};
pub use state::{Flight, TokenState, TokenStep, Turn};
pub use token::{AccessToken, InvalidToken};
