//! The senders whose documents are known.

use std::str::FromStr;
use std::sync::LazyLock;

use serde_json::Value;

use super::Mapping;

/// A sender whose documents are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Preset {
    /// Whichever of the others the document looks like.
    Auto,
    /// Any sender that uses common names: ours, those of the Elastic Common Schema, or CEF's.
    Generic,
    /// Prometheus Alertmanager, version 4 of its webhook.
    Alertmanager,
    /// Grafana alerting.
    Grafana,
    /// ElastAlert 2, its alerter `post`.
    ElastAlert2,
    /// Kibana's webhook connector with the template of `docs/alerts.md`.
    Kibana,
    /// Splunk: the webhook action, and the JSON of a custom alert action.
    Splunk,
    /// Wazuh: its integrator, and active responses of 4.x and 5.x.
    Wazuh,
    /// Microsoft Sentinel: an incident that a Logic App passes on.
    Sentinel,
    /// Azure Monitor's common alert schema.
    AzureMonitor,
    /// Falco through falcosidekick.
    Falco,
}

/// A name that no preset has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no preset is called {0:?}; there are: {names}", names = Preset::names())]
pub struct UnknownPreset(String);

impl Preset {
    /// Every preset.
    pub const ALL: [Self; 11] = [
        Self::Auto,
        Self::Generic,
        Self::Alertmanager,
        Self::Grafana,
        Self::ElastAlert2,
        Self::Kibana,
        Self::Splunk,
        Self::Wazuh,
        Self::Sentinel,
        Self::AzureMonitor,
        Self::Falco,
    ];

    /// Its name in configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Generic => "json",
            Self::Alertmanager => "alertmanager",
            Self::Grafana => "grafana",
            Self::ElastAlert2 => "elastalert2",
            Self::Kibana => "kibana",
            Self::Splunk => "splunk",
            Self::Wazuh => "wazuh",
            Self::Sentinel => "sentinel",
            Self::AzureMonitor => "azure-monitor",
            Self::Falco => "falco",
        }
    }

    fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// What a document looks like.
    pub fn detect(document: &Value) -> Self {
        let document = match document {
            Value::Array(list) => list.first().unwrap_or(document),
            document => document,
        };
        let has = |path: &str| document.pointer(path).is_some();
        if has("/alerts") && has("/groupLabels") {
            match has("/orgId") || has("/appVersion") {
                true => Self::Grafana,
                false => Self::Alertmanager,
            }
        } else if has("/objectSchemaType") || has("/object/properties/incidentNumber") {
            Self::Sentinel
        } else if has("/schemaId") && has("/data/essentials") {
            Self::AzureMonitor
        } else if has("/output_fields") && has("/rule") {
            Self::Falco
        } else if has("/sid") && has("/result") {
            Self::Splunk
        } else if has("/parameters/alert")
            || has("/wazuh/active_response")
            || has("/all_fields/rule")
            || (has("/rule/level") && (has("/agent") || has("/manager")))
        {
            Self::Wazuh
        } else if has("/num_hits") || (has("/_id") && has("/_index")) {
            Self::ElastAlert2
        } else if has("/kibana/rule") {
            Self::Kibana
        } else {
            Self::Generic
        }
    }

    /// The preset itself, or the one that a document looks like.
    pub(super) fn of(self, document: &Value) -> Self {
        match self {
            Self::Auto => Self::detect(document),
            other => other,
        }
    }

    /// Which part of its documents means what, as a configuration could say it.
    pub fn mapping(self) -> &'static Mapping {
        static MAPPINGS: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
            let texts = Preset::ALL.into_iter().map(Preset::text);
            texts
                .map(|text| serde_json::from_str(text).unwrap_or_default())
                .collect()
        });
        let at = Self::ALL.iter().position(|preset| *preset == self);
        static EMPTY: LazyLock<Mapping> = LazyLock::new(Mapping::default);
        at.and_then(|at| MAPPINGS.get(at)).unwrap_or(&EMPTY)
    }

    fn text(self) -> &'static str {
        match self {
            Self::Auto | Self::Generic => include_str!("presets/generic.json"),
            Self::Alertmanager => include_str!("presets/alertmanager.json"),
            Self::Grafana => include_str!("presets/grafana.json"),
            Self::ElastAlert2 => include_str!("presets/elastalert2.json"),
            Self::Kibana => include_str!("presets/kibana.json"),
            Self::Splunk => include_str!("presets/splunk.json"),
            Self::Wazuh => include_str!("presets/wazuh.json"),
            Self::Sentinel => include_str!("presets/sentinel.json"),
            Self::AzureMonitor => include_str!("presets/azure_monitor.json"),
            Self::Falco => include_str!("presets/falco.json"),
        }
    }
}

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        let mut all = Self::ALL.into_iter();
        all.find(|preset| preset.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownPreset(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_a_mapping_that_a_configuration_could_hold() {
        for preset in Preset::ALL {
            let mapping: Result<Mapping, _> = serde_json::from_str(preset.text());
            let mapping = mapping.unwrap_or_else(|error| panic!("{}: {error}", preset.name()));
            assert_ne!(mapping, Mapping::default(), "{}", preset.name());
            assert_eq!(*preset.mapping(), mapping);
            assert_eq!(preset.name().parse(), Ok(preset));
        }
        assert!("nagios".parse::<Preset>().is_err());
    }
}
