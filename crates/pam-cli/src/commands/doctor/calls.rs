//! What the appliance says to calls: clock, authentication, restrictions, routes, rights, token.

use std::ops::ControlFlow;

use jiff::Timestamp;
use pam_client::{Authentication, CallError, Client, Ends, RouteChoice, Settings};
use pam_proto::discovery::PROBE;
use pam_proto::listing::Filter;
use pam_proto::{
    ClockSkew, Fault, HttpDate, Operation, Pace, ReplyError, SessionId, TerminateSession,
};

use super::way::halves;
use super::{Check, Diagnosis};
use crate::failure::{Failure, answer, to_a_reader};
use crate::quantity::spoken;

/// An id that names what is done in the appliance's log, and that no session has: theirs are
/// hexadecimal.
const NO_SESSION: &str = "pamctl-doctor-no-session";

/// Makes calls that change nothing.
pub(super) async fn make(
    diagnosis: &mut Diagnosis,
    client: &Client,
    settings: &Settings,
    ends: Ends,
    probe_drop: bool,
) {
    let asked = client.call(&PROBE).await;
    let believed = match &asked {
        // That there is no such session is an answer to somebody who may ask.
        Ok(_) => None,
        Err(error) => match error.reply() {
            Some(reply) if reply.fault == Fault::SessionNotFound => None,
            _ => Some(error),
        },
    };
    diagnosis.add(clock(client, believed).await);
    if let Some(error) = believed {
        refused(diagnosis, error, settings, ends);
        return;
    }
    let kind = match &settings.authentication {
        Authentication::OAuth1(_) => "the OAuth 1.0 signature is accepted",
        _ => "the OAuth 2.0 access token is accepted",
    };
    diagnosis.add(Check::ok("authentication", kind));
    diagnosis.add(Check::ok("restrictions", unrestricted(settings, ends)));
    let listed = client
        .list(&Filter::new(), |_| ControlFlow::Break(()))
        .await;
    let astray = listed.as_ref().err().and_then(CallError::reply);
    diagnosis.add(match astray.filter(|reply| leads_nowhere(reply)) {
        Some(reply) => not_served("routes", reply, settings),
        None => routes(client, settings),
    });
    let lists = match listed {
        Ok(_) => diagnosis.add(Check::ok("list", "the sessions can be listed")),
        Err(error) if error.reply().is_some_and(leads_nowhere) => false,
        Err(error) => diagnosis.add(of_call("list", error)),
    };
    if lists {
        diagnosis.add(right_to_terminate(client, settings, probe_drop).await);
    }
    diagnosis.add(token(client, settings));
}

/// A failed call as a check.
fn of_call(name: &'static str, error: CallError) -> Check {
    let reply = error.reply().cloned();
    let failure = Failure::from(error);
    match reply {
        Some(reply) => of_reply(name, &reply, &failure),
        None => {
            let (message, fix) = halves(failure.line().unwrap_or_default());
            Check::failed(name, failure.exit(), message, fix)
        }
    }
}

fn of_reply(name: &'static str, reply: &ReplyError, failure: &Failure) -> Check {
    let message = format!("{}: {}", answer(reply), reply.cause());
    Check::failed(name, failure.exit(), message, to_a_reader(reply.remedy()))
}

/// What is known about the time there: from the refusal, or from one more answer.
async fn clock(client: &Client, refusal: Option<&CallError>) -> Check {
    const NAME: &str = "clock";
    let date = match refusal.and_then(CallError::reply) {
        Some(reply) => reply.date,
        None => date_of_answer(client).await,
    };
    let now = Timestamp::now().as_second();
    let Some(date) = date else {
        return Check::warning(
            NAME,
            "the appliance's answers carry no date, so its clock can't be compared",
            "compare the two clocks by hand: a signature is refused when they differ by minutes",
        );
    };
    let theirs = i64::try_from(date.unix_seconds()).unwrap_or(i64::MAX);
    let offset = theirs.saturating_sub(now);
    if offset.unsigned_abs() <= ClockSkew::TOLERATED_SECONDS {
        return Check::ok(NAME, format!("the clocks differ by {offset} s"));
    }
    let side = if offset < 0 { "behind" } else { "ahead of" };
    Check::warning(
        NAME,
        format!(
            "the appliance's clock is {} s {side} this machine's",
            offset.unsigned_abs()
        ),
        "set the wrong one right, best by NTP; until then requests are signed with the \
         appliance's time once it has refused one",
    )
}

