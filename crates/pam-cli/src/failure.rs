//! Why a command did not do what it was asked: one line and an exit code.

use std::io;

use pam_client::{CallError, SetupError};
use pam_proto::{BuildError, Fault, ReplyError};

use crate::exit::Exit;
use crate::language::told;
use crate::output::printable::printable;

/// An unsuccessful end. Its line says what happened and what to do.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    line: Option<String>,
}

impl Failure {
    /// An end with this code; control characters in the line are shown, not sent.
    pub(crate) fn new(exit: Exit, line: impl AsRef<str>) -> Self {
        Self {
            exit,
            line: Some(printable(line.as_ref()).into_owned()),
        }
    }

    /// The command line or a setting is wrong.
    pub(crate) fn usage(line: impl AsRef<str>) -> Self {
        Self::new(Exit::Usage, line)
    }

    /// Standard output could not be written. A reader that has gone away has seen enough.
    pub(crate) fn output(error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self {
                exit: Exit::Done,
                line: None,
            };
        }
        let line =
            format!("can't write to standard output: {error}; what was written is incomplete");
        Self::new(Exit::Failed, line)
    }

    /// The same with something the user must know beside it.
    pub(crate) fn but(self, what: &str) -> Self {
        Self {
            line: self.line.map(|line| format!("{line} ({what})")),
            ..self
        }
    }

    /// A call did not succeed that may have changed something all the same.
    pub(crate) fn of_change(error: &CallError) -> Self {
        Self::of_call(error, str::to_owned)
    }

    fn of_call(error: &CallError, advice: fn(&str) -> String) -> Self {
        let line = match error.reply() {
            Some(reply) => {
                let spoken = format!("{}; {}", told(reply.cause()), told(&advice(reply.remedy())));
                let cause = match error {
                    CallError::Reply(reply) => answer(reply),
                    error => format!("the appliance answers: {error}"),
                };
                format!("{cause}: {spoken}")
            }
            None => error.to_string(),
        };
        Self::new(exit_of(error), line)
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The line, unless there is nothing to say.
    pub(crate) fn line(&self) -> Option<&str> {
        self.line.as_deref()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::output(&error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        Self::usage(error.to_string())
    }
}

/// A call that only reads did not succeed.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        Self::of_call(&error, to_a_reader)
    }
}

/// What was answered; it may be our own words about the answer.
pub(crate) fn answer(reply: &ReplyError) -> String {
    let ours = ["the appliance ", "the session list "];
    if ours.iter().any(|begin| reply.message.starts_with(begin)) {
        reply.to_string()
    } else {
        format!("the appliance answers: {reply}")
    }
}

/// What to do about an answer to a call that can't have changed anything.
pub(crate) fn to_a_reader(remedy: &str) -> String {
    const OF_CHANGES: &str = "look whether the request took effect before sending it again";
    let advice = remedy.split("; ").filter(|advice| *advice != OF_CHANGES);
    advice.collect::<Vec<_>>().join("; ")
}

/// The exit code of a call that did not succeed.
fn exit_of(error: &CallError) -> Exit {
    match error {
        CallError::Build(_) | CallError::Sign(_) | CallError::Setup(_) => Exit::Usage,
        CallError::NotSent { cause, .. } => exit_of(cause),
        _ if error.is_auth() => Exit::NotAuthorized,
        CallError::Reply(ReplyError {
            fault: Fault::SessionNotFound,
            ..
        }) => Exit::NoSuchSession,
        _ if error.is_unreachable() => Exit::Unreachable,
        _ => Exit::Failed,
    }
}
