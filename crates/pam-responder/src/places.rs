//! Where a running responder is told what to do. It has to be found in an emergency, while
//! somebody edits the rest of the configuration or may not read its secrets.

use std::path::{Path, PathBuf};

/// The places of a configuration, whatever mistakes stand elsewhere in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The Unix socket by which the responder is told what to do.
    pub socket: PathBuf,
    /// Nothing is ended while this file exists.
    pub halt_file: Option<PathBuf>,
}

impl Places {
    /// Reads where these are, and nothing else.
    ///
    /// # Errors
    /// Why they can't be found, in one line.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        let base = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&text, base)
    }

    fn parse(text: &str, base: &Path) -> Result<Self, String> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let before = error.span().map_or("", |span| &text[..span.start]);
            let line = before.matches('\n').count() + 1;
            format!("line {line}: {}", error.message())
        })?;
        let place = |key| table.get(key)?.as_str().map(|name| base.join(name));
        let socket =
            place("socket").or_else(|| place("journal").map(|path| path.with_extension("sock")));
        Ok(Self {
            socket: socket.ok_or("it names neither `socket` nor `journal`")?,
            halt_file: place("halt_file"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_beside_any_other_mistake() {
        let base = Path::new("/etc/pamctl");
        let text = "journal = \"/var/lib/j.db\"\nhalt_file = \"halt\"\nrules = 1\n[http]\nx = 2\n";
        let places = Places::parse(text, base).unwrap();
        assert_eq!(places.socket, Path::new("/var/lib/j.sock"));
        assert_eq!(
            places.halt_file.as_deref(),
            Some(Path::new("/etc/pamctl/halt"))
        );
        let named = Places::parse("socket = \"/run/s\"", base).unwrap();
        assert_eq!(
            (named.socket.as_path(), named.halt_file),
            (Path::new("/run/s"), None)
        );
    }

    #[test]
    fn without_them_the_line_says_why() {
        let base = Path::new("");
        let error = Places::parse("poll = \"1s\"", base).unwrap_err();
        assert!(error.contains("`socket`"), "{error}");
        let error = Places::parse("poll = \"1s\"\nsocket = \n", base).unwrap_err();
        assert!(error.starts_with("line 2: "), "{error}");
    }
}