async fn date_of_answer(client: &Client) -> Option<HttpDate> {
    let routes = client.routes()?;
    let request = PROBE.request(client.base(), routes).ok()?;
    let response = client.send(request, Pace::Ordinary).await.ok()?;
    let date = response.headers().get(http::header::DATE)?;
    date.to_str().ok()?.parse().ok()
}

/// Why the first call was refused: who asks is not believed, or from where or how he asks.
fn refused(diagnosis: &mut Diagnosis, error: &CallError, settings: &Settings, ends: Ends) {
    let failure = Failure::from(error.clone());
    let Some(reply) = error.reply() else {
        diagnosis.add(of_call("authentication", error.clone()));
        return;
    };
    let fixed = matches!(settings.routes, RouteChoice::Fixed(_));
    if reply.fault == Fault::ResourceNotFound || (reply.fault == Fault::NoRoute && fixed) {
        diagnosis.add(not_served("routes", reply, settings));
        return;
    }
    let restricted = match reply.fault {
        Fault::Referer => Some(match &settings.referer {
            Some(referer) => format!(
                "`{referer}` is not on the authorization's list of referers; send one that is with \
                 --referer or the profile's referer, or have the list emptied"
            ),
            None => {
                "no Referer is sent, and the authorization has a list of them; send one that is \
                     on it with --referer or the profile's referer, or have the list emptied"
                    .to_owned()
            }
        }),
        Fault::NotAuthorized | Fault::NoAccess | Fault::Refused => Some(format!(
            "look at the authorization in the A2A module: does it cover the resource PAM Core, is {} \
             among its IP addresses, and does it ask for a client certificate ({})",
            ends.local.ip(),
            certificate(settings)
        )),
        _ => None,
    };
    let message = format!("{}: {}", answer(reply), reply.cause());
    let Some(fix) = restricted else {
        diagnosis.add(of_reply("authentication", reply, &failure));
        return;
    };
    diagnosis.add(Check::ok("authentication", "the keys are accepted"));
    diagnosis.add(Check::failed("restrictions", failure.exit(), message, fix));
}

/// Whether a call of somebody who is believed found nothing at its path.
fn leads_nowhere(reply: &ReplyError) -> bool {
    matches!(reply.fault, Fault::ResourceNotFound | Fault::NoRoute)
}

/// The path leads nowhere: the family that was set, or the URL, is wrong.
fn not_served(name: &'static str, reply: &ReplyError, settings: &Settings) -> Check {
    let exit = Failure::from(CallError::from(reply.clone())).exit();
    let (what, fix) = match settings.routes {
        RouteChoice::Fixed(routes) => (
            format!("the appliance does not serve the `{routes}` routes: {reply}"),
            "leave --routes and the profile's routes out, so that the family is found; if it is \
             not, check the keys and the URL"
                .to_owned(),
        ),
        _ => (
            format!("the appliance serves none of the families of paths: {reply}"),
            format!("check the URL and its path prefix: it is {}", settings.base),
        ),
    };
    Check::failed(name, exit, what, fix)
}

fn certificate(settings: &Settings) -> String {
    match &settings.identity {
        Some(identity) => format!("{} is shown", identity.certificate.display()),
        None => "none is shown; --client-cert and --client-key name one".to_owned(),
    }
}

