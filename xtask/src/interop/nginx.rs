//! Proof by nginx, as a reverse proxy that changes port and path.

use std::fs::File;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use xshell::cmd;

use super::mock::Mock;
use super::openssl::{Certificate, has_openssl};
use super::running::Running;
use super::{Bench, free_port};
use crate::error::Error;
use crate::steps::Outcome;

/// The exit code for a request that the appliance does not believe.
const NOT_AUTHORIZED: i32 = 6;

/// Behind nginx, with another port and a path prefix, signatures verify when
/// the proxy forwards how it was called; when it does not, `pamctl` says that
/// the URL which the appliance sees may be another.
pub(super) fn reverse_proxy(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    let Some(nginx) = ["nginx", "/usr/sbin/nginx"]
        .into_iter()
        .find(|path| runs(bench, path))
    else {
        return Ok(Outcome::Skipped(
            "nginx not found (Debian: nginx-light)".into(),
        ));
    };
    if !has_openssl(sh) {
        return Ok(Outcome::Skipped("openssl not found".into()));
    }
    let mock = Mock::start(bench, "nginx", &["--behind-proxy"])?;
    let folder = bench.folder("nginx")?;
    let certificate = Certificate::make(sh, &folder, "proxy", "IP:127.0.0.1")?;
    let proxy = Proxy::start(bench, nginx, &folder, &certificate, mock.base_url())?;

    let list = |prefix: &str| {
        let url = format!("https://127.0.0.1:{}{prefix}", proxy.port);
        let (pamctl, ca) = (bench.pamctl(), &certificate.certificate);
        cmd!(
            sh,
            "{pamctl} session list -o ids --url {url} --ca-file {ca}"
        )
        .quiet()
        .envs(mock.environment())
        .ignore_status()
        .output()
    };
    let forwarded = list("/vault")?;
    if !forwarded.status.success() {
        return Err(Error::new(format!(
            "through a proxy that forwards host and prefix, pamctl ends with {}: {}",
            forwarded.status,
            String::from_utf8_lossy(&forwarded.stderr).trim()
        )));
    }
    let lost = list("/lost")?;
    let said = String::from_utf8_lossy(&lost.stderr).into_owned();
    if lost.status.code() != Some(NOT_AUTHORIZED) || !said.contains("proxy") {
        return Err(Error::new(format!(
            "through a proxy that forwards neither, pamctl ends with {} and says: {}",
            lost.status,
            said.trim()
        )));
    }
    Ok(Outcome::Ok(
        "verified when host and prefix are forwarded, explained when not".into(),
    ))
}

fn runs(bench: &Bench<'_>, path: &str) -> bool {
    cmd!(bench.sh, "{path} -v")
        .quiet()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// nginx in the foreground, with everything that it writes in one folder.
struct Proxy {
    running: Running,
    port: u16,
}

impl Proxy {
    fn start(
        bench: &Bench<'_>,
        nginx: &str,
        folder: &Path,
        certificate: &Certificate,
        upstream: &str,
    ) -> Result<Proxy, Error> {
        let cannot = |error: std::io::Error| Error::new(format!("nginx: {error}"));
        let port = free_port().map_err(cannot)?;
        let configuration = folder.join("nginx.conf");
        bench.sh.write_file(
            &configuration,
            configure(port, folder, certificate, upstream),
        )?;
        let log = folder.join("nginx.log");
        let child = Command::new(nginx)
            .arg("-e")
            .arg(&log)
            .arg("-c")
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(folder.join("nginx.err")).map_err(cannot)?)
            .spawn()
            .map_err(cannot)?;
        let mut proxy = Proxy {
            running: Running::new(child),
            port,
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Some(status) = proxy.running.ended() {
                let said = bench.sh.read_file(&log).unwrap_or_default();
                return Err(Error::new(format!(
                    "nginx ended with {status}: {}",
                    said.trim()
                )));
            }
            if Instant::now() > deadline {
                return Err(Error::new("nginx did not listen within 10 s"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(proxy)
    }
}

/// Two doors to the mock: `/vault/` tells how it was called, `/lost/` does not.
fn configure(port: u16, folder: &Path, certificate: &Certificate, upstream: &str) -> String {
    let folder = folder.display();
    let upstream = upstream.trim_end_matches('/');
    let Certificate { certificate, key } = certificate;
    format!(
        "daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        location /vault/ {{
            proxy_pass {upstream}/;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto $scheme;
            proxy_set_header X-Forwarded-Prefix /vault;
        }}
        location /lost/ {{
            proxy_pass {upstream}/;
        }}
    }}
}}
",
        certificate = certificate.display(),
        key = key.display(),
    )
}
