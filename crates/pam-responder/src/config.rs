//! `responder.toml`: everything that is written down about a responder, every mistake with its
//! line.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base16ct::lower;
use http::header::HeaderName;
use jiff::tz::TimeZone;
use pam_alert::{Mapping, Preset};
use pam_guard::Policy;
use pam_proto::listing::Network;
use pam_respond_core::Settings;
use pam_respond_core::config_text::{ConfigText, Mistake, Section};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::approval::Approval;
use crate::auth::{Auth, Signature, SignatureForm};
use crate::http_intake::{Reading, Webhook};
use crate::secret_file::{self, Shared};
use crate::traces::Traces;

/// What a configuration says.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// What decisions rest on.
    pub core: Settings,
    /// The journal's file.
    pub journal: PathBuf,
    /// How long alerts that have their end are kept.
    pub retention: Duration,
    /// The audit file.
    pub audit: Option<PathBuf>,
    /// The policy's file and the SHA-256 of its content.
    pub policy: Option<(PathBuf, String)>,
    /// The Unix socket by which it is told what to do.
    pub socket: PathBuf,
    /// Nothing is ended while this file exists.
    pub halt_file: Option<PathBuf>,
    /// Where health and metrics are served.
    pub admin: Option<SocketAddr>,
    /// How often the listing is read while nothing is asked.
    pub poll: Option<Duration>,
    pub(crate) http: Option<HttpListener>,
    pub(crate) webhooks: Vec<Webhook>,
    pub(crate) syslog: Vec<SyslogListener>,
    pub(crate) sinks: Vec<Sink>,
    pub(crate) approval: Option<Approval>,
    pub(crate) traces: Option<Traces>,
}

/// Where webhooks come in.
#[derive(Debug, Clone)]
pub(crate) struct HttpListener {
    pub(crate) listen: SocketAddr,
    pub(crate) tls: Option<Tls>,
    pub(crate) body: usize,
    pub(crate) connections: usize,
    pub(crate) rate: u32,
}

/// Where syslog comes in.
#[derive(Debug, Clone)]
pub(crate) struct SyslogListener {
    pub(crate) name: String,
    pub(crate) transport: Transport,
    pub(crate) listen: SocketAddr,
    pub(crate) networks: Vec<Network>,
    pub(crate) tls: Option<Tls>,
    pub(crate) limit: usize,
    pub(crate) connections: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// The files of a TLS listener.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    /// Clients must show a certificate of one of these.
    pub(crate) client_ca: Option<PathBuf>,
}

/// Where reports go.
#[derive(Debug, Clone)]
pub(crate) enum Sink {
    /// CEF over syslog.
    Syslog { target: String, tcp: bool },
    /// A POST of JSON.
    Webhook {
        url: String,
        ca_file: Option<PathBuf>,
        header: Option<(HeaderName, Shared)>,
        /// The body, with `{field}` for each field of the report; Slack's form when absent.
        template: Option<String>,
    },
}

impl Config {
    /// Reads a configuration and the files that it names.
    ///
    /// # Errors
    /// Every mistake, in the order of the lines.
    pub fn read(path: &Path) -> Result<Self, Vec<Mistake>> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            vec![Mistake {
                line: 1,
                reason: format!("{} can't be read: {error}", path.display()),
            }]
        })?;
        let base = path.parent().unwrap_or_else(|| Path::new("."));
        Self::parse(&text, base)
    }

    /// Reads a configuration whose relative paths begin at `base`.
    ///
    /// # Errors
    /// Every mistake, in the order of the lines.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Vec<Mistake>> {
        let mut reader = Reader {
            base,
            mistakes: Vec::new(),
        };
        let config = reader.config(text);
        let mut mistakes = reader.mistakes;
        mistakes.sort();
        if mistakes.is_empty() {
            Ok(config)
        } else {
            Err(mistakes)
        }
    }
}

struct Reader<'b> {
    base: &'b Path,
    mistakes: Vec<Mistake>,
}

