//! The appliance itself: it lets a request in, carries it out, and says what it answers.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, REFERER};
use http::{HeaderMap, Request};
use pam_proto::oauth1::verify::{Stamps as ProtocolStamps, Verifier};
use tokio::sync::mpsc;

use crate::access::{Access, Caller, Verified};
use crate::alerts::Alert;
use crate::answers::Answer;
use crate::answers::open::Openings;
use crate::answers::refusal::{
    Refusal, bad_gateway, gateway_timeout, rate_limited, too_many_failures,
};
use crate::answers::token::Tokens;
use crate::body::Damage;
use crate::clock::{Clock, Moment};
use crate::dialect::Dialect;
use crate::explain;
use crate::failures::Failures;
use crate::faults::{Fault, FaultKind, Faults};
use crate::life::World;
use crate::lock::locked;
use crate::public::{Called, Public};
use crate::rate::Rate;
use crate::requests::{RecordedRequest, Requests};
use crate::routes::{Route, is_token, route};
use crate::switches::Stamps;

/// Everything that the mock is while it runs.
pub(crate) struct Appliance {
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) clock: Clock,
    pub(crate) world: Mutex<World>,
    pub(crate) faults: Faults,
    pub(crate) access: Access,
    pub(crate) requests: Mutex<Requests>,
    pub(crate) listing_size: u64,
    pub(crate) public: Public,
    pub(crate) explain: bool,
    pub(crate) siem: Option<mpsc::Sender<Alert>>,
    pub(crate) tokens: Mutex<Tokens>,
    pub(crate) openings: Mutex<Openings>,
    verifier: Mutex<Arc<Verifier>>,
    rate: Mutex<Rate>,
    failures: Mutex<Failures>,
}

/// What the connection tells of a caller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) address: IpAddr,
    pub(crate) certificate: Option<&'a [u8]>,
}

/// What is done about a request.
pub(crate) struct Reaction {
    /// What is answered; nothing when the connection just closes.
    pub(crate) answer: Option<Answer>,
    pub(crate) damage: Damage,
}

/// The parts that differ from mock to mock.
pub(crate) struct Parts {
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) clock: Clock,
    pub(crate) world: World,
    pub(crate) access: Access,
    pub(crate) faults: Vec<Fault>,
    pub(crate) listing_size: u64,
    pub(crate) public: Public,
    pub(crate) explain: bool,
    pub(crate) siem: Option<mpsc::Sender<Alert>>,
    pub(crate) token_lifetime: Option<Duration>,
    pub(crate) recorded: usize,
    pub(crate) failures_per_minute: u32,
}

impl Appliance {
    pub(crate) fn new(parts: Parts) -> Self {
        let faults = Faults::default();
        faults.replace(parts.faults);
        let verifier = verifier(&parts.dialect);
        Self {
            dialect: parts.dialect,
            clock: parts.clock,
            world: Mutex::new(parts.world),
            faults,
            access: parts.access,
            requests: Mutex::new(Requests::new(parts.recorded)),
            listing_size: parts.listing_size,
            public: parts.public,
            explain: parts.explain,
            siem: parts.siem,
            tokens: Mutex::new(Tokens::new(parts.token_lifetime)),
            openings: Mutex::default(),
            verifier: Mutex::new(Arc::new(verifier)),
            rate: Mutex::default(),
            failures: Mutex::new(Failures::new(parts.failures_per_minute)),
        }
    }

    /// The time that the appliance believes in.
    pub(crate) fn now(&self) -> Moment {
        let skew = self.faults.find(|kind| match kind {
            FaultKind::ClockSkew(seconds) => Some(seconds),
            _ => None,
        });
        self.clock.moment().plus_seconds(skew.unwrap_or(0))
    }

