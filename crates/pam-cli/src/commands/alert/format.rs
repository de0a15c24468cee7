//! In which format alerts are.

use std::path::Path;

use clap::ValueEnum;
use pam_alert::{Mapping, Preset};

use crate::failure::Failure;

/// In which format alerts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Whichever of the others it looks like
    Auto,
    /// Messages of syslog, counted (RFC 6587) or one a line, whatever is in them
    Syslog,
    /// The same, and each must hold CEF
    Cef,
    /// The same, and each must hold LEEF
    Leef,
    /// JSON with common names
    Json,
    /// Prometheus Alertmanager's webhook
    Alertmanager,
    /// Grafana alerting's webhook
    Grafana,
    /// ElastAlert 2's alerter `post`
    #[value(name = "elastalert2")]
    ElastAlert2,
    /// Kibana's webhook connector with the documented template
    Kibana,
    /// Splunk's webhook or custom alert action
    Splunk,
    /// Wazuh's integrator or active response
    Wazuh,
    /// An incident of Microsoft Sentinel
    Sentinel,
    /// Azure Monitor's common alert schema
    AzureMonitor,
    /// Falco through falcosidekick
    Falco,
}

impl Format {
    /// The preset that reads it, where it is JSON.
    pub(super) fn preset(self) -> Option<Preset> {
        Some(match self {
            Self::Auto | Self::Syslog | Self::Cef | Self::Leef => return None,
            Self::Json => Preset::Generic,
            Self::Alertmanager => Preset::Alertmanager,
            Self::Grafana => Preset::Grafana,
            Self::ElastAlert2 => Preset::ElastAlert2,
            Self::Kibana => Preset::Kibana,
            Self::Splunk => Preset::Splunk,
            Self::Wazuh => Preset::Wazuh,
            Self::Sentinel => Preset::Sentinel,
            Self::AzureMonitor => Preset::AzureMonitor,
            Self::Falco => Preset::Falco,
        })
    }
}

/// Reads a mapping of JSON pointers from a file.
pub(super) fn mapping(path: &Path) -> Result<Mapping, Failure> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("can't read the mapping {shown}: {error}")))?;
    toml::from_str(&text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let line = text
            .get(..at)
            .map_or(1, |before| before.lines().count().max(1));
        let message = error.message().lines().next().unwrap_or("not readable");
        Failure::usage(format!("{shown}, line {line}: {message}"))
    })
}
