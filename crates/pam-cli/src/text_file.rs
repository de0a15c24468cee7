//! Text files that a user names.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
/// What is wrong and what to do, to stand behind the file's name.
pub(crate) fn read(path: &Path, limit: u64) -> Result<String, String> {
    // Asked before it is opened, because opening a named pipe would wait for its other end.
    let metadata = std::fs::metadata(path).map_err(unread)?;
    if !metadata.is_file() {
        return Err("it is not a regular file; name another one".to_owned());
    }
    File::open(path)
        .map_err(unread)
        .and_then(|file| text_of(file, limit))
}

/// The same, where `-` is standard input.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_or_stdin(path: &Path, limit: u64) -> Result<String, String> {
    if path == Path::new("-") {
        text_of(io::stdin().lock(), limit)
    } else {
        read(path, limit)
    }
}

fn text_of(source: impl Read, limit: u64) -> Result<String, String> {
    let mut text = String::new();
    source
        .take(limit + 1)
        .read_to_string(&mut text)
        .map_err(unread)?;
    if text.len() as u64 > limit {
        return Err(format!(
            "it is larger than {} MiB; name another file",
            limit >> 20
        ));
    }
    Ok(text)
}

fn unread(error: io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "it is not UTF-8 text; name another file".to_owned(),
        _ => format!("it can't be read: {error}; check the path and its permissions"),
    }
}
