//! `listing-tool TOOL < LISTING`: one way to find a user's active sessions in a listing, or to
//! decode all sessions of it, as a process of its own whose time and memory can be taken.
//!
//! Prints the `session_id`s that were found, one a line; or how many sessions were decoded and how
//! many bytes their texts have.

mod answer;
mod ours;
mod serde_peers;

use std::error::Error;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Whose sessions are wanted.
const USER: &str = "José Müller";

const CHUNK: usize = 64 * 1024;

type Outcome = Result<Vec<String>, Box<dyn Error>>;

fn main() -> ExitCode {
    let tool = std::env::args().nth(1).unwrap_or_default();
    let outcome = match tool.as_str() {
        "read" => read(),
        "ours" => ours::find(CHUNK),
        "ours-4k" => ours::find(4 * 1024),
        "ours-owned" => ours::own(),
        "serde-reader" => serde_peers::find_in_reader(),
        "serde-reader-owned" => serde_peers::own_from_reader(),
        "serde-typed" => serde_peers::find_in_document(),
        "sonic" => serde_peers::find_with_sonic(),
        _ => Err("no such tool".into()),
    };
    match outcome {
        Ok(lines) => {
            let text = lines.join("\n");
            match writeln!(io::stdout(), "{text}") {
                Ok(()) => ExitCode::SUCCESS,
                Err(_) => ExitCode::FAILURE,
            }
        }
        Err(error) => {
            eprintln!("{tool}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads, and looks at nothing: the limit.
fn read() -> Outcome {
    let mut buffer = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        match io::stdin().lock().read(&mut buffer)? {
            0 => return Ok(vec![bytes.to_string()]),
            read => bytes += read,
        }
    }
}
