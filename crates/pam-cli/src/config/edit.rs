//! Changing the configuration file and keeping what its owner wrote there.

use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, Value};

use super::{Config, parse, target};
use crate::exit::Exit;
use crate::failure::Failure;

/// A change in the making: comments, order and blank lines stay.
pub(crate) struct Edit {
    path: PathBuf,
    document: DocumentMut,
}

impl Edit {
    /// Begins with what the file holds now.
    ///
    /// # Errors
    /// A failure when there is no place for a configuration, or it can't be read.
    pub(crate) fn begin(config: &Config) -> Result<Self, Failure> {
        let path = config.path.clone().ok_or_else(|| {
            Failure::usage("there is no home directory for the profiles; name a file with --config")
        })?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(unwritten(&path, &error)),
        };
        let document = text.parse().map_err(|error| {
            Failure::usage(format!("{}: can't be changed: {error}", path.display()))
        })?;
        Ok(Self { path, document })
    }

    /// Adds a profile at the end.
    pub(crate) fn add(&mut self, name: &str, settings: Vec<(&str, Value)>) {
        let mut table = Table::new();
        for (key, value) in settings {
            table.insert(key, Item::Value(value));
        }
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut profiles = Table::new();
            profiles.set_implicit(true);
            Item::Table(profiles)
        });
        if let Some(profiles) = profiles.as_table_like_mut() {
            profiles.insert(name, Item::Table(table));
        }
    }

    /// Takes a profile away.
    pub(crate) fn remove(&mut self, name: &str) {
        let profiles = self.document.get_mut("profiles");
        if let Some(profiles) = profiles.and_then(Item::as_table_like_mut) {
            profiles.remove(name);
        }
    }

    /// Says which profile is used when none is named; or that none is.
    pub(crate) fn set_default(&mut self, name: Option<&str>) {
        const KEY: &str = "default_profile";
        match (
            name,
            self.document.get_mut(KEY).and_then(Item::as_value_mut),
        ) {
            // With the comment that stands beside it.
            (Some(name), Some(value)) => {
                let decor = value.decor().clone();
                *value = Value::from(name);
                *value.decor_mut() = decor;
            }
            (Some(name), None) => {
                self.document.insert(KEY, Item::Value(name.into()));
            }
            (None, _) => {
                self.document.remove(KEY);
            }
        }
    }

    /// Checks the whole and puts it in the place of the old file.
    ///
    /// # Errors
    /// A failure when the result would not be understood, or can't be written; the old file then
    /// stays.
    pub(crate) fn finish(self) -> Result<PathBuf, Failure> {
        let text = self.document.to_string();
        parse(&text).map_err(|why| {
            // The place is one in a file that does not exist.
            let why = why.split_once(": ").map_or(why.as_str(), |(_, why)| why);
            Failure::usage(format!("{why}; nothing was changed"))
        })?;
        let path = target(&self.path);
        replace(&path, &text).map_err(|error| unwritten(&path, &error))?;
        Ok(self.path)
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = folder.unwrap_or(Path::new("."));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    // Made with mode 0600.
    let mut file = tempfile::Builder::new()
        .prefix(".pamctl-")
        .tempfile_in(folder)?;
    if let Ok(before) = fs::metadata(path) {
        let mode = before.permissions().mode() & 0o755;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(mode))?;
    }
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::new(
        Exit::Failed,
        format!(
            "can't change {}: {error}; nothing was changed",
            path.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "# ours\ndefault_profile = \"a\" # the usual one\n\n# the lab\n\
                          [profiles.a]\nurl = \"https://a.example.com\" # east\n";

    #[test]
    fn comments_and_order_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, BEFORE).unwrap();
        let config = Config {
            path: Some(path.clone()),
            ..Config::default()
        };
        let mut edit = Edit::begin(&config).unwrap();
        edit.add("b", vec![("url", "https://b.example.com".into())]);
        edit.set_default(Some("b"));
        edit.finish().unwrap();
        let after = fs::read_to_string(&path).unwrap();
        let expected = BEFORE.replace("\"a\" #", "\"b\" #")
            + "\n[profiles.b]\nurl = \"https://b.example.com\"\n";
        assert_eq!(after, expected);
        let mut edit = Edit::begin(&config).unwrap();
        edit.remove("b");
        edit.set_default(Some("a"));
        edit.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), BEFORE);
    }

    #[test]
    fn what_would_not_be_understood_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/config.toml");
        let config = Config {
            path: Some(path.clone()),
            ..Config::default()
        };
        let mut edit = Edit::begin(&config).unwrap();
        edit.add("p", vec![("timeout", "soon".into())]);
        let line = edit.finish().unwrap_err();
        assert!(line.line().unwrap().contains("nothing was changed"));
        assert!(!path.exists());
    }
}