fn unrestricted(settings: &Settings, ends: Ends) -> String {
    let referer = match &settings.referer {
        Some(referer) => format!("with the Referer {referer}"),
        None => "without a Referer".to_owned(),
    };
    let certificate = match &settings.identity {
        Some(_) => "with the client certificate",
        None => "without a client certificate",
    };
    format!(
        "none is in the way from {}, {referer}, {certificate}",
        ends.local.ip()
    )
}

fn routes(client: &Client, settings: &Settings) -> Check {
    const NAME: &str = "routes";
    match (client.routes(), settings.routes) {
        (Some(routes), RouteChoice::Fixed(_)) => Check::ok(NAME, format!("{routes}, as it is set")),
        (Some(routes), _) => Check::ok(NAME, format!("{routes}, as the appliance answers")),
        (None, _) => Check::warning(
            NAME,
            "no answer told which family of paths the appliance serves",
            "set the one of its version: --routes iso for 3.32, api-pam for 3.33 and 4.0",
        ),
    }
}

/// Whether a drop would be let in, found out with an id that no session has.
async fn right_to_terminate(client: &Client, settings: &Settings, probe_drop: bool) -> Check {
    const NAME: &str = "terminate";
    let unknown = |message: String| {
        Check::warning(
            NAME,
            message,
            "look in the A2A module that the authorization has PAM Core with Read and write",
        )
    };
    if !probe_drop {
        return unknown("not tried; that sessions can be listed says nothing about it".to_owned());
    }
    let id = match SessionId::new(NO_SESSION) {
        Ok(id) => id,
        Err(error) => return unknown(error.to_string()),
    };
    let error = match client.call(&TerminateSession::new(id)).await {
        // It confirms what it can't have done, as it may do for a real session.
        Ok(_) => {
            return Check::ok(
                NAME,
                "a drop is let in (tried with an id that no session has)",
            );
        }
        Err(error) => error,
    };
    let Some(fault) = error.reply().map(|reply| reply.fault) else {
        return of_call(NAME, error);
    };
    match fault {
        Fault::ResourceNotFound | Fault::NoRoute => match error.reply() {
            Some(reply) => not_served(NAME, reply, settings),
            None => of_call(NAME, error),
        },
        Fault::DropFailed
        | Fault::SessionNotFound
        | Fault::NotFound
        | Fault::IdentifierType
        | Fault::InvalidParameter => Check::ok(
            NAME,
            "a drop is let in (tried with an id that no session has)",
        ),
        Fault::ReadOnly | Fault::NotAuthorized => {
            let failure = Failure::from(error.clone());
            let answer = error.reply().map(ToString::to_string).unwrap_or_default();
            Check::failed(
                NAME,
                failure.exit(),
                format!("the authorization may read and not terminate: {answer}"),
                "switch the authorization's permission for PAM Core to Read and write",
            )
        }
        _ if error.reply().is_some_and(ReplyError::is_auth) => of_call(NAME, error),
        _ => {
            let answer = error.reply().map(ToString::to_string).unwrap_or_default();
            unknown(format!(
                "the appliance's answer to a drop leaves it open: {answer}"
            ))
        }
    }
}

/// How long the token is good.
fn token(client: &Client, settings: &Settings) -> Check {
    const NAME: &str = "token";
    if matches!(settings.authentication, Authentication::OAuth1(_)) {
        return Check::ok(
            NAME,
            "OAuth 1.0 has none that expires; when the authorization itself ends is seen in the \
             A2A module only",
        );
    }
    let Some(until) = client.token_use_until() else {
        return Check::ok(NAME, "no access token is held");
    };
    let now = u64::try_from(Timestamp::now().as_second()).unwrap_or(0);
    let left = std::time::Duration::from_secs(until.saturating_sub(now));
    Check::ok(
        NAME,
        format!(
            "the access token is used for {} more, then a new one is fetched",
            spoken(left)
        ),
    )
}
