//! Relays between the appliance and the responder: rsyslog and syslog-ng take the mock's alerts by
//! UDP and pass them on by UDP, by TCP with octet counting, and by TLS.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xshell::{Shell, cmd};

use super::super::Bench;
use super::scene::{self, Scene};
use crate::error::Error;
use crate::gate::has;
use crate::steps::Outcome;

/// How a relay passes on, in the order in which the sessions are ended.
const WAYS: [&str; 3] = ["udp", "tcp", "tls"];

pub(in super::super) fn rsyslog(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let sh = bench.sh;
    let Some(program) = system_program(sh, "rsyslogd", "-v") else {
        return Ok(Outcome::Skipped(
            "rsyslogd not found (Debian: rsyslog rsyslog-gnutls)".into(),
        ));
    };
    relayed(bench, "rsyslog", |folder, input, ca, routes| {
        let mut config = format!(
            "global(workDirectory=\"{}\" maxMessageSize=\"64k\" defaultNetstreamDriverCAFile=\"{}\")\n\
             module(load=\"imudp\")\n\
             input(type=\"imudp\" port=\"{input}\" address=\"127.0.0.1\" ruleset=\"relay\")\n\
             ruleset(name=\"relay\") {{\n",
            folder.display(),
            ca.display(),
        );
        for (way, user, port) in routes {
            let transport = match *way {
                "udp" => "protocol=\"udp\" template=\"RSYSLOG_ForwardFormat\"".to_owned(),
                "tcp" => "protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
                          template=\"RSYSLOG_SyslogProtocol23Format\""
                    .to_owned(),
                _ => "protocol=\"tcp\" TCP_Framing=\"octet-counted\" \
                      template=\"RSYSLOG_SyslogProtocol23Format\" StreamDriver=\"gtls\" \
                      StreamDriverMode=\"1\" StreamDriverAuthMode=\"x509/certvalid\""
                    .to_owned(),
            };
            config.push_str(&format!(
                "  if $rawmsg contains \"suser={user}\" then \
                 action(type=\"omfwd\" target=\"127.0.0.1\" port=\"{port}\" {transport})\n"
            ));
        }
        config.push_str("}\n");
        let file = folder.join("rsyslog.conf");
        sh.write_file(&file, config)?;
        let mut command = Command::new(&program);
        command.arg("-n").arg("-f").arg(&file);
        command.arg("-i").arg(folder.join("rsyslog.pid"));
        Ok(command)
    })
}

pub(in super::super) fn syslog_ng(bench: &Bench<'_>) -> Result<Outcome, Error> {
    let Some(syslog_ng) = SyslogNg::find(bench)? else {
        return Ok(Outcome::Skipped(
            "syslog-ng can't be started (Debian: syslog-ng-core, or beside rsyslog its libraries \
             libivykis0 libnet1 libpcre3 libwrap0)"
                .into(),
        ));
    };
    relayed(bench, "syslog-ng", |folder, input, ca, routes| {
        let mut config = format!(
            "@version: 3.38\n\
             source mock {{ network(ip(\"127.0.0.1\") port({input}) transport(\"udp\") \
             flags(no-parse)); }};\n"
        );
        for (way, user, port) in routes {
            let destination = match *way {
                "udp" => format!(
                    "network(\"127.0.0.1\" port({port}) transport(\"udp\") template(\"$MSG\"))"
                ),
                "tcp" => format!("syslog(\"127.0.0.1\" port({port}) transport(\"tcp\"))"),
                _ => format!(
                    "syslog(\"127.0.0.1\" port({port}) transport(\"tls\") tls(ca-file(\"{}\")))",
                    ca.display()
                ),
            };
            config.push_str(&format!(
                "destination {way} {{ {destination}; }};\n\
                 filter {way} {{ message(\"suser={user}\" type(string) flags(substring)); }};\n\
                 log {{ source(mock); filter({way}); destination({way}); }};\n"
            ));
        }
        let file = folder.join("syslog-ng.conf");
        bench.sh.write_file(&file, config)?;
        let mut command = syslog_ng.command();
        command
            .args(["--foreground", "--no-caps", "--cfgfile"])
            .arg(&file);
        for (option, name) in [
            ("--persist-file", "syslog-ng.persist"),
            ("--pidfile", "syslog-ng.pid"),
            ("--control", "syslog-ng.ctl"),
        ] {
            command.arg(option).arg(folder.join(name));
        }
        Ok(command)
    })
}