    /// Lets everything happen that is due, and hands on what a SIEM would hear.
    pub(crate) fn live(&self) {
        let now = self.clock.moment();
        let alerts = {
            let mut world = locked(&self.world);
            world.advance(now);
            world.take_alerts()
        };
        let Some(siem) = &self.siem else {
            return;
        };
        for alert in alerts {
            if siem.try_send(alert).is_err() {
                tracing::warn!("an alert is lost: the SIEM takes them too slowly");
            }
        }
    }

    /// Does something to the world as it is now.
    pub(crate) fn with_world<T>(&self, act: impl FnOnce(&mut World, Moment) -> T) -> T {
        self.live();
        let done = act(&mut locked(&self.world), self.clock.moment());
        self.live();
        done
    }

    /// Switches faults. A clock that jumps starts with an empty ledger of nonces: the old one
    /// would refuse the time that the clock jumped over.
    pub(crate) fn set_faults(&self, change: impl FnOnce(&Faults)) {
        let before = self.now();
        change(&self.faults);
        let jump = self.now().0.abs_diff(before.0);
        if jump >= 1000 {
            *locked(&self.verifier) = Arc::new(verifier(&self.dialect));
        }
    }

    /// How many archived rows stand in a listing before the sessions that are held.
    pub(crate) fn archived(&self) -> u64 {
        let huge = self.faults.find(|kind| match kind {
            FaultKind::HugeListing(rows) => Some(rows),
            _ => None,
        });
        let wanted = self.listing_size.max(huge.unwrap_or(0));
        let held = locked(&self.world).sessions.all().len() as u64;
        wanted.saturating_sub(held)
    }

    /// Decides about a request, and writes into `record` what became of it.
    pub(crate) async fn react(
        self: &Arc<Self>,
        peer: Peer<'_>,
        request: &Request<Bytes>,
        record: &mut RecordedRequest,
    ) -> Reaction {
        self.live();
        let called = self.public.called(request, peer.address);
        let now = self.clock.moment();
        let shut_out = locked(&self.failures).shut_out(called.address, now);
        if let Some(seconds) = shut_out {
            return whole(too_many_failures(seconds));
        }
        if is_token(&called.path) && request.method() == http::Method::POST {
            record.operation = Some("token");
            let answer = self.token(request, &called);
            if answer.status == self.dialect.switches.client_status {
                locked(&self.failures).count(called.address, now);
            }
            return whole(answer);
        }
        if called.path == "/modulos/auth" {
            return whole(self.visit(request, called.address));
        }
        let profile = self.dialect.profile;
        let route = route(
            request.method(),
            &called.path,
            profile,
            self.dialect.switches.routes,
        );
        record.operation = route.as_ref().map(Route::name);
        if self.faults.strikes(FaultKind::Gateway502Html) {
            return whole(bad_gateway());
        }
        if let Some(answer) = self.rate_limit() {
            return whole(answer);
        }
        let delay = self.faults.find(|kind| match kind {
            FaultKind::SlowList(delay) => Some(delay),
            _ => None,
        });
        let is_list = matches!(route, Some(Route::List(_)));
        let writes = matches!(route, Some(Route::Open | Route::Drop(_)));
        let answer = self.answer(peer, request, &called, route, record);
        if let Err(Refusal::Signature(_) | Refusal::Token) = answer {
            locked(&self.failures).count(called.address, now);
        }
        let answer = answer.unwrap_or_else(|refusal| refusal.answer(&self.dialect, self.now()));
        // The listing shows the moment when it was asked for, however late it comes.
        if is_list && let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
        if self.faults.strikes(FaultKind::Gateway504) {
            return whole(gateway_timeout());
        }
        let lost = writes && self.faults.strikes(FaultKind::LostReply);
        Reaction {
            answer: (!lost).then_some(answer),
            damage: Damage {
                cut: self.faults.strikes(FaultKind::TruncatedJson),
                reset: self.faults.strikes(FaultKind::ResetMidBody),
                drip: self.faults.find(|kind| match kind {
                    FaultKind::Drip(rate) => Some(rate),
                    _ => None,
                }),
            },
        }
    }

