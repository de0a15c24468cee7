//! The ready file: everything that a program needs to call a mock in another process.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::mock_appliance::MockAppliance;

/// Where the CA and the client certificate of a mock were written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFiles {
    /// The CA to trust.
    pub ca: PathBuf,
    /// The client certificate.
    pub client_certificate: PathBuf,
    /// Its key.
    pub client_key: PathBuf,
}

impl MockAppliance {
    /// Writes the CA, the client certificate and its key beside `path`, under its name with
    /// `.ca.pem`, `.client.pem` and `.client-key.pem` appended. A mock that speaks plain http has
    /// none of them.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write_tls_files(&self, path: impl AsRef<Path>) -> io::Result<Option<TlsFiles>> {
        let (Some(ca), Some(client)) = (self.ca_pem(), self.client_identity()) else {
            return Ok(None);
        };
        let path = std::path::absolute(path)?;
        let files = TlsFiles {
            ca: beside(&path, ".ca.pem"),
            client_certificate: beside(&path, ".client.pem"),
            client_key: beside(&path, ".client-key.pem"),
        };
        write_private(&files.ca, ca.as_bytes())?;
        write_private(&files.client_certificate, client.certificate_pem.as_bytes())?;
        write_private(&files.client_key, client.key_pem.as_bytes())?;
        Ok(Some(files))
    }

    /// What the ready file says: the address, the CA file and the keys of the mock's own
    /// application, secrets included.
    #[must_use]
    pub fn ready(&self, files: Option<&TlsFiles>) -> Value {
        let mut ready = Map::new();
        ready.insert("base_url".to_owned(), json!(self.base_url().to_string()));
        ready.insert("ca_file".to_owned(), json!(files.map(|files| &files.ca)));
        let keys = self.oauth1();
        let mut oauth1 = json!({
            "consumer_key": keys.consumer_key,
            "consumer_secret": keys.consumer_secret.expose(),
        });
        if let Some(token) = &keys.token {
            oauth1["token"] = json!(token.key);
            oauth1["token_secret"] = json!(token.secret.expose());
        }
        ready.insert("oauth1".to_owned(), oauth1);
        let client = self.oauth2();
        let mut oauth2 = json!({
            "client_id": client.client_id,
            "client_secret": client.client_secret.expose(),
        });
        if let Some(tenant) = &client.tenant {
            oauth2["tenant"] = json!(tenant);
        }
        ready.insert("oauth2".to_owned(), oauth2);
        if let Some(files) = files {
            let client = json!({
                "certificate_file": files.client_certificate,
                "key_file": files.client_key,
            });
            ready.insert("client_certificate".to_owned(), client);
        }
        Value::Object(ready)
    }

    /// Writes the files of [`MockAppliance::write_tls_files`] and then, whole or not at all, the
    /// ready file; only its owner can read it. Whoever sees it finds the mock listening.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn write_ready_file(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let files = self.write_tls_files(path)?;
        let mut text = self.ready(files.as_ref()).to_string();
        text.push('\n');
        write_private(path, text.as_bytes())
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Writes a file that only its owner can read, under another name first.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let draft = beside(path, &format!(".{}.draft", std::process::id()));
    // A draft of an earlier process with our number is worth nothing.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let written = create_private(&draft).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let moved = written.and_then(|()| fs::rename(&draft, path));
    if moved.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&draft);
    }
    moved
}

fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
