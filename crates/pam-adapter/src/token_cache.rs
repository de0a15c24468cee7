//! The file that keeps the access token between runs.

use std::path::{Path, PathBuf};

use pam_proto::BaseUrl;
use pam_proto::oauth2::{AccessToken, ClientCredentials, TokenOwner};

use crate::clock::Clock;
use crate::error::SetupError;
use crate::private_file;

pub(crate) struct TokenCache {
    path: PathBuf,
    owner: TokenOwner,
}

impl TokenCache {
    pub(crate) fn new(path: &Path, base: &BaseUrl, client: &ClientCredentials) -> Self {
        Self {
            path: path.to_owned(),
            owner: TokenOwner::new(base, client),
        }
    }

    /// The token in the file. A file with anything else in it is overwritten later.
    pub(crate) fn read(&self) -> Result<Option<AccessToken>, SetupError> {
        let content = private_file::read(&self.path).map_err(|unfit| SetupError::TokenCache {
            path: self.path.clone(),
            reason: unfit.to_string(),
        })?;
        let entry = content
            .as_ref()
            .and_then(|entry| std::str::from_utf8(entry).ok());
        Ok(entry.and_then(|entry| self.owner.token(entry)))
    }

    pub(crate) fn write(&self, token: &AccessToken, clock: &Clock) -> Result<(), String> {
        let shown = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let unique = clock.nonce().map_err(|error| shown(&error))?;
        let entry = self.owner.entry(token);
        private_file::replace(&self.path, &unique, entry.expose().as_bytes())
            .map_err(|error| shown(&error))
    }
}
