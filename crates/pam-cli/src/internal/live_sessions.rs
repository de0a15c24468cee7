//! The sessions that run, for a shell that completes: quickly, quietly, from a cache.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base16ct::lower;
use clap::FromArgMatches;
use pam_client::{Authentication, Client, Deadlines, Settings};
use pam_proto::listing::Filter;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::position::{Position, position};
use crate::cli::{self, Telling};
use crate::config::Selection;
use crate::environment::Environment;
use crate::online::Online;
use crate::output::printable::printable;
use crate::output::stdout::Stdout;
use crate::settings::Connection;

/// How long what was read is good enough, and how long a failure is not repeated.
const FRESH: Duration = Duration::from_secs(15);
/// How long what was read is still better than nothing.
const STALE: Duration = Duration::from_secs(600);
/// How long a person waits for a completion.
const DEADLINE: Duration = Duration::from_millis(1_500);
/// How many sessions a shell is given.
const MOST: usize = 200;
/// The most that is read of a cache.
const CACHE_MAX: u64 = 1 << 20;

/// What one appliance showed to one authorization.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cache {
    /// Seconds since 1970: when it was asked, and when it last answered in full.
    asked: u64,
    read: u64,
    sessions: Vec<Live>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Live {
    id: String,
    session_id: String,
    about: String,
}

/// Prints what could stand at the last word: an id, a tab, whose session it is. Whatever goes
/// wrong, it says nothing: a shell would print it into the command line.
pub(super) fn complete(words: &[OsString]) {
    let Some(position) = position(&cli::command(), words) else {
        return;
    };
    let Some(settings) = settings(words) else {
        return;
    };
    let path = cache_file(&settings);
    let mut cache = path.as_deref().and_then(load).unwrap_or_default();
    let now = seconds();
    if now.saturating_sub(cache.asked) > FRESH.as_secs() {
        cache.asked = now;
        match read(settings) {
            Some((sessions, whole)) => {
                cache.sessions = sessions;
                cache.read = if whole { now } else { cache.read };
            }
            None if now.saturating_sub(cache.read) > STALE.as_secs() => cache.sessions.clear(),
            None => {}
        }
        if let Some(path) = &path {
            // A cache that can't be kept is read anew each time.
            let _ = keep(path, &cache);
        }
    }
    let _ = print(&cache.sessions, &position);
}

fn print(sessions: &[Live], position: &Position) -> io::Result<()> {
    let mut out = Stdout::open();
    for live in sessions {
        let names = [&live.session_id, &live.id];
        if names.iter().any(|name| position.named.contains(name)) {
            continue;
        }
        let number = !position.prefix.is_empty() && live.id.starts_with(&position.prefix);
        let name = if live.session_id.starts_with(&position.prefix) {
            &live.session_id
        } else if number {
            &live.id
        } else {
            continue;
        };
        writeln!(out, "{}\t{}", printable(name), printable(&live.about))?;
    }
    out.flush()
}

/// The settings that the unfinished command line, the environment and the profile give; none when
/// another program would have to be asked for a secret, which could ask a person in turn.
fn settings(words: &[OsString]) -> Option<Settings> {
    let command = cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(words).ok()?;
    let connection = Connection::from_arg_matches(&matches).ok()?;
    let selection = Selection::from_arg_matches(&matches).ok()?;
    let telling = Telling::from_arg_matches(&matches).ok()?;
    let online = Online::new(connection, &selection, telling).ok()?;
    if online.profile().runs_commands() {
        return None;
    }
    let mut settings = online.settings().ok()?.clone();
    settings.deadlines = Deadlines {
        connect: DEADLINE,
        call: DEADLINE,
        listing: DEADLINE,
    };
    Some(settings)
}

/// The sessions that run, and whether these are all; nothing when none could be read in time.
fn read(settings: Settings) -> Option<(Vec<Live>, bool)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .ok()?;
    let mut sessions = Vec::new();
    let whole = runtime.block_on(async {
        let client = Client::new(settings).ok()?;
        let active = Filter::new().active();
        let reading = client.list(&active, |record| {
            let session = record.to_session();
            if let Some(session_id) = session.session_id {
                sessions.push(Live {
                    id: session.id.to_string(),
                    session_id: session_id.to_string(),
                    about: format!(
                        "{} as {} on {}",
                        session.user, session.credential, session.device
                    ),
                });
            }
            if sessions.len() < MOST {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        tokio::time::timeout(DEADLINE, reading).await.ok()?.ok()
    });
    // A name that is still being looked up must not hold up the shell.
    runtime.shutdown_background();
    let whole = whole.is_some();
    (whole || !sessions.is_empty()).then_some((sessions, whole))
}

/// The cache of this appliance and this authorization, so that none is offered another's sessions.
fn cache_file(settings: &Settings) -> Option<PathBuf> {
    let folder = Environment::of_process().xdg("XDG_CACHE_HOME", ".cache")?;
    let name = format!("sessions-{}.json", fingerprint(settings)?);
    Some(folder.join("pamctl").join(name))
}

/// Which appliance and which authorization, without saying it.
fn fingerprint(settings: &Settings) -> Option<String> {
    let (kind, key, more) = match &settings.authentication {
        Authentication::OAuth1(credentials) => (
            "1.0",
            &credentials.consumer_key,
            credentials.token.as_ref().map(|token| &token.key),
        ),
        Authentication::OAuth2(client) => ("2.0", &client.client_id, client.tenant.as_ref()),
        _ => return None,
    };
    let who = (settings.base.to_string(), kind, key, more);
    let digest = Sha256::digest(format!("{who:?}"));
    digest
        .first_chunk::<8>()
        .map(|digits| lower::encode_string(digits))
}

fn seconds() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default().as_secs()
}

/// Reads the cache if it is a file of this user that nobody else can read or write.
fn load(path: &Path) -> Option<Cache> {
    // Without blocking, because opening a named pipe would wait for its other end.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .ok()?;
    let metadata = file.metadata().ok()?;
    let private = metadata.is_file()
        && metadata.mode() & 0o077 == 0
        && metadata.uid() == rustix::process::geteuid().as_raw();
    let mut text = String::new();
    file.take(CACHE_MAX).read_to_string(&mut text).ok()?;
    private.then(|| serde_json::from_str(&text).ok())?
}

/// Replaces the cache as a whole; the file is its owner's alone.
fn keep(path: &Path, cache: &Cache) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer(&mut file, cache)?;
    file.flush()?;
    file.persist(path)?;
    Ok(())
}