    fn rate_limit(&self) -> Option<Answer> {
        let (calls, seconds) = self.faults.find(|kind| match kind {
            FaultKind::RateLimit { calls, seconds } => Some((calls, seconds)),
            _ => None,
        })?;
        let period = Duration::from_secs(seconds.get());
        let now = self.clock.moment();
        let wait = locked(&self.rate).exceeded(calls, period, now)?;
        Some(rate_limited(calls, wait))
    }

    fn answer(
        self: &Arc<Self>,
        peer: Peer<'_>,
        request: &Request<Bytes>,
        called: &Called,
        route: Option<Route>,
        record: &mut RecordedRequest,
    ) -> Result<Answer, Refusal> {
        if self.faults.strikes(FaultKind::NoRoute) || !request.headers().contains_key(AUTHORIZATION)
        {
            return Err(Refusal::NoRoute);
        }
        if self.faults.strikes(FaultKind::Lockdown) {
            return Err(Refusal::Lockdown);
        }
        let verified = self.authenticate(peer, request, called, record)?;
        record.application = Some(verified.application().to_owned());
        let route = route.ok_or(Refusal::NoResource)?;
        if self.faults.strikes(FaultKind::Unauthorized500) {
            return Err(Refusal::NotAuthorized("unauthorized-500"));
        }
        self.perform(&verified, route, request, called)
    }

    /// Finds out who calls and lets them in, or not.
    fn authenticate(
        &self,
        peer: Peer<'_>,
        request: &Request<Bytes>,
        called: &Called,
        record: &mut RecordedRequest,
    ) -> Result<Verified, Refusal> {
        let now = self.now();
        let grant = match bearer(request.headers()) {
            Some(token) => {
                let expired = self.faults.strikes(FaultKind::TokenExpired);
                let found = locked(&self.tokens).find(token, &called.host, now);
                found.filter(|_| !expired).ok_or(Refusal::Token)?
            }
            None => {
                let origin = called
                    .origin
                    .as_ref()
                    .map_err(|error| Refusal::Signature((*error).into()))?;
                let verifier = Arc::clone(&locked(&self.verifier));
                let mut found = None;
                let seconds = u64::try_from(now.seconds()).unwrap_or(0);
                let verified = verifier.verify(request, origin, seconds, |consumer_key, token| {
                    let (grant, key) = self.access.consumer(consumer_key, token)?;
                    found = Some(grant);
                    Ok(key)
                });
                if let Err(refusal) = verified {
                    if self.explain {
                        let grant = found.map(|grant| &**grant);
                        record.explanation =
                            explain::refusal(&refusal, &verifier, request, origin, grant);
                    }
                    return Err(Refusal::Signature(refusal));
                }
                // The lookup was successful, or the verification would not have been.
                Arc::clone(found.ok_or(Refusal::NoRoute)?)
            }
        };
        let referer = request.headers().get(REFERER);
        let caller = Caller {
            address: called.address,
            certificate: peer.certificate,
            referer: referer.and_then(|value| value.to_str().ok()),
        };
        let read_only = self.faults.strikes(FaultKind::ReadOnly);
        Access::admit(&grant, &caller, now, &self.dialect.switches, read_only)
    }
}

fn whole(answer: Answer) -> Reaction {
    Reaction {
        answer: Some(answer),
        damage: Damage::default(),
    }
}

fn verifier(dialect: &Dialect) -> Verifier {
    let stamps = match dialect.switches.stamps {
        Stamps::Required => ProtocolStamps::Required,
        Stamps::Optional => ProtocolStamps::Optional,
    };
    Verifier::new()
        .with_window(dialect.switches.window.as_secs())
        .with_stamps(stamps)
}

/// The token of a `Bearer` header; the scheme's case does not matter (RFC 9110 section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
