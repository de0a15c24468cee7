//! Who asks, and whether the appliance can be reached at all: the gateway, OAuth and the
//! authorization.

use super::{Code, Entry, Module};
use crate::error::Fault;

const FOREIGN: &str = "Bodies that are not the envelope";
const COMMON: &str = "Envelope errors common to every A2A endpoint";

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        fault: Fault::NoRoute,
        code: None,
        http_status: Some(404),
        messages: &["*No route matched with those values*"],
        module: Module::Gateway,
        cause: "the gateway before the appliance let the request go nowhere: the Authorization \
                header is missing or was rejected, or the path is wrong",
        remedy: "check the keys first (all set, of one authorization, enabled, not expired, and no \
                 proxy that strips Authorization), then the URL and the route family",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::Gateway,
        code: None,
        http_status: Some(502),
        messages: &["*An invalid response was received from the upstream server*"],
        module: Module::Gateway,
        cause: "the gateway reached the appliance and could not use what it answered",
        remedy: "look whether the request took effect before sending it again; if it lasts, look \
                 at the appliance's health",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::Gateway,
        code: None,
        http_status: Some(504),
        messages: &["*The upstream server is timing out*"],
        module: Module::Gateway,
        cause: "the gateway waited too long for the appliance",
        remedy: "look whether the request took effect before sending it again; a long session \
                 listing may need a longer timeout in the gateway",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::TimedOut,
        code: None,
        http_status: None,
        messages: &["*Request timed out*"],
        module: Module::Gateway,
        cause: "no answer came in time, from the network or the appliance",
        remedy: "look whether the request took effect before sending it again; check the network \
                 and allow more time",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::RateLimited,
        code: None,
        http_status: Some(429),
        messages: &["*API rate limit exceeded*", "*Too many requests*"],
        module: Module::Gateway,
        cause: "more requests came in than the gateway allows",
        remedy: "wait as long as Retry-After says, then go on more slowly",
        topic: "RFC 6585 section 4",
    },
    Entry {
        fault: Fault::ClientAuthentication,
        code: None,
        http_status: Some(401),
        messages: &["*Client authentication failed*", "invalid_client"],
        module: Module::OAuth2,
        cause: "the token server does not accept this client ID and secret",
        remedy: "check the client ID, the client secret and the token URL; check that application \
                 and authorization are enabled and use OAuth 2.0; name the tenant when the \
                 appliance is called by IP address",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::TokenRequest,
        code: None,
        http_status: Some(400),
        messages: &[
            "invalid_request",
            "invalid_grant",
            "invalid_scope",
            "unauthorized_client",
            "unsupported_grant_type",
        ],
        module: Module::OAuth2,
        cause: "the token server understands the client and refuses what it asks for",
        remedy: "check that the application's signature method is OAuth 2.0 and that the tenant \
                 is right",
        topic: "RFC 6749 section 5.2",
    },
    Entry {
        fault: Fault::Token,
        code: None,
        http_status: Some(401),
        messages: &[
            "invalid_token",
            "access_denied",
            "unauthorized",
            "*token expired*",
            "*token has expired*",
        ],
        module: Module::OAuth2,
        cause: "the access token is expired, revoked, of another tenant, or was not sent",
        remedy: "get a new token; if a new one is refused too, check that the authorization is \
                 enabled, not expired, and of this tenant",
        topic: COMMON,
    },
    Entry {
        fault: Fault::NotAuthorized,
        code: None,
        http_status: Some(403),
        messages: &["insufficient_scope", "Lack of permission"],
        module: Module::Common,
        cause: "the authorization's permission does not cover this call",
        remedy: "grant the authorization the resource of this call, with Read and write if it \
                 changes anything",
        topic: "Network Connector",
    },
    Entry {
        fault: Fault::Signature,
        code: None,
        http_status: Some(401),
        messages: &["*Invalid signature*"],
        module: Module::OAuth1,
        cause: "the OAuth 1.0 signature does not fit the request as the appliance saw it: a wrong \
                key or secret, a clock that is off, or a URL that a proxy rewrote",
        remedy: "check the four keys, this machine's clock, and that scheme, host and port are \
                 those that the appliance believes it was called with; `pamctl auth explain` shows \
                 what was signed",
        topic: FOREIGN,
    },
    Entry {
        fault: Fault::Timestamp,
        code: None,
        http_status: Some(401),
        messages: &["*timestamp*", "*nonce*"],
        module: Module::OAuth1,
        cause: "the OAuth 1.0 timestamp is outside the appliance's window, or the nonce was seen \
                before",
        remedy: "set this machine's clock; never send a signed request twice, sign it anew",
        topic: "RFC 5849 section 3.3",
    },
    Entry {
        fault: Fault::InactiveAuthorization,
        code: None,
        http_status: Some(401),
        messages: &["Inactive authorization"],
        module: Module::Common,
        cause: "the authorization is switched off",
        remedy: "enable the authorization in the appliance's A2A module, or use another one",
        topic: COMMON,
    },
    Entry {
        fault: Fault::NotAuthorized,
        code: None,
        http_status: Some(500),
        messages: &["*You are not authorized to access this resource*"],
        module: Module::Common,
        cause: "the authorization lacks the resource that this call needs; the appliance says so \
                with HTTP 500",
        remedy: "add the resource to the authorization: PAM Core for sessions, credentials, \
                 devices and SSH keys (with Read and write to change or terminate anything), \
                 Users for related users, Dashboards, Certificate Manager, or System for the \
                 network connector",
        topic: COMMON,
    },
    Entry {
        fault: Fault::NotAuthorized,
        code: None,
        http_status: Some(500),
        messages: &["*You are not authorized to access this resource*"],
        module: Module::Sessions,
        cause: "the authorization lacks the resource PAM Core, or for a termination its Read and \
                write permission; the appliance says so with HTTP 500",
        remedy: "add PAM Core to the authorization's resources, with Read and write to terminate \
                 sessions",
        topic: "What an authorization carries",
    },
    Entry {
        fault: Fault::NotAuthorized,
        code: None,
        http_status: Some(500),
        messages: &["*You are not authorized to access this resource*"],
        module: Module::WebProxySession,
        cause: "the authorization lacks the resource Web Proxy Session, or its Read and write \
                permission; the appliance says so with HTTP 500",
        remedy: "add Web Proxy Session to the authorization's resources, with Read and write",
        topic: "What an authorization carries",
    },
    Entry {
        fault: Fault::ReadOnly,
        code: Some(Code::Exception(1039)),
        http_status: Some(400),
        messages: &["Without PAM Configuration Access permission"],
        module: Module::Common,
        cause: "the authorization may only read, and the call changes something",
        remedy: "switch the authorization's PAM permission to Read and write",
        topic: super::CODES,
    },
    Entry {
        fault: Fault::Referer,
        code: Some(Code::Error(1105)),
        http_status: Some(500),
        messages: &[
            "The http referer is not allowed",
            "http_referer_not_allowed",
        ],
        module: Module::Common,
        cause: "the authorization accepts certain Referer headers only",
        remedy: "send one of the authorization's authorized HTTP referers, or empty that list",
        topic: COMMON,
    },
    Entry {
        fault: Fault::Lockdown,
        code: Some(Code::Error(100)),
        http_status: Some(503),
        messages: &["*is under Lockdown until*"],
        module: Module::Common,
        cause: "someone put the appliance under lockdown: it refuses every call and has already \
                ended every session",
        remedy: "wait until the time in the message, or have the lockdown lifted on the \
                 appliance's emergency panel",
        topic: COMMON,
    },
    Entry {
        fault: Fault::ResourceNotFound,
        code: Some(Code::Error(4)),
        http_status: Some(404),
        messages: &["Resource sub not found"],
        module: Module::Common,
        cause: "the appliance knows no such path; nothing was carried out",
        remedy: "check the URL and its prefix, and use the route family of this version",
        topic: COMMON,
    },
    Entry {
        fault: Fault::Unexpected,
        code: None,
        http_status: Some(500),
        messages: &["Unexpected error"],
        module: Module::Common,
        cause: "the appliance failed while it handled the request; a missing id in the path makes \
                it answer so too",
        remedy: "look whether the request took effect before sending it again; the appliance's \
                 log has the reason",
        topic: COMMON,
    },
    Entry {
        fault: Fault::Unexpected,
        code: Some(Code::Exception(500)),
        http_status: Some(500),
        messages: &["Check the index log system error for more details"],
        module: Module::Common,
        cause: "the appliance failed while it handled the request",
        remedy: "look at the appliance's index log for the reason; look whether the request took \
                 effect before sending it again",
        topic: COMMON,
    },
    Entry {
        fault: Fault::Unexpected,
        code: Some(Code::Exception(400)),
        http_status: Some(500),
        messages: &["Ocorreu um erro ao criptografar o texto"],
        module: Module::MySafe,
        cause: "the appliance failed to encrypt the text",
        remedy: "look at the appliance's log; check the authorization's encryption settings",
        topic: COMMON,
    },
];
