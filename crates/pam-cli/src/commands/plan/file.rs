//! The plan's file: the sessions as seen, and a hash that an edit does not survive.

use std::io::Write;
use std::path::Path;

use jiff::Timestamp;
use pam_guard::audit::Hash;
use pam_proto::Session;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stdout::Stdout;
use crate::session_file;

/// The form of the file that is written and read.
const VERSION: u64 = 1;
/// More than any plan has.
const SIZE_LIMIT: u64 = 64 << 20;

/// What a plan says.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) appliance: String,
    pub(super) sessions: Vec<Session>,
}

#[derive(Serialize)]
struct Written<'a> {
    pamctl_plan: u64,
    created_at: String,
    appliance: &'a str,
    filter: &'a str,
    sessions: &'a [Session],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    pamctl_plan: u64,
    #[serde(rename = "created_at")]
    _created_at: Timed,
    appliance: String,
    #[serde(rename = "filter")]
    _filter: String,
    sessions: Vec<Value>,
}

/// A time that is only there for its readers.
#[derive(Deserialize)]
struct Timed(#[expect(dead_code, reason = "read by people alone")] String);

impl Plan {
    /// Writes the plan of these sessions to a file readable by its owner alone, whole or not at
    /// all; without a path to standard output.
    pub(super) fn write(
        path: Option<&Path>,
        appliance: &str,
        filter: &str,
        sessions: &[Session],
    ) -> Result<(), Failure> {
        let written = Written {
            pamctl_plan: VERSION,
            created_at: format!("{:.0}", Timestamp::now()),
            appliance,
            filter,
            sessions,
        };
        let value = serde_json::to_value(&written).map_err(std::io::Error::from)?;
        let Value::Object(mut map) = value else {
            return Err(Failure::new(
                Exit::Failed,
                "the plan can't be written as JSON",
            ));
        };
        map.insert("hash".to_owned(), hash(&map).to_string().into());
        let Some(path) = path else {
            return Ok(Stdout::json(&map)?);
        };
        let folder = path.parent().filter(|f| !f.as_os_str().is_empty());
        let text = serde_json::to_string_pretty(&map).map_err(std::io::Error::from)? + "\n";
        let put = || {
            let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(path).map_err(|error| error.error)
        };
        put().map(drop).map_err(|error| {
            let line = format!(
                "can't write the plan to {}: {error}; check the path and its permissions",
                path.display()
            );
            Failure::new(Exit::Failed, line)
        })
    }

    /// Reads a plan; one that was changed since it was written is refused.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let unusable = |what: &str| Failure::usage(format!("the plan {name}: {what}"));
        let text =
            crate::text_file::read_or_stdin(path, SIZE_LIMIT).map_err(|what| unusable(&what))?;
        let no_plan = "it is no plan of this program; write one with `pamctl plan`";
        let mut map: Map<String, Value> =
            serde_json::from_str(&text).map_err(|_| unusable(no_plan))?;
        let kept = map.remove("hash");
        let kept = kept
            .as_ref()
            .and_then(Value::as_str)
            .and_then(Hash::from_hex);
        let kept = kept.ok_or_else(|| unusable(no_plan))?;
        if hash(&map) != kept {
            let line = format!(
                "the plan {name} was changed after it was written (its hash does not match); \
                 nothing was terminated; write a new one with `pamctl plan`"
            );
            return Err(Failure::new(Exit::Policy, line));
        }
        let read: Read =
            serde_json::from_value(Value::Object(map)).map_err(|_| unusable(no_plan))?;
        if read.pamctl_plan != VERSION {
            return Err(unusable(
                "another version of pamctl wrote it; write a new one",
            ));
        }
        let sessions = read.sessions.into_iter().map(session_file::session);
        Ok(Self {
            appliance: read.appliance,
            sessions: sessions
                .collect::<Result<_, _>>()
                .map_err(|what| unusable(&what))?,
        })
    }
}

/// The hash of everything but the hash, whatever the spacing.
fn hash(map: &Map<String, Value>) -> Hash {
    // `Value` writes its keys in one order.
    Hash::of(Value::Object(map.clone()).to_string().as_bytes())
}
