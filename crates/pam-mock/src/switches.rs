//! What the documents leave open, as named switches with the inferred value as default
//! (A2A API specification, "Notes for the implementer": undocumented points).

use std::time::Duration;

use http::StatusCode;

/// A set of alternatives by name.
macro_rules! choice {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$variant_meta:meta])* $variant:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub enum $name { $( $(#[$variant_meta])* $variant, )+ }

        impl $name {
            const NAMES: &'static [&'static str] = &[$($text),+];

            fn parse(text: &str) -> Option<Self> {
                match text {
                    $( $text => Some(Self::$variant), )+
                    _ => None,
                }
            }

            fn name(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}

choice! {
    /// What `end` holds while a session runs.
    RunningEnd {
        /// `null`.
        #[default]
        Null = "null",
        /// An empty text.
        Empty = "empty",
        /// The key is not there.
        Absent = "absent",
        /// `0000-00-00 00:00:00`.
        Zero = "zero",
    }
}

choice! {
    /// What `time` holds while a session runs.
    RunningTime {
        /// How long it has been running.
        #[default]
        Elapsed = "elapsed",
        /// `null`.
        Null = "null",
        /// An empty text.
        Empty = "empty",
    }
}

choice! {
    /// What dropping a session that has ended answers.
    EndedDrop {
        /// The 500 of an invalid id.
        #[default]
        Failure = "failure",
        /// The 200 of a drop that worked.
        Success = "success",
    }
}

choice! {
    /// What a write with a read-only authorization answers on a session.
    ReadOnlyWrite {
        /// The 500 of a missing resource.
        #[default]
        NotAuthorized = "not-authorized",
        /// 400 with exception 1039, as other writes do.
        Exception = "1039",
    }
}

choice! {
    /// What a caller whom the authorization excludes (address, client certificate) is answered.
    Excluded {
        /// The 500 of a missing resource.
        #[default]
        NotAuthorized = "not-authorized",
        /// The gateway's "no route".
        NoRoute = "no-route",
        /// 403 in an envelope.
        Forbidden = "forbidden",
    }
}

choice! {
    /// What an expired or disabled authorization answers.
    Inactive {
        /// 401 `Inactive authorization`.
        #[default]
        Named = "named",
        /// The 500 of a missing resource.
        NotAuthorized = "not-authorized",
        /// As if the keys were unknown.
        Unknown = "unknown",
    }
}

choice! {
    /// What an empty list of addresses means.
    NoAddresses {
        /// Any address may call.
        #[default]
        Any = "any",
        /// None may.
        None = "none",
    }
}

choice! {
    /// Whether OAuth 1.0 requests need a nonce and a timestamp.
    Stamps {
        /// They do (RFC 5849 section 3.1).
        #[default]
        Required = "required",
        /// Both may be absent, as the vendor's table says.
        Optional = "optional",
    }
}

choice! {
    /// The form of the listing.
    ListingForm {
        /// One envelope around the array.
        #[default]
        Flat = "flat",
        /// The whole envelope again as the only element of its own array.
        Nested = "nested",
    }
}

choice! {
    /// Which paths are served.
    Served {
        /// Those of the profile and of the generations before it.
        #[default]
        Compatible = "compatible",
        /// Those that the profile's pages print.
        Documented = "documented",
        /// Every path of every generation.
        All = "all",
    }
}

choice! {
    /// Whether CEF alerts come between extra pipes, as one page prints them.
    CefPipes {
        /// They do not.
        #[default]
        No = "no",
        /// They do.
        Yes = "yes",
    }
}

/// The switches, each with the value that the specification infers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Switches {
    /// What `end` holds while a session runs.
    pub running_end: RunningEnd,
    /// What `time` holds while a session runs.
    pub running_time: RunningTime,
    /// What dropping a session that has ended answers.
    pub ended_drop: EndedDrop,
    /// What a write with a read-only authorization answers.
    pub read_only_write: ReadOnlyWrite,
    /// What a caller from an address that is not listed is answered.
    pub address_denied: Excluded,
    /// What a caller with another client certificate than the authorization's is answered.
    pub certificate_denied: Excluded,
    /// What an expired or disabled authorization answers.
    pub inactive: Inactive,
    /// What an empty list of addresses means.
    pub no_addresses: NoAddresses,
    /// Whether a nonce and a timestamp are needed.
    pub stamps: Stamps,
    /// How far a timestamp may be off, in either direction.
    pub window: Duration,
    /// The form of the listing.
    pub listing: ListingForm,
    /// Which paths are served.
    pub routes: Served,
    /// The status of the gateway's "no route".
    pub gateway_status: StatusCode,
    /// The status of `Invalid signature`.
    pub signature_status: StatusCode,
    /// The status of `Client authentication failed`.
    pub client_status: StatusCode,
    /// The status of a bearer token that is expired or unknown.
    pub token_status: StatusCode,
    /// Whether CEF alerts come between extra pipes.
    pub cef_pipes: CefPipes,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            running_end: RunningEnd::default(),
            running_time: RunningTime::default(),
            ended_drop: EndedDrop::default(),
            read_only_write: ReadOnlyWrite::default(),
            address_denied: Excluded::default(),
            certificate_denied: Excluded::default(),
            inactive: Inactive::default(),
            no_addresses: NoAddresses::default(),
            stamps: Stamps::default(),
            window: Duration::from_secs(300),
            listing: ListingForm::default(),
            routes: Served::default(),
            gateway_status: StatusCode::NOT_FOUND,
            signature_status: StatusCode::UNAUTHORIZED,
            client_status: StatusCode::UNAUTHORIZED,
            token_status: StatusCode::UNAUTHORIZED,
            cef_pipes: CefPipes::default(),
        }
    }
}

