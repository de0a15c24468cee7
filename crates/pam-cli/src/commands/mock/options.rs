//! What the mock is to be, as typed.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use pam_mock::{
    AlertFormat, Builder, ClientCertificates, Fault, Life, MockAppliance, Profile, State, Switches,
    Syslog, SyslogTransport,
};

use crate::failure::Failure;
use crate::quantity;

/// How many sessions are made up when nothing else is said.
const SESSIONS: u64 = 20;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Where to listen; port 0 is any free port
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Listen on an address that other machines can reach
    #[arg(long)]
    allow_remote: bool,
    /// Speak http without TLS, on loopback only
    #[arg(long)]
    plain_http: bool,
    /// A further host name or address for the certificate; repeatable
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
    /// Whether callers show a client certificate
    #[arg(long, value_enum, default_value_t = Certificates::Ignored)]
    client_certificates: Certificates,
    /// The URL by which callers reach it through a reverse proxy; it is what they sign
    #[arg(long, value_name = "URL", conflicts_with = "behind_proxy")]
    public_url: Option<String>,
    /// Believe the X-Forwarded-… headers of a reverse proxy
    #[arg(long)]
    behind_proxy: bool,

    /// Which generation of the appliance to be: v3.32, v3.33, v4.0 or current
    // A text, as the global option of the same name is one.
    #[arg(long, default_value_t = Profile::default().to_string())]
    profile: String,
    /// Set what the documents leave open; repeatable, see `pamctl mock switches`
    #[arg(long, value_name = "NAME=VALUE")]
    switch: Vec<String>,
    /// Make something go wrong; repeatable, see `pamctl mock faults`
    #[arg(long, value_name = "NAME[:ARG]")]
    fault: Vec<Fault>,
    /// The tenant that answers carry
    #[arg(long)]
    tenant: Option<String>,
    /// How many minutes the appliance's clock is ahead of UTC
    #[arg(
        long,
        value_name = "MINUTES",
        default_value_t = 0,
        allow_negative_numbers = true
    )]
    utc_offset: i16,
    /// How long an OAuth 2.0 token is good [default: 1h]
    #[arg(long, value_name = "TIME", value_parser = quantity::deadline)]
    token_lifetime: Option<Duration>,
    /// Log for each refused signature what was signed and the first difference
    #[arg(long)]
    explain: bool,

    /// How many sessions to make up [default: 20, or none beside --state]
    #[arg(long, value_name = "N", help_heading = "Sessions")]
    sessions: Option<u64>,
    /// How many of them run [default: a quarter]
    #[arg(long, value_name = "M", help_heading = "Sessions")]
    active: Option<u64>,
    /// What everything made up comes from: the same seed gives the same sessions
    #[arg(long, value_name = "S", default_value_t = 1, help_heading = "Sessions")]
    seed: u64,
    /// Sessions and applications from a JSON file
    #[arg(long, value_name = "FILE", help_heading = "Sessions")]
    state: Option<PathBuf>,
    /// Fill the listing up to so many rows, made up while they are sent
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Sessions")]
    listing_size: u64,
    /// How many sessions start in a minute on average
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = 0.0,
        help_heading = "Sessions"
    )]
    arrivals: f64,
    /// How long a session lasts on average; without it none ends by itself
    #[arg(long, value_name = "TIME", value_parser = quantity::deadline, help_heading = "Sessions")]
    mean_duration: Option<Duration>,
    /// How long after its drop a session ends
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = quantity::duration, help_heading = "Sessions")]
    drop_delay: Duration,
    /// How far the listing lags behind
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = quantity::duration, help_heading = "Sessions")]
    listing_lag: Duration,
    /// Dropped users come back after this long
    #[arg(long, value_name = "TIME", value_parser = quantity::duration, help_heading = "Sessions")]
    reconnect_after: Option<Duration>,

    /// Send the alerts that the appliance would to this SIEM
    #[arg(long, value_name = "HOST:PORT", help_heading = "Alerts")]
    syslog: Option<String>,
    /// Send alerts over TCP, one a line, in place of UDP
    #[arg(long, requires = "syslog", help_heading = "Alerts")]
    syslog_tcp: bool,
    /// How alerts are written
    #[arg(long, value_enum, requires = "syslog", default_value_t = Format::Cef, help_heading = "Alerts")]
    syslog_format: Format,
    /// How many security alerts the running sessions cause in a minute on average
    #[arg(
        long,
        value_name = "RATE",
        default_value_t = 0.0,
        help_heading = "Alerts"
    )]
    alerts: f64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Certificates {
    /// They are not asked for one
    Ignored,
    /// They are asked, and may go without
    Requested,
    /// No connection without one of the mock's CA
    Required,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// CEF after a syslog header
    Cef,
    /// The appliance's own line, like RFC 5424
    Line,
}

impl Options {
    /// The mock that is meant.
    pub(super) fn builder(self) -> Result<Builder, Failure> {
        let refuse = |error: &dyn std::fmt::Display| Failure::usage(error.to_string());
        let profile: Profile = self.profile.parse().map_err(|error| refuse(&error))?;
        let mut switches = Switches::default();
        for assignment in &self.switch {
            switches.set(assignment).map_err(|error| refuse(&error))?;
        }
        let made_up = match (self.sessions, self.active, &self.state) {
            (Some(sessions), ..) => sessions,
            (None, Some(active), _) => active.max(SESSIONS),
            (None, None, Some(_)) => 0,
            (None, None, None) => SESSIONS,
        };
        let mut life = Life::default();
        life.arrivals_per_minute = self.arrivals;
        life.mean_duration = self.mean_duration;
        life.drop_delay = self.drop_delay;
        life.listing_lag = self.listing_lag;
        life.reconnect_after = self.reconnect_after;
        life.alerts_per_minute = self.alerts;
        let mut builder = MockAppliance::builder()
            .listen(self.listen)
            .names(self.name)
            .client_certificates(match self.client_certificates {
                Certificates::Ignored => ClientCertificates::Ignored,
                Certificates::Requested => ClientCertificates::Requested,
                Certificates::Required => ClientCertificates::Required,
            })
            .profile(profile)
            .switches(switches)
            .utc_offset(self.utc_offset)
            .sessions(made_up, self.active.unwrap_or(made_up.div_ceil(4)))
            .seed(self.seed)
            .listing_size(self.listing_size)
            .life(life);
        for fault in self.fault {
            builder = builder.fault(fault);
        }
        if self.allow_remote {
            builder = builder.beyond_loopback();
        }
        if self.plain_http {
            builder = builder.plain_http();
        }
        if let Some(url) = self.public_url {
            builder = builder.public_url(url);
        }
        if self.behind_proxy {
            builder = builder.behind_proxy();
        }
        if let Some(tenant) = self.tenant {
            builder = builder.tenant(tenant);
        }
        if let Some(lifetime) = self.token_lifetime {
            builder = builder.token_lifetime(lifetime);
        }
        if self.explain {
            builder = builder.explain();
        }
        if let Some(path) = self.state {
            builder = builder.state(State::read(path).map_err(|error| refuse(&error))?);
        }
        if let Some(target) = self.syslog {
            let mut syslog = Syslog::new(target).map_err(|error| refuse(&error))?;
            if self.syslog_tcp {
                syslog.transport = SyslogTransport::Tcp;
            }
            syslog.format = match self.syslog_format {
                Format::Cef => AlertFormat::Cef,
                Format::Line => AlertFormat::Line,
            };
            builder = builder.syslog(syslog);
        }
        Ok(builder)
    }
}
