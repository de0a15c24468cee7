//! Why a task failed, in one line.

/// A failed task. Its message is one line, fit to be the last one printed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A command could not be started or ended with a failure.
    #[error("{0}")]
    Shell(#[from] xshell::Error),
    /// A program's JSON was not what this version of the task understands.
    #[error("{what} is not the expected JSON: {source}")]
    Json {
        /// Whose output it was.
        what: String,
        /// Where it stopped making sense.
        source: serde_json::Error,
    },
    /// Anything else; the text says what happened and what to do.
    #[error("{0}")]
    Other(String),
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Error {
        Error::Other(message.into())
    }
}