/// One switch, for a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwitchEntry {
    /// Its name.
    pub name: &'static str,
    /// What it decides.
    pub description: &'static str,
    /// The values it takes; empty for a number.
    pub values: &'static [&'static str],
}

/// A switch that can't be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwitchError {
    /// No `=`.
    #[error("`{0}` is no switch; write NAME=VALUE")]
    Form(String),
    /// No switch has this name.
    #[error("unknown switch `{name}`; there are {known}")]
    Name {
        /// The name as given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The switch has no such value.
    #[error("`{value}` is no value of switch `{name}`; it takes {takes}")]
    Value {
        /// The switch.
        name: &'static str,
        /// The value as given.
        value: String,
        /// What it takes.
        takes: String,
    },
}

const STATUS: &[&str] = &[];

/// Generates everything that goes through the switches one by one from one list of them.
macro_rules! switches {
    ($( $name:literal $field:ident: $kind:tt $description:literal, )+) => {
        const CATALOGUE: &[SwitchEntry] = &[$( SwitchEntry {
            name: $name,
            description: $description,
            values: switches!(@values $kind),
        }, )+];

        fn assign(switches: &mut Switches, name: &str, value: &str) -> bool {
            match name {
                $( $name => match switches!(@parse $kind value) {
                    Some(parsed) => {
                        switches.$field = parsed;
                        true
                    }
                    None => false,
                }, )+
                _ => false,
            }
        }

        fn value(switches: &Switches, name: &str) -> Option<String> {
            match name {
                $( $name => Some(switches!(@print $kind switches.$field)), )+
                _ => None,
            }
        }
    };
    (@values status) => { STATUS };
    (@values seconds) => { STATUS };
    (@values $kind:ident) => { $kind::NAMES };
    (@parse status $value:ident) => {
        $value.parse::<u16>().ok().filter(|code| (200..600).contains(code))
            .and_then(|code| StatusCode::from_u16(code).ok())
    };
    (@parse seconds $value:ident) => { $value.parse().ok().map(Duration::from_secs) };
    (@parse $kind:ident $value:ident) => { $kind::parse($value) };
    (@print status $value:expr) => { $value.as_u16().to_string() };
    (@print seconds $value:expr) => { $value.as_secs().to_string() };
    (@print $kind:ident $value:expr) => { $value.name().to_owned() };
}

