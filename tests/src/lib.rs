//! What the tests that cross crates share: the `pamctl` binary, and secrets that must not be seen.

use std::fmt::Write as _;
use std::path::PathBuf;

/// The `pamctl` that the same build made: it lies beside the folder of the running test.
///
/// # Errors
/// What to build first, when it is not there.
pub fn pamctl() -> Result<PathBuf, String> {
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let folder = test
        .ancestors()
        .nth(2)
        .ok_or("the test binary lies in no target folder")?;
    let pamctl = folder.join(format!("pamctl{}", std::env::consts::EXE_SUFFIX));
    if pamctl.is_file() {
        Ok(pamctl)
    } else {
        Err(format!(
            "{} is not there; run `cargo build -p pam-cli` first",
            pamctl.display()
        ))
    }
}

/// The spellings in which a secret could stand in an output.
#[must_use]
pub fn spellings(secret: &str, base64: &str, percent_encoded: &str) -> Vec<String> {
    let hex = secret.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a String can't fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    vec![
        secret.to_owned(),
        base64.trim_end_matches('=').to_owned(),
        percent_encoded.to_owned(),
        hex.to_uppercase(),
        hex,
    ]
}