/// syslog-ng, installed or unpacked: its package can't be installed beside rsyslog's.
struct SyslogNg {
    program: PathBuf,
    /// Where its libraries are, when it is not installed.
    unpacked: Option<PathBuf>,
}

impl SyslogNg {
    fn find(bench: &Bench<'_>) -> Result<Option<SyslogNg>, Error> {
        let sh = bench.sh;
        if let Some(program) = system_program(sh, "syslog-ng", "--version") {
            return Ok(Some(SyslogNg {
                program,
                unpacked: None,
            }));
        }
        let folder = bench.folder("syslog-ng-core")?;
        let program = folder.join("usr/sbin/syslog-ng");
        if !program.is_file() && !unpack(sh, "syslog-ng-core", &folder) {
            return Ok(None);
        }
        let found = SyslogNg {
            program,
            unpacked: Some(folder.join("usr/lib/syslog-ng")),
        };
        let runs = found.command().arg("--version").output();
        Ok(runs
            .is_ok_and(|output| output.status.success())
            .then_some(found))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(libraries) = &self.unpacked {
            let modules = fs::read_dir(libraries).into_iter().flatten().flatten();
            let modules = modules.map(|entry| entry.path()).find(|path| path.is_dir());
            command.env("LD_LIBRARY_PATH", libraries);
            command
                .arg("--module-path")
                .arg(modules.unwrap_or_default());
        }
        command
    }
}

/// Brings a Debian package and unpacks it below a folder, without installing it.
fn unpack(sh: &Shell, package: &str, folder: &Path) -> bool {
    let sh = sh.clone();
    sh.change_dir(folder);
    let brought = cmd!(sh, "apt-get download --quiet --quiet {package}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run();
    let archives = sh.read_dir(".").unwrap_or_default();
    let mut archives = archives.into_iter();
    let archive = archives.find(|path| path.extension().is_some_and(|ending| ending == "deb"));
    brought.is_ok()
        && archive.is_some_and(|archive| {
            let unpacked = cmd!(sh, "dpkg-deb --extract {archive} .").quiet().run();
            unpacked.is_ok()
        })
}

/// Has the relay take the mock's alerts and pass on those of one user each way.
fn relayed(
    bench: &Bench<'_>,
    name: &str,
    configure: impl Fn(&Path, u16, &Path, &[(&str, String, u16)]) -> Result<Command, Error>,
) -> Result<Outcome, Error> {
    if !has(bench.sh, "curl") || !super::super::openssl::has_openssl(bench.sh) {
        return Ok(Outcome::Skipped("curl or openssl not found".into()));
    }
    let input = scene::port()?;
    let mut scene = Scene::start(bench, name, Some(input))?;
    let mut routes = Vec::new();
    let mut targets = Vec::new();
    for way in WAYS {
        let target = scene.target()?;
        routes.push((way, target.user.clone(), scene.port(way)));
        targets.push(target);
    }
    let mut command = configure(&scene.folder, input, &scene.ca, &routes)?;
    let _relay = scene::start(
        &mut command,
        &scene.folder.join(format!("{name}.log")),
        None,
    )?;
    for (way, target) in WAYS.into_iter().zip(&targets) {
        scene.ends_when_told(target, &format!("{name} over {way}"))?;
    }
    Ok(Outcome::Ok(
        "over UDP, TCP and TLS, the right session each".into(),
    ))
}

/// A program that may stand where only root's search path leads.
fn system_program(sh: &Shell, name: &str, version: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let mut found = folders.map(|folder| folder.join(name));
    let program = found.find(|program| program.is_file())?;
    cmd!(sh, "{program} {version}")
        .quiet()
        .ignore_stdout()
        .ignore_stderr()
        .run()
        .ok()?;
    Some(program)
}
