//! The way to the appliance: settings, name, TCP, TLS.

use jiff::Timestamp;
use pam_client::{
    ClientIdentity, Ends, Handshake, Settings, TlsFault, TransportError, Trust, inspect,
};

use super::chain::{Link, day};
use super::{Check, Diagnosis};
use crate::exit::Exit;
use crate::failure::Failure;

/// How many days before its end a certificate is worth a warning.
const SOON: i64 = 30;

/// Settings that can't be used: nothing else can be checked.
pub(super) fn unsettled(failure: &Failure) -> Check {
    let (message, fix) = halves(failure.line().unwrap_or_default());
    Check::failed("settings", failure.exit(), message, fix)
}

/// Settings that can be used.
pub(super) fn settled(settings: &Settings, profile: Option<&str>) -> Check {
    let from = profile.map_or("no profile".to_owned(), |name| format!("profile {name}"));
    Check::ok("settings", format!("{from}, {}", settings.base))
}

/// Goes there; gives the two ends of the connection when it arrives.
pub(super) async fn walk(diagnosis: &mut Diagnosis, settings: &Settings) -> Option<Ends> {
    let found = match inspect(settings).await {
        Ok(found) => found,
        Err(error) => {
            diagnosis.add(unsettled(&error.into()));
            return None;
        }
    };
    let passed = diagnosis.add(match &found.addresses {
        Ok(addresses) => {
            let list: Vec<String> = addresses.iter().map(|a| a.ip().to_string()).collect();
            Check::ok(
                "name",
                format!(
                    "the addresses of {}: {}",
                    settings.base.host(),
                    list.join(", ")
                ),
            )
        }
        Err(error) => lost("name", error),
    });
    let connection = found.connection?;
    let ends = match &connection {
        Ok(ends) => {
            let message = format!("connected to {} from {}", ends.peer, ends.local.ip());
            diagnosis.add(Check::ok("tcp", message));
            *ends
        }
        Err(error) => {
            diagnosis.add(lost("tcp", error));
            return None;
        }
    };
    let trusted = match &found.handshake {
        Some(handshake) => diagnosis_of_tls(diagnosis, settings, handshake),
        None => diagnosis.add(Check::warning(
            "tls",
            "the connection is not encrypted; that is possible on this machine only",
            "use https:// for a real appliance",
        )),
    };
    if let Some(identity) = &settings.identity {
        diagnosis.add(own_certificate(identity));
    }
    (passed && trusted).then_some(ends)
}

fn lost(name: &'static str, error: &TransportError) -> Check {
    let (message, fix) = halves(&error.to_string());
    Check::failed(name, Exit::Unreachable, message, fix)
}

fn diagnosis_of_tls(diagnosis: &mut Diagnosis, settings: &Settings, handshake: &Handshake) -> bool {
    let chain: Vec<Link> = handshake
        .chain
        .iter()
        .filter_map(|der| Link::from_der(der))
        .collect();
    let shown: Vec<String> = chain.iter().map(Link::told).collect();
    let check = match &handshake.outcome {
        Ok([version, suite]) => {
            let message = format!("trusted, {version} with {suite}");
            let now = Timestamp::now();
            match chain.iter().min_by_key(|link| link.not_after) {
                Some(link) if link.days_left(now) < SOON => Check::warning(
                    "tls",
                    format!("{message}; a certificate ends on {}", day(link.not_after)),
                    format!("renew the certificate of {}", link.subject),
                ),
                _ => Check::ok("tls", message),
            }
        }
        Err(TransportError::Tls { fault, .. }) => {
            let (message, _) = halves(&fault.to_string());
            let exit = match fault {
                TlsFault::ClientCertificate { .. } => Exit::NotAuthorized,
                _ => Exit::Unreachable,
            };
            Check::failed("tls", exit, message, tls_fix(fault, settings, &chain))
        }
        Err(error) => lost("tls", error),
    };
    diagnosis.chain = chain;
    diagnosis.add(check.with(shown))
}

/// What to do about a connection that is not trusted, in terms of our own settings.
fn tls_fix(fault: &TlsFault, settings: &Settings, chain: &[Link]) -> String {
    let trusted = match &settings.trust {
        Trust::Platform => "the platform's roots are trusted now".to_owned(),
        Trust::OnlyThese(file) => format!("{} is trusted now", file.display()),
    };
    match fault {
        TlsFault::UnknownIssuer => {
            let issuer = chain.last().map_or("its issuer", |link| &link.issuer);
            format!(
                "name the CA file that holds the certificate of {issuer} with --ca-file, \
                 PAM_CA_FILE or ca_file ({trusted})"
            )
        }
        TlsFault::SelfSigned => format!(
            "if this is the right certificate, save it as a PEM file and name it with --ca-file, \
             PAM_CA_FILE or ca_file ({trusted})"
        ),
        TlsFault::WrongName { presented } if !presented.is_empty() => format!(
            "use {} in the URL, or have the certificate reissued for {}",
            presented.join(" or "),
            settings.base.host()
        ),
        fault => halves(&fault.to_string()).1,
    }
}

/// The certificate that we show, if it is asked for.
fn own_certificate(identity: &ClientIdentity) -> Check {
    const NAME: &str = "client-cert";
    let file = identity.certificate.display();
    let read = std::fs::read(&identity.certificate);
    let Some(link) = read.ok().and_then(|text| Link::from_pem(&text)) else {
        return Check::warning(
            NAME,
            format!("the dates of {file} can't be read"),
            "look whether it is the right file",
        );
    };
    let days = link.days_left(Timestamp::now());
    let check = if days < 0 {
        Check::failed(
            NAME,
            Exit::NotAuthorized,
            format!("{file} ended on {}", day(link.not_after)),
            "have it renewed, and its new fingerprint entered in the authorization",
        )
    } else if days < SOON {
        Check::warning(
            NAME,
            format!("{file} ends on {}", day(link.not_after)),
            "have it renewed, and its new fingerprint entered in the authorization",
        )
    } else {
        Check::ok(NAME, format!("{file} is shown when the appliance asks"))
    };
    check.with([link.told()])
}

/// What happened and what to do about it: our messages have the one before the other.
pub(super) fn halves(line: &str) -> (String, String) {
    match line.rsplit_once("; ") {
        Some((message, fix)) => (message.to_owned(), fix.to_owned()),
        None => (
            line.to_owned(),
            "correct this setting; `pamctl profile show` says where it comes from".to_owned(),
        ),
    }
}
