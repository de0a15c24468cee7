//! Programs that raise alerts themselves: logger, Prometheus Alertmanager, and curl in the place of
//! Splunk and of Elastic.

use std::process::Command;

use serde_json::json;
use xshell::{Shell, cmd};

use super::super::Bench;
use super::scene::{self, BEARER, HMAC_KEY, PATH_TOKEN, Scene};
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// logger sends RFC 5424 and RFC 3164, over UDP and over TCP, counted and by lines.
pub(in super::super) fn logger(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has(sh, "logger") {
        return Ok(Outcome::Skipped(
            "logger not found (Debian: bsdutils)".into(),
        ));
    }
    if !has(sh, "curl") {
        return Ok(Outcome::Skipped("curl not found".into()));
    }
    let mut scene = Scene::start(bench, "logger", None)?;
    let ways: [(&str, &str, &[&str]); 4] = [
        ("RFC 5424 over UDP", "udp", &["--udp", "--rfc5424"]),
        ("RFC 3164 over UDP", "udp", &["--udp", "--rfc3164"]),
        (
            "RFC 5424 over TCP, counted",
            "tcp",
            &["--tcp", "--octet-count", "--rfc5424"],
        ),
        (
            "RFC 3164 over TCP, by lines",
            "tcp",
            &["--tcp", "--rfc3164"],
        ),
    ];
    for (way, listener, options) in ways {
        let target = scene.target()?;
        let user = &target.user;
        let text = format!(
            "CEF:0|MT4|Segura|4.0.0-1|12|Command detected - High|9|msg=An audited command has been detected! suser={user}"
        );
        let port = scene.port(listener).to_string();
        cmd!(
            sh,
            "logger --server 127.0.0.1 --port {port} {options...} --priority user.crit --tag vault -- {text}"
        )
        .quiet()
        .run()?;
        scene.ends(&target, way)?;
    }
    Ok(Outcome::Ok("4 of 4 ways ended the right session".into()))
}

/// Alertmanager groups, and posts its webhook with a bearer token.
pub(in super::super) fn alertmanager(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    let program = "prometheus-alertmanager";
    if !has(sh, program) || !has(sh, "curl") {
        return Ok(Outcome::Skipped(format!(
            "{program} or curl not found (Debian: {program})"
        )));
    }
    let mut scene = Scene::start(bench, "alertmanager", None)?;
    let http = scene.port("http");
    let config = scene.folder.join("alertmanager.yml");
    sh.write_file(
        &config,
        format!(
            "route: {{receiver: pamctl, group_by: ['user'], group_wait: 1s}}\n\
             receivers:\n\
             - name: pamctl\n  \
             webhook_configs:\n  \
             - url: http://127.0.0.1:{http}/alertmanager\n    \
             http_config: {{authorization: {{type: Bearer, credentials: {BEARER}}}}}\n"
        ),
    )?;
    let storage = scene.folder.join("alertmanager");
    sh.remove_path(&storage)?;
    let port = scene::port()?;
    let _running = scene::start(
        Command::new(program)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", storage.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address="),
        &scene.folder.join("alertmanager.log"),
        Some(port),
    )?;
    let target = scene.target()?;
    let alerts = json!([{
        "labels": {"alertname": "DangerousCommand", "severity": "critical", "user": target.user},
        "annotations": {"summary": "a dangerous command"},
    }]);
    post(
        sh,
        &format!("http://127.0.0.1:{port}/api/v2/alerts"),
        &alerts.to_string(),
        &[],
    )?;
    scene.ends(&target, program)?;
    Ok(Outcome::Ok("its webhook ended the right session".into()))
}

/// Splunk's webhook, whose only secret can stand in the path, and an Elastic body, signed.
pub(in super::super) fn webhooks(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has(sh, "curl") || !super::super::openssl::has_openssl(sh) {
        return Ok(Outcome::Skipped("curl or openssl not found".into()));
    }
    let mut scene = Scene::start(bench, "webhooks", None)?;
    let http = scene.port("http");

    let target = scene.target()?;
    let splunk = json!({
        "result": {"user": target.user, "signature": "Dangerous command"},
        "sid": "scheduler__admin__search__RMD5_at_1700000000_1",
        "results_link": "https://splunk.example.com/app/search/@go?sid=1",
        "search_name": "Dangerous command",
        "owner": "admin",
        "app": "search",
    });
    let url = format!("http://127.0.0.1:{http}/splunk");
    let refused = post(sh, &format!("{url}/wrong"), &splunk.to_string(), &[]);
    if refused.is_ok() {
        return Err(Error::new("a wrong token in the path was let in"));
    }
    post(sh, &format!("{url}/{PATH_TOKEN}"), &splunk.to_string(), &[])?;
    scene.ends(&target, "Splunk's webhook")?;

    let target = scene.target()?;
    let now = cmd!(sh, "date -u +%Y-%m-%dT%H:%M:%SZ").quiet().read()?;
    let elastic = json!({
        "kibana": {
            "rule": {"id": "5f2e", "name": "Dangerous command"},
            "alert": {"id": "query matched", "uuid": "2c8a3c1e-7a55-4c9e-9d5c-3f1f6a5f2f10"},
            "action_group": "query matched",
            "date": now,
        },
        "user": target.user,
    })
    .to_string();
    let url = format!("http://127.0.0.1:{http}/elastic");
    let mac = cmd!(sh, "openssl dgst -sha256 -hex -hmac {HMAC_KEY}")
        .quiet()
        .stdin(&elastic)
        .read()?;
    let mac = mac.rsplit(' ').next().unwrap_or_default();
    let header = |mac: &str| format!("X-Hub-Signature-256: sha256={mac}");
    if post(sh, &url, &elastic, &[&header(&"0".repeat(64))]).is_ok() {
        return Err(Error::new("a wrong signature was let in"));
    }
    post(sh, &url, &elastic, &[&header(mac)])?;
    scene.ends(&target, "Elastic's signed webhook")?;
    Ok(Outcome::Ok(
        "Splunk by its path, Elastic by its signature; wrong ones refused".into(),
    ))
}

fn post(sh: &Shell, url: &str, body: &str, headers: &[&str]) -> Result<(), Error> {
    let headers = headers.iter().flat_map(|header| ["--header", header]);
    cmd!(
        sh,
        "curl --silent --fail --max-time 30 --header 'Content-Type: application/json' {headers...} --data-binary {body} {url}"
    )
    .quiet()
    .ignore_stdout()
    .ignore_stderr()
    .run()?;
    Ok(())
}
