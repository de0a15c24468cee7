//! What the client does, told on standard error.

use http::request::Parts;
use pam_client::{Notice, Observer};

use crate::output::stderr;
use crate::progress::Progress;

/// Tells the user what goes over the wire, as far as `-v` asks for it, and moves the spinner.
#[derive(Debug)]
pub(crate) struct Narrator {
    verbose: u8,
    progress: Progress,
}

impl Narrator {
    pub(crate) fn new(verbose: u8, progress: &Progress) -> Self {
        Self {
            verbose,
            progress: progress.clone(),
        }
    }
}

impl Observer for Narrator {
    /// The URL and the names of the headers that matter; never what authenticates the request.
    fn request_sent(&self, request: &Parts) {
        if self.verbose > 0 {
            let line = format!(
                "> {} {} (Authorization: [redacted])",
                request.method, request.uri
            );
            self.progress.aside(|| stderr::detail(line));
        }
    }

    fn bytes_received(&self, count: u64) {
        self.progress.received(count);
    }

    fn notice(&self, notice: &Notice) {
        self.progress.aside(|| match notice {
            // The user's own clock may be the wrong one, so he is told unasked.
            Notice::ClockSkew { .. } => stderr::warning(notice),
            Notice::RoutesLearned(_) if self.verbose > 0 => stderr::detail(notice),
            _ if self.verbose > 1 => stderr::detail(notice),
            _ => {}
        });
    }
}
