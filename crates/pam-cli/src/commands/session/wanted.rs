//! Which sessions are wanted: the filter options that several commands share.

use clap::Args;
use pam_guard::Filter as Expression;
use pam_proto::listing::{Filter, Network};

use crate::appliance_time::{Clock, When};
use crate::filter;

/// The filter options. All conditions must hold.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Filter options")]
pub(super) struct Wanted {
    /// Only sessions that run
    #[arg(long)]
    active: bool,
    /// Only sessions of this vault user
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// Only sessions to this target: `192.0.2.20:22`, or `192.0.2.20` for any port
    #[arg(long, value_name = "DEVICE")]
    device: Option<String>,
    /// Only sessions that use this credential (its user name)
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Only sessions of this protocol: ssh, rdp, …
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,
    /// Only sessions whose user comes from this address or network
    #[arg(long, value_name = "CIDR")]
    origin: Option<Network>,
    /// Only sessions that started after this time: by the appliance's clock, in UTC with a `Z`,
    /// or so long ago, such as `2h`
    #[arg(long, value_name = "TIME")]
    started_after: Option<When>,
    /// Only sessions that started before this time, written alike
    #[arg(long, value_name = "TIME")]
    started_before: Option<When>,
    /// Only sessions that this expression means, such as `user=alice and started<2h`
    #[arg(long, value_name = "EXPR", value_parser = filter::parse)]
    filter: Option<Expression>,
}

impl Wanted {
    /// What is asked of each session, at this moment.
    pub(super) fn filter(&self, clock: &Clock) -> Filter {
        let mut filter = Filter::new();
        if self.active {
            filter = filter.active();
        }
        if let Some(user) = &self.user {
            filter = filter.user(user);
        }
        if let Some(device) = &self.device {
            filter = filter.device(device);
        }
        if let Some(credential) = &self.credential {
            filter = filter.credential(credential);
        }
        if let Some(protocol) = &self.protocol {
            filter = filter.protocol(protocol);
        }
        if let Some(network) = self.origin {
            filter = filter.origin(network);
        }
        if let Some(time) = self.started_after {
            filter = filter.started_after(clock.shows(time));
        }
        if let Some(time) = self.started_before {
            filter = filter.started_before(clock.shows(time));
        }
        if let Some(expression) = &self.filter {
            filter = filter.and(expression.predicate(clock.now()));
        }
        filter
    }
}
