//! A termination as requests to send, for any HTTP client.

use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime};
use std::{env, fs};

use pam_proto::oauth1::{Credentials, Signer, Stamp};
use pam_proto::termination::{Accepted, Coverage, Event, Failure, Limits, Step};
use pam_proto::termination::{Terminations, Ticket};
use pam_proto::{BaseUrl, GetSession, ListSessions, Operation, Pace, Routes, Secret};
use pam_proto::{SessionRef, TerminateSession};

/// What can go wrong outside of an answer.
pub type Failed = Box<dyn Error + Send + Sync>;

/// A request to send.
pub type Request = http::Request<Vec<u8>>;

/// What came back, whatever its status, or how the request failed.
pub type Answer = Result<http::Response<Vec<u8>>, Failure>;

/// The most bytes that an answer may have. A listing is read whole here; `ListingParser` reads one
/// of any length while it arrives.
pub const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// How long a connection may take to be made.
pub const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long an answer may take.
#[must_use]
pub fn answer_limit(pace: Pace) -> Duration {
    match pace {
        Pace::Ordinary => Duration::from_secs(30),
        Pace::Listing => Duration::from_secs(600),
    }
}

/// A failure before the request was sent: it was certainly not carried out.
pub fn unsent(error: impl ToString) -> Failure {
    Failure::NotExecuted {
        reason: error.to_string(),
    }
}

/// Any other failure: it may have been carried out.
pub fn lost(error: impl ToString) -> Failure {
    Failure::Lost {
        reason: error.to_string(),
    }
}

/// What to do next.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is taken apart at once")]
pub enum Next {
    /// Send this, and tell [`Termination::answered`] what came back.
    Send(Request, Pace),
    /// Wait.
    Sleep(Duration),
    /// This is what it came to; it has been printed.
    Done,
}

/// The termination of one session.
pub struct Termination {
    /// Where the appliance is.
    pub base: BaseUrl,
    signer: Signer,
    machine: Terminations,
    began: Instant,
    asked: Option<Asked>,
}

/// What was sent last.
enum Asked {
    Drop(Ticket, TerminateSession),
    Get(Ticket, GetSession),
    List(Ticket, Duration),
}

impl Termination {
    /// Of the session that the command line names. The appliance and the keys are in the
    /// environment, as for `pamctl`.
    ///
    /// # Errors
    /// When one of them is missing or makes no sense.
    pub fn from_env() -> Result<Self, Failed> {
        let var = |name: &str| env::var(name).map_err(|error| format!("{name}: {error}"));
        let session: SessionRef = env::args().nth(1).ok_or("give a session id")?.parse()?;
        let credentials = Credentials::new(
            var("PAM_CONSUMER_KEY")?,
            Secret::new(var("PAM_CONSUMER_SECRET")?),
        )
        .with_token(var("PAM_TOKEN")?, Secret::new(var("PAM_TOKEN_SECRET")?));
        // One request at a time: the clients here are blocking, or used like one.
        let mut limits = Limits::default();
        limits.jobs = 1;
        Ok(Self {
            base: BaseUrl::new(&var("PAM_URL")?)?,
            signer: Signer::new(&credentials)?,
            machine: Terminations::new([session], limits, Duration::ZERO),
            began: Instant::now(),
            asked: None,
        })
    }

    /// The certificates that may vouch for it, as PEM: those in `PAM_CA_FILE` and no others.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn ca(&self) -> Result<Vec<u8>, Failed> {
        if !self.base.is_https() {
            return Ok(Vec::new());
        }
        let path = env::var("PAM_CA_FILE").map_err(|error| format!("PAM_CA_FILE: {error}"))?;
        Ok(fs::read(&path).map_err(|error| format!("{path}: {error}"))?)
    }

    /// What to do now.
    pub fn step(&mut self) -> Next {
        loop {
            let step = self.machine.next(self.began.elapsed());
            let (asked, request, pace) = match step {
                Step::Drop {
                    ticket, session_id, ..
                } => {
                    let drop = TerminateSession::new(session_id);
                    let request = self.signed(&drop);
                    (Asked::Drop(ticket, drop), request, Pace::Ordinary)
                }
                Step::Get { ticket, number } => {
                    let get = GetSession::new(number);
                    let request = self.signed(&get);
                    (Asked::Get(ticket, get), request, Pace::Ordinary)
                }
                Step::List { ticket, .. } => {
                    let asked = Asked::List(ticket, self.began.elapsed());
                    (asked, self.signed(&ListSessions), Pace::Listing)
                }
                Step::WaitUntil(time) => {
                    return Next::Sleep(time.saturating_sub(self.began.elapsed()));
                }
                Step::Report(report) => {
                    println!("{}: {}", report.outcome, report.message);
                    continue;
                }
                _ => return Next::Done,
            };
            self.asked = Some(asked);
            match request {
                Ok(request) => return Next::Send(request, pace),
                Err(failure) => self.answered(Err(failure)),
            }
        }
    }

    /// What came of the request, whatever its status, or how it failed.
    pub fn answered(&mut self, answer: Answer) {
        let event = match self.asked.take() {
            Some(Asked::Drop(ticket, drop)) => Event::Dropped {
                ticket,
                answer: answer.and_then(|response| {
                    let http_status = response.status().as_u16();
                    let said = drop.parse(&response).map_err(Failure::Reply)?;
                    Ok(Accepted {
                        http_status,
                        message: said.message,
                    })
                }),
            },
            Some(Asked::Get(ticket, get)) => Event::Got {
                ticket,
                answer: answer.and_then(|response| {
                    get.parse(&response).map(Box::new).map_err(Failure::Reply)
                }),
            },
            Some(Asked::List(ticket, began)) => {
                let listed = answer
                    .and_then(|response| ListSessions.parse(&response).map_err(Failure::Reply));
                let (found, coverage) = match listed {
                    Ok(found) => (found, Coverage::Whole),
                    Err(failure) => (Vec::new(), Coverage::Failed(failure)),
                };
                Event::Listed {
                    ticket,
                    began,
                    found,
                    coverage,
                }
            }
            None => return,
        };
        self.machine.handle(event, self.began.elapsed());
    }

    /// The time and the nonce are ours to give; each request needs new ones.
    fn signed(&self, operation: &impl Operation) -> Result<Request, Failure> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default();
        let nonce = format!("{:x}{:x}", now.as_nanos(), RandomState::new().hash_one(now));
        // Which paths an appliance serves depends on its version; `Routes` lists them.
        operation
            .request(&self.base, Routes::ApiPam)
            .map_err(unsent)
            .and_then(|request| {
                let stamp = Stamp::new(now.as_secs(), nonce);
                self.signer.sign(request, &stamp).map_err(unsent)
            })
    }
}