switches! {
    "running-end" running_end: RunningEnd "what `end` holds while a session runs",
    "running-time" running_time: RunningTime "what `time` holds while a session runs",
    "ended-drop" ended_drop: EndedDrop "what dropping a session that has ended answers",
    "read-only-write" read_only_write: ReadOnlyWrite
        "what a write with a read-only authorization answers",
    "address-denied" address_denied: Excluded
        "what a caller from an address that is not listed is answered",
    "certificate-denied" certificate_denied: Excluded
        "what a caller with the wrong client certificate is answered",
    "inactive" inactive: Inactive "what an expired or disabled authorization answers",
    "no-addresses" no_addresses: NoAddresses "what an empty list of addresses means",
    "stamps" stamps: Stamps "whether OAuth 1.0 requests need a nonce and a timestamp",
    "window" window: seconds "how many seconds a timestamp may be off",
    "listing" listing: ListingForm "the form of the listing",
    "routes" routes: Served "which paths are served",
    "gateway-status" gateway_status: status "the HTTP status of the gateway's \"no route\"",
    "signature-status" signature_status: status "the HTTP status of `Invalid signature`",
    "client-status" client_status: status "the HTTP status of `Client authentication failed`",
    "token-status" token_status: status "the HTTP status of an expired or unknown bearer token",
    "cef-pipes" cef_pipes: CefPipes "whether CEF alerts come between extra pipes",
}

impl Switches {
    /// Every switch with its values.
    #[must_use]
    pub fn catalogue() -> &'static [SwitchEntry] {
        CATALOGUE
    }

    /// The present value of a switch, by its name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<String> {
        value(self, name)
    }

    /// Sets a switch from `NAME=VALUE`.
    ///
    /// # Errors
    /// [`SwitchError`] names the switches or the values there are.
    ///
    /// ```
    /// let mut switches = pam_mock::Switches::default();
    /// switches.set("running-end=empty")?;
    /// assert_eq!(switches.running_end, pam_mock::RunningEnd::Empty);
    /// # Ok::<(), pam_mock::SwitchError>(())
    /// ```
    pub fn set(&mut self, assignment: &str) -> Result<(), SwitchError> {
        let (name, value) = assignment
            .split_once('=')
            .ok_or_else(|| SwitchError::Form(assignment.to_owned()))?;
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == name) else {
            let known: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
            return Err(SwitchError::Name {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        if assign(self, name, value) {
            return Ok(());
        }
        let takes = match entry.values {
            [] => "a number".to_owned(),
            values => values.join(", "),
        };
        Err(SwitchError::Value {
            name: entry.name,
            value: value.to_owned(),
            takes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_can_be_set_and_read_back() {
        let mut switches = Switches::default();
        for entry in Switches::catalogue() {
            let default = switches.value(entry.name).unwrap();
            let number = [default.as_str()];
            let values = if entry.values.is_empty() {
                &number
            } else {
                entry.values
            };
            for value in values {
                switches.set(&format!("{}={value}", entry.name)).unwrap();
                assert_eq!(switches.value(entry.name).as_deref(), Some(*value));
            }
        }
    }

    #[test]
    fn a_wrong_switch_says_what_there_is() {
        let mut switches = Switches::default();
        for (text, part) in [
            ("running-end", "NAME=VALUE"),
            ("end=null", "running-end"),
            ("running-end=none", "absent"),
            ("gateway-status=99", "number"),
            ("window=-1", "number"),
        ] {
            let error = switches.set(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert_eq!(switches, Switches::default());
    }
}
