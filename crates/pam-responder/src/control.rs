//! How a running responder is told what to do: lines of JSON on a Unix socket that only its owner
//! may open.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pam_respond_core::{Event, PendingCase, Status};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::engine::Engine;

/// The longest line.
const LINE: u64 = 64 * 1024;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a responder can be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Command {
    /// How it stands.
    Status,
    /// Which cases wait for a person.
    Pending,
    /// End nothing any more.
    Halt {
        /// Who says so.
        by: String,
        /// Why.
        why: String,
    },
    /// End sessions again.
    Resume {
        /// Who says so.
        by: String,
    },
    /// Yes.
    Approve {
        /// The case.
        case: u64,
        /// Who says so.
        by: String,
        /// The row numbers of the sessions meant; empty for those proposed.
        sessions: Vec<String>,
    },
    /// No.
    Deny {
        /// The case.
        case: u64,
        /// Who says so.
        by: String,
    },
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// To [`Command::Status`].
    Status(Box<Status>),
    /// To [`Command::Pending`].
    Pending(Vec<PendingCase>),
    /// It is done, and written down.
    Done,
    /// It is not done, and why.
    Refused(String),
}

/// Tells a running responder something.
///
/// # Errors
/// Why there is no answer, in one line.
pub async fn tell(socket: &Path, command: &Command) -> Result<Answer, String> {
    let shown = socket.display();
    let stream = UnixStream::connect(socket).await.map_err(|error| {
        format!("no responder answers at {shown} ({error}); is `pamctl respond run` running?")
    })?;
    let asked = async {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        let (read, mut write) = stream.into_split();
        write.write_all(&line).await?;
        let mut answer = String::new();
        BufReader::new(read.take(16 << 20))
            .read_line(&mut answer)
            .await?;
        Ok::<Answer, io::Error>(serde_json::from_str(&answer)?)
    };
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(format!("the responder at {shown} gave no answer: {error}")),
        Err(_) => Err(format!("the responder at {shown} did not answer in time")),
    }
}

/// The socket; its file goes away with it.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens. A socket that a dead process left behind is replaced.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        if let Ok(metadata) = std::fs::symlink_metadata(path)
            && metadata.file_type().is_socket()
            && std::os::unix::net::UnixStream::connect(path).is_err()
        {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    pub(crate) async fn serve(self, engine: Engine, mut stop: watch::Receiver<bool>) {
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = stop.wait_for(|stop| *stop) => return,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            let engine = engine.clone();
            tokio::spawn(async move {
                let _ = tokio::time::timeout(PATIENCE, answer(stream, &engine)).await;
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Nobody listens there any more; a file that stays is replaced at the next start.
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, engine: &Engine) -> io::Result<()> {
    let uid = stream.peer_cred().map(|peer| peer.uid()).ok();
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(LINE)).read_line(&mut line).await?;
    let answer = match serde_json::from_str(&line) {
        Ok(command) => obey(command, uid, engine).await,
        Err(error) => Answer::Refused(format!("not understood: {error}")),
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    write.write_all(&line).await
}

async fn obey(command: Command, uid: Option<u32>, engine: &Engine) -> Answer {
    // The name is the caller's own word; the number behind it is the kernel's.
    let who = |by: String| match uid {
        Some(uid) => format!("{by} (uid {uid})"),
        None => by,
    };
    let event = match command {
        Command::Status => {
            return match engine.status().await {
                Ok(status) => Answer::Status(Box::new(status)),
                Err(why) => Answer::Refused(why),
            };
        }
        Command::Pending => {
            return match engine.pending().await {
                Ok(pending) => Answer::Pending(pending),
                Err(why) => Answer::Refused(why),
            };
        }
        Command::Halt { by, why } => Event::Halt { by: who(by), why },
        Command::Resume { by } => Event::Resume { by: who(by) },
        Command::Approve { case, by, sessions } => Event::Approve {
            case,
            by: who(by),
            sessions,
        },
        Command::Deny { case, by } => Event::Deny { case, by: who(by) },
    };
    match engine.command(event).await {
        Ok(()) => Answer::Done,
        Err(why) => Answer::Refused(why),
    }
}
