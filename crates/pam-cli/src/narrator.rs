//! What the client does, told on standard error.

use http::{HeaderName, request, response};
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
    fn request_sent(&self, request: &request::Parts) {
        if self.verbose > 0 {
            let line = format!(
                "> {} {} (Authorization: [redacted])",
                request.method, request.uri
            );
            self.progress.aside(|| stderr::detail(line));
        }
    }

    /// The status, and the headers that name the request or limit the next ones.
    fn answer_begun(&self, answer: &response::Parts) {
        if self.verbose > 0 {
            let mut line = format!("< HTTP {}", answer.status.as_u16());
            let told = answer.headers.iter().filter(|(name, _)| is_told(name));
            for (name, value) in told {
                line += &format!(", {name}: {}", value.to_str().unwrap_or("?"));
            }
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
            // Nor should he wonder why nothing happens.
            Notice::RateLimited { .. } => stderr::note(notice),
            Notice::RoutesLearned(_) if self.verbose > 0 => stderr::detail(notice),
            _ if self.verbose > 1 => stderr::detail(notice),
            _ => {}
        });
    }
}

fn is_told(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "x-request-id" | "retry-after") || name.contains("ratelimit-")
}