impl Reader<'_> {
    fn config(&mut self, text: &str) -> Config {
        let mut root = ConfigText::new(text).root(&mut self.mistakes);
        let zone = |name: &str| TimeZone::get(name).ok();
        let core = Settings::read(&mut root, zone, &mut self.mistakes);
        let mut config = Config {
            core,
            journal: PathBuf::new(),
            retention: Duration::from_secs(90 * 86_400),
            audit: None,
            policy: None,
            socket: PathBuf::new(),
            halt_file: None,
            admin: None,
            poll: Some(Duration::from_secs(15)),
            http: None,
            webhooks: Vec::new(),
            syslog: Vec::new(),
            sinks: Vec::new(),
            approval: None,
            traces: None,
        };
        self.files(&mut root, &mut config);
        if let Some(mut http) = root.section("http", &mut self.mistakes) {
            config.http = self.http(&mut http);
            http.finish(&mut self.mistakes);
        }
        if let Some(mut approval) = root.section("approval", &mut self.mistakes) {
            config.approval = self.approval(&mut approval);
            approval.finish(&mut self.mistakes);
        }
        if let Some(mut traces) = root.section("traces", &mut self.mistakes) {
            config.traces = self.traces(&mut traces);
            traces.finish(&mut self.mistakes);
        }
        for mut section in root.sections("webhook", &mut self.mistakes) {
            config.webhooks.extend(self.webhook(&mut section));
            section.finish(&mut self.mistakes);
        }
        for mut section in root.sections("syslog", &mut self.mistakes) {
            config.syslog.extend(self.syslog(&mut section));
            section.finish(&mut self.mistakes);
        }
        for mut section in root.sections("report", &mut self.mistakes) {
            config.sinks.extend(self.sink(&mut section));
            section.finish(&mut self.mistakes);
        }
        self.coherent(&root, &config);
        root.finish(&mut self.mistakes);
        config
    }

    fn files(&mut self, root: &mut Section<'_>, config: &mut Config) {
        if let Some((_, journal)) = root.required_text("journal", &mut self.mistakes) {
            config.journal = self.base.join(journal);
        }
        let day = Duration::from_secs(86_400);
        let retention = root.duration("retention", day..=3_650 * day, &mut self.mistakes);
        config.retention = retention.unwrap_or(config.retention);
        let audit = root.text("audit", &mut self.mistakes);
        config.audit = audit.map(|(_, audit)| self.base.join(audit));
        let socket = root.text("socket", &mut self.mistakes);
        config.socket = match socket {
            Some((_, socket)) => self.base.join(socket),
            None => config.journal.with_extension("sock"),
        };
        let halt_file = root.text("halt_file", &mut self.mistakes);
        config.halt_file = halt_file.map(|(_, file)| self.base.join(file));
        config.admin = root.parsed("admin", &mut self.mistakes);
        if let Some((line, poll)) = root.text("poll", &mut self.mistakes) {
            let second = Duration::from_secs(1);
            config.poll = match pam_respond_core::config_text::duration(&poll) {
                Some(Duration::ZERO) => None,
                Some(poll) if poll >= second => Some(poll),
                _ => {
                    self.wrong(
                        line,
                        "`poll` is a duration of at least \"1s\", or \"0s\" for never",
                    );
                    None
                }
            };
        }
        if let Some((line, file)) = root.text("policy", &mut self.mistakes) {
            let file = self.base.join(file);
            match std::fs::read_to_string(&file) {
                Ok(text) => match Policy::parse(&text) {
                    Ok(policy) => {
                        config.core.policy = policy;
                        let hash = lower::encode_string(&Sha256::digest(text.as_bytes()));
                        config.policy = Some((file, hash));
                    }
                    Err(error) => self.wrong(line, format!("{}: {error}", file.display())),
                },
                Err(error) => {
                    self.wrong(line, format!("{} can't be read: {error}", file.display()));
                }
            }
        }
    }

    fn wrong(&mut self, line: usize, reason: impl Into<String>) {
        let reason = reason.into();
        self.mistakes.push(Mistake { line, reason });
    }

    fn http(&mut self, section: &mut Section<'_>) -> Option<HttpListener> {
        let listen = self.address(section);
        let tls = self.tls(section);
        let mistakes = &mut self.mistakes;
        let body = section
            .count("max_body", 1_024..=64 << 20, mistakes)
            .unwrap_or(1 << 20);
        let connections = section
            .count("max_connections", 1..=65_536, mistakes)
            .unwrap_or(512);
        let rate = section
            .count("max_per_second", 1..=1_000_000, mistakes)
            .unwrap_or(50_000);
        Some(HttpListener {
            listen: listen?,
            tls,
            body: usize::try_from(body).unwrap_or(1 << 20),
            connections: usize::try_from(connections).unwrap_or(512),
            rate: u32::try_from(rate).unwrap_or(50_000),
        })
    }

    fn approval(&mut self, section: &mut Section<'_>) -> Option<Approval> {
        let url = section.required_text("url", &mut self.mistakes);
        let keys = self.secrets(section, "key_file");
        let (line, url) = url?;
        let uri = url.parse::<http::Uri>().ok();
        let is_url = uri.as_ref().is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http")) && uri.query().is_none()
        });
        if !is_url || url.ends_with('/') {
            self.wrong(line, "`url` is where people reach [http], such as \"https://responder.example.com/approve\"");
        }
        if keys.is_empty() && !section.has("key_file") {
            self.wrong(
                section.line,
                "`approval` needs `key_file`, with which links are signed",
            );
        }
        let path = uri?.path().to_owned();
        Some(Approval { url, path, keys })
    }

    fn address(&mut self, section: &mut Section<'_>) -> Option<SocketAddr> {
        if !section.has("listen") {
            let line = section.line;
            self.wrong(line, "needs `listen`, such as \"127.0.0.1:8514\"");
        }
        section.parsed("listen", &mut self.mistakes)
    }

    fn tls(&mut self, section: &mut Section<'_>) -> Option<Tls> {
        let mut file = |key| {
            let text = section.text(key, &mut self.mistakes);
            text.map(|(line, name)| (line, secret_file::place(&name, self.base)))
        };
        let (certificate, key) = (file("tls_certificate"), file("tls_key"));
        let client_ca = file("client_ca");
        for (line, path) in [&certificate, &key, &client_ca].into_iter().flatten() {
            if !path.is_file() {
                let reason = format!("{} is no file", path.display());
                self.mistakes.push(Mistake {
                    line: *line,
                    reason,
                });
            }
        }
        match (certificate, key) {
            (Some((_, certificate)), Some((_, key))) => Some(Tls {
                certificate,
                key,
                client_ca: client_ca.map(|(_, file)| file),
            }),
            (None, None) => {
                if let Some((line, _)) = client_ca {
                    self.wrong(line, "`client_ca` needs `tls_certificate` and `tls_key`");
                }
                None
            }
            (Some((line, _)), None) | (None, Some((line, _))) => {
                self.wrong(line, "`tls_certificate` and `tls_key` belong together");
                None
            }
        }
    }

    fn webhook(&mut self, section: &mut Section<'_>) -> Option<Webhook> {
        let name = section.required_text("name", &mut self.mistakes);
        let path = section.required_text("path", &mut self.mistakes);
        if let Some((line, path)) = &path
            && (!path.starts_with('/') || path.ends_with('/'))
        {
            self.wrong(
                *line,
                "`path` begins with a slash and does not end with one",
            );
        }
        let reading = self.reading(section);
        let auth = self.auth(section);
        Some(Webhook {
            name: name?.1,
            path: path?.1,
            reading,
            auth,
        })
    }

    fn reading(&mut self, section: &mut Section<'_>) -> Reading {
        let preset = section.parsed::<Preset>("preset", &mut self.mistakes);
        let mapping = section.text("mapping", &mut self.mistakes);
        let Some((line, mapping)) = mapping else {
            return Reading::Preset(preset.unwrap_or(Preset::Auto));
        };
        if preset.is_some() {
            self.wrong(line, "a source has a `preset` or a `mapping`, not both");
        }
        let file = self.base.join(mapping);
        let read = std::fs::read_to_string(&file).map_err(|error| error.to_string());
        let parsed = read.and_then(|text| {
            let deserializer = toml::Deserializer::parse(&text).map_err(|e| e.to_string())?;
            Mapping::deserialize(deserializer).map_err(|error| error.to_string())
        });
        match parsed {
            Ok(mapping) => Reading::Mapping(Box::new(mapping)),
            Err(error) => {
                let error = error.lines().collect::<Vec<_>>().join("; ");
                self.wrong(line, format!("{}: {error}", file.display()));
                Reading::Preset(Preset::Auto)
            }
        }
    }

    /// The secrets of a file; none when the key is absent.
    fn secrets(&mut self, section: &mut Section<'_>, key: &'static str) -> Vec<Shared> {
        let Some((line, files)) = section.texts(key, &mut self.mistakes) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for file in files {
            match secret_file::read(&file, self.base) {
                Ok(secrets) => all.extend(secrets),
                Err(reason) => self.wrong(line, format!("`{key}`: {reason}")),
            }
        }
        all
    }

    fn header(&mut self, section: &mut Section<'_>, key: &'static str) -> Option<HeaderName> {
        let (line, name) = section.text(key, &mut self.mistakes)?;
        let header = name.parse().ok();
        if header.is_none() {
            self.wrong(line, format!("`{key}`: `{name}` is no name of a header"));
        }
        header
    }

    fn networks(&mut self, section: &mut Section<'_>) -> Vec<Network> {
        let Some((line, texts)) = section.texts("networks", &mut self.mistakes) else {
            return Vec::new();
        };
        let mut networks = Vec::new();
        for text in texts {
            match text.parse() {
                Ok(network) => networks.push(network),
                Err(error) => self.wrong(line, format!("`networks`: `{text}`: {error}")),
            }
        }
        networks
    }

    fn auth(&mut self, section: &mut Section<'_>) -> Auth {
        let line = section.line;
        let header_name = self.header(section, "header");
        let header_secrets = self.secrets(section, "header_file");
        let header = match (header_name, header_secrets.is_empty()) {
            (Some(name), false) => Some((name, header_secrets)),
            (None, true) => None,
            _ => {
                self.wrong(line, "`header` and `header_file` belong together");
                None
            }
        };
        let names = section.texts("client_names", &mut self.mistakes);
        let client_names = names.map(|(_, names)| names).unwrap_or_default();
        let certificate = section.flag("client_certificate", &mut self.mistakes);
        Auth {
            bearer: self.secrets(section, "bearer_file"),
            header,
            basic: self.secrets(section, "basic_file"),
            path_token: self.secrets(section, "path_token_file"),
            hmac: self.hmac(section),
            networks: self.networks(section),
            client_certificate: certificate.unwrap_or(!client_names.is_empty()),
            client_names,
        }
    }

    fn hmac(&mut self, section: &mut Section<'_>) -> Option<Signature> {
        let line = section.line;
        let forms = [("grafana", 0), ("github", 1), ("standard", 2)];
        let form = section.word("hmac", &forms, &mut self.mistakes);
        let keys = self.secrets(section, "hmac_file");
        let header = self.header(section, "hmac_header");
        let timestamp = self.header(section, "hmac_timestamp_header");
        let hour = Duration::from_secs(3_600);
        let window = section.duration(
            "replay_window",
            Duration::from_secs(1)..=hour,
            &mut self.mistakes,
        );
        let form = match (form, keys.is_empty()) {
            (None, true) => return None,
            (Some(form), false) => form,
            _ => {
                self.wrong(line, "`hmac` and `hmac_file` belong together");
                return None;
            }
        };
        let form = match form {
            0 => SignatureForm::Grafana {
                header: header.unwrap_or(HeaderName::from_static("x-grafana-alerting-signature")),
                timestamp,
            },
            1 => SignatureForm::GitHub,
            _ => SignatureForm::Standard,
        };
        Some(Signature {
            form,
            keys,
            window: window.unwrap_or(Duration::from_secs(300)),
        })
    }

    fn syslog(&mut self, section: &mut Section<'_>) -> Option<SyslogListener> {
        let name = section.required_text("name", &mut self.mistakes);
        let transports = [
            ("udp", Transport::Udp),
            ("tcp", Transport::Tcp),
            ("tls", Transport::Tls),
        ];
        let transport = section.word("transport", &transports, &mut self.mistakes);
        let transport = transport.unwrap_or(Transport::Udp);
        let listen = self.address(section);
        let networks = self.networks(section);
        let tls = self.tls(section);
        let line = section.line;
        match (transport, &tls) {
            (Transport::Udp, _) if networks.is_empty() => {
                let reason = "the sender of a datagram can be forged: name the `networks` from \
                              which it may come";
                self.wrong(line, reason);
            }
            (Transport::Tls, None) => {
                self.wrong(
                    line,
                    "`transport = \"tls\"` needs `tls_certificate` and `tls_key`",
                );
            }
            (Transport::Udp | Transport::Tcp, Some(_)) => {
                self.wrong(
                    line,
                    "a certificate is of use with `transport = \"tls\"` only",
                );
            }
            _ => {}
        }
        let limit = section.count("max_message", 480..=1 << 20, &mut self.mistakes);
        let connections = section.count("max_connections", 1..=65_536, &mut self.mistakes);
        Some(SyslogListener {
            name: name?.1,
            transport,
            listen: listen?,
            networks,
            tls,
            limit: usize::try_from(limit.unwrap_or(64 << 10)).unwrap_or(64 << 10),
            connections: usize::try_from(connections.unwrap_or(512)).unwrap_or(512),
        })
    }

    fn sink(&mut self, section: &mut Section<'_>) -> Option<Sink> {
        let line = section.line;
        let syslog = section.text("syslog", &mut self.mistakes);
        let transport = section.word(
            "transport",
            &[("udp", false), ("tcp", true)],
            &mut self.mistakes,
        );
        let webhook = section.text("webhook", &mut self.mistakes);
        let ca_file = section.text("ca_file", &mut self.mistakes);
        let ca_file = ca_file.map(|(_, file)| secret_file::place(&file, self.base));
        let name = self.header(section, "header");
        let mut secrets = self.secrets(section, "header_file");
        let template = section.text("template", &mut self.mistakes);
        let template = template.map(|(_, template)| template);
        match (syslog, webhook) {
            (Some((line, target)), None) => {
                let port = target.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
                if !matches!(port, Some(Ok(_))) {
                    self.wrong(line, format!("`syslog`: `{target}` is no HOST:PORT"));
                }
                let tcp = transport.unwrap_or_default();
                Some(Sink::Syslog { target, tcp })
            }
            (None, Some((line, url))) => {
                self.receiver("webhook", line, &url);
                let header = name.zip((!secrets.is_empty()).then(|| secrets.remove(0)));
                Some(Sink::Webhook {
                    url,
                    ca_file,
                    header,
                    template,
                })
            }
            _ => {
                self.wrong(
                    line,
                    "a report goes to `syslog` or to a `webhook`: give one of the two",
                );
                None
            }
        }
    }

    /// Where something is posted to.
    fn receiver(&mut self, key: &str, line: usize, url: &str) {
        let uri = url.parse::<http::Uri>().ok();
        let scheme = uri.as_ref().and_then(|uri| uri.scheme_str());
        let local = uri.as_ref().and_then(|uri| uri.host()).is_some_and(|host| {
            let ip = host.parse::<std::net::IpAddr>();
            host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        });
        if !(scheme == Some("https") || scheme == Some("http") && local) {
            let reason = format!("`{key}` is an https:// URL; http:// is for this machine only");
            self.wrong(line, reason);
        }
    }

    fn traces(&mut self, section: &mut Section<'_>) -> Option<Traces> {
        let otlp = section.required_text("otlp", &mut self.mistakes);
        let ca_file = section.text("ca_file", &mut self.mistakes);
        let name = self.header(section, "header");
        let mut secrets = self.secrets(section, "header_file");
        let service = section.text("service", &mut self.mistakes);
        let (line, url) = otlp?;
        self.receiver("otlp", line, &url);
        Some(Traces {
            url,
            ca_file: ca_file.map(|(_, file)| secret_file::place(&file, self.base)),
            header: name.zip((!secrets.is_empty()).then(|| secrets.remove(0))),
            service: service.map_or_else(|| "pamctl-responder".to_owned(), |(_, name)| name),
        })
    }

    /// What no single section shows.
    fn coherent(&mut self, root: &Section<'_>, config: &Config) {
        if config.http.is_none() && !config.webhooks.is_empty() {
            self.wrong(root.line, "there are webhooks and no [http] to listen");
        }
        if config.http.is_none() && config.approval.is_some() {
            self.wrong(
                root.line,
                "[approval] needs [http], which answers its links",
            );
        }
        let mut paths = BTreeMap::new();
        if let Some(approval) = &config.approval {
            paths.insert(approval.path.clone(), "approval".to_owned());
        }
        for webhook in &config.webhooks {
            if let Some(other) = paths.insert(webhook.path.clone(), webhook.name.clone()) {
                let reason = format!("`{other}` and `{}` have the same path", webhook.name);
                self.wrong(root.line, reason);
            }
            let has_ca = config.http.as_ref().and_then(|http| http.tls.as_ref());
            let has_ca = has_ca.is_some_and(|tls| tls.client_ca.is_some());
            if webhook.auth.client_certificate && !has_ca {
                let reason = format!(
                    "`{}` asks for a client certificate: [http] needs `client_ca`",
                    webhook.name
                );
                self.wrong(root.line, reason);
            }
        }
        let now = pam_respond_core::Moment::from(jiff::Timestamp::now());
        self.mistakes.extend(config.core.refused_by_policy(now));
    }
}
