//! Proofs by openssl: its client against the mock, `pamctl` against its server.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use xshell::{Shell, cmd};

use super::Bench;
use super::mock::Mock;
use super::running::Running;
use crate::error::Error;
use crate::steps::Outcome;

/// openssl itself refuses old protocols unless its security level is lowered;
/// what is asked here is whether the other side does.
const ANY_CIPHER: &str = "ALL:@SECLEVEL=0";

/// The mock speaks TLS 1.2 and 1.3, with a certificate that is verified; no
/// older protocol and no other name passes.
pub(super) fn client(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has_openssl(sh) {
        return Ok(Outcome::Skipped("openssl not found".into()));
    }
    let mock = Mock::start(bench, "openssl-client", &[])?;
    let authority = mock
        .base_url()
        .trim_start_matches("https://")
        .trim_end_matches('/');
    let host = authority
        .rsplit_once(':')
        .map_or(authority, |(host, _)| host);
    let ca = mock.ca_file();
    let name = if host.parse::<std::net::IpAddr>().is_ok() {
        "-verify_ip"
    } else {
        "-verify_hostname"
    };

    let connects = |options: &[&str]| {
        let common = [
            "-connect",
            authority,
            "-verify_return_error",
            "-cipher",
            ANY_CIPHER,
        ];
        cmd!(sh, "openssl s_client {common...} {options...}")
            .quiet()
            .stdin("")
            .ignore_stdout()
            .ignore_stderr()
            .run()
            .is_ok()
    };
    let trusted = ["-CAfile", ca, name, host];
    let with = |protocol: &'static str| [&[protocol], trusted.as_slice()].concat();
    expect("TLS 1.2", connects(&with("-tls1_2")), true)?;
    expect("TLS 1.3", connects(&with("-tls1_3")), true)?;
    expect("TLS 1.1", connects(&with("-tls1_1")), false)?;
    expect("TLS 1.0", connects(&with("-tls1")), false)?;
    expect(
        "a name that is not the mock's",
        connects(&["-CAfile", ca, "-verify_hostname", "other.example.com"]),
        false,
    )?;
    expect(
        "no knowledge of the private CA",
        connects(&["-no-CAfile", "-no-CApath", name, host]),
        false,
    )?;
    Ok(Outcome::Ok(
        "TLS 1.2 and 1.3 only, verified by the private CA and by name".into(),
    ))
}

fn expect(what: &str, connected: bool, expected: bool) -> Result<(), Error> {
    if connected == expected {
        return Ok(());
    }
    let verb = if connected { "accepted" } else { "refused" };
    Err(Error::new(format!("{what} is {verb}")))
}

/// The exit code for an appliance that can't be reached safely.
const UNREACHABLE: i32 = 7;

/// `pamctl` refuses a server whose certificate is self-signed, is for another
/// name, or which speaks TLS 1.1 only.
pub(super) fn server(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    if !has_openssl(sh) {
        return Ok(Outcome::Skipped("openssl not found".into()));
    }
    let folder = bench.folder("openssl-server")?;
    let own = Certificate::make(sh, &folder, "own", "IP:127.0.0.1")?;
    let other = Certificate::make(sh, &folder, "other", "DNS:other.example.com")?;

    let refused = |server: Server, trust: &[&Path], reason: &str| {
        let pamctl = bench.pamctl();
        let trust = trust.iter().flat_map(|file| [Path::new("--ca-file"), file]);
        let url = format!("https://127.0.0.1:{}", server.port);
        let output = cmd!(sh, "{pamctl} session list --url {url} {trust...}")
            .quiet()
            .envs([
                ("PAM_CONSUMER_KEY", "key"),
                ("PAM_CONSUMER_SECRET", "secret"),
                ("PAM_TOKEN", "token"),
                ("PAM_TOKEN_SECRET", "secret"),
            ])
            .ignore_status()
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        if output.status.code() == Some(UNREACHABLE) && said.contains(reason) {
            return Ok(());
        }
        Err(Error::new(format!(
            "pamctl should end with exit code {UNREACHABLE} and speak of {reason:?}; \
             it ends with {} and says: {}",
            output.status,
            said.trim()
        )))
    };
    refused(Server::start(&own, &[])?, &[], "authority")?;
    refused(
        Server::start(&other, &[])?,
        &[&other.certificate],
        "other.example.com",
    )?;
    let old = Server::start(&own, &["-tls1_1", "-cipher", ANY_CIPHER])?;
    refused(old, &[&own.certificate], "TLS 1.2")?;
    Ok(Outcome::Ok(
        "self-signed, another name and TLS 1.1 refused".into(),
    ))
}

pub(super) fn has_openssl(sh: &Shell) -> bool {
    cmd!(sh, "openssl version")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// A self-signed certificate with its key.
pub(super) struct Certificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Certificate {
    /// Makes one for a subject alternative name such as `IP:127.0.0.1`.
    pub(super) fn make(
        sh: &Shell,
        folder: &Path,
        stem: &str,
        name: &str,
    ) -> Result<Certificate, Error> {
        let made = Certificate {
            certificate: folder.join(format!("{stem}.pem")),
            key: folder.join(format!("{stem}.key")),
        };
        let Certificate { certificate, key } = &made;
        let options = [
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=interop",
        ];
        let names = format!("subjectAltName={name}");
        let leaf = "basicConstraints=critical,CA:FALSE";
        cmd!(
            sh,
            "openssl req {options...} -addext {names} -addext {leaf} -out {certificate} -keyout {key}"
        )
        .quiet()
        .ignore_stderr()
        .run()?;
        Ok(made)
    }
}

/// `openssl s_server` on a free port.
struct Server {
    /// It ends with this value, and so does what it prints to.
    _running: (Running, BufReader<ChildStdout>),
    port: u16,
}

impl Server {
    fn start(with: &Certificate, options: &[&str]) -> Result<Server, Error> {
        let cannot = |error: std::io::Error| Error::new(format!("openssl s_server: {error}"));
        let child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .arg("-cert")
            .arg(&with.certificate)
            .arg("-key")
            .arg(&with.key)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(cannot)?;
        let mut running = Running::new(child);
        let Some(stdout) = running.stdout() else {
            return Err(Error::new("openssl s_server has no standard output"));
        };
        let mut stdout = BufReader::new(stdout);
        // It says where it listens: `ACCEPT 127.0.0.1:40123`.
        let mut line = String::new();
        while stdout.read_line(&mut line).map_err(cannot)? > 0 {
            if let Some(port) = line
                .strip_prefix("ACCEPT ")
                .and_then(|at| at.rsplit(':').next())
            {
                let port = port.trim().parse().unwrap_or_default();
                return Ok(Server {
                    _running: (running, stdout),
                    port,
                });
            }
            line.clear();
        }
        Err(Error::new("openssl s_server does not say where it listens"))
    }
}
