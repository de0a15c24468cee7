//! The sans-IO crates contain no clock, random source, input, output,
//! environment, thread or async runtime: neither in their source nor in any
//! crate that they are built from.

use xshell::{Shell, cmd};

use super::Finding;
use super::direction::SANS_IO;
use super::rust_source::{Token, paths, tokens};
use super::workspace::Package;
use crate::error::Error;

/// Modules of the standard library that reach outside the process, and what in
/// them does not.
const MODULES: &[(&str, &[&str], &str)] = &[
    ("std::fs", &[], "files"),
    ("std::io", &[], "input and output"),
    (
        "std::net",
        &[
            "AddrParseError",
            "IpAddr",
            "Ipv4Addr",
            "Ipv6Addr",
            "SocketAddr",
            "SocketAddrV4",
            "SocketAddrV6",
        ],
        "sockets",
    ),
    ("std::env", &[], "environment"),
    ("std::os", &[], "operating system"),
    ("std::process", &[], "processes"),
    ("std::thread", &[], "threads"),
    ("std::time", &["Duration"], "clock"),
    ("std::*", &[], "use of all of the standard library"),
];

/// Names that mean the same wherever they come from.
const NAMES: &[(&str, &str)] = &[
    ("RandomState", "random source"),
    ("HashMap", "random source (its hasher); BTreeMap has none"),
    ("HashSet", "random source (its hasher); BTreeSet has none"),
    ("async", "async code"),
    ("await", "async code"),
];

/// Associated functions of other crates' types that ask the outside.
const CALLS: &[(&str, &str)] = &[("now", "clock"), ("system", "environment")];

/// Macros that write to the process's streams.
const MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

/// Crates that a sans-IO crate may name in its manifest, each a computation on
/// values. Another one needs its reason here.
const DEPENDENCIES: &[&str] = &[
    // encoding and decoding
    "base16ct",
    "base64",
    "memchr",
    "percent-encoding",
    "regex-lite",
    "serde",
    "serde_json",
    "toml",
    "wide",
    // dates as arithmetic; its clock is found by the scan of the source
    "jiff",
    // the vocabulary of HTTP: types without a connection
    "bytes",
    "http",
    // keyed hashes and their comparison
    "hmac",
    "sha1",
    "sha2",
    "subtle",
    "zeroize",
    // errors
    "thiserror",
];

/// Crates for the tests of a sans-IO crate.
const DEV_DEPENDENCIES: &[&str] = &["proptest"];

/// Crates that must not be anywhere in the tree of a sans-IO crate.
const NEVER_IN_TREE: &[(&str, &str)] = &[
    ("async-std", "async runtime"),
    ("aws-lc-rs", "random source"),
    ("chrono", "clock"),
    ("futures-executor", "async runtime"),
    ("getrandom", "random source"),
    ("hyper", "connections"),
    ("mio", "sockets"),
    ("rand", "random source"),
    ("ring", "random source"),
    ("rustls", "connections"),
    ("smol", "async runtime"),
    ("socket2", "sockets"),
    ("time", "clock"),
    ("tokio", "async runtime"),
    ("ureq", "connections"),
];

/// Scans one source file of a sans-IO crate. A file of a `tests` module is in
/// no build but that of the tests, and may print what it counted.
pub(crate) fn check_source(path: &str, source: &str) -> Vec<Finding> {
    if path
        .split('/')
        .any(|part| ["tests", "tests.rs"].contains(&part))
    {
        return Vec::new();
    }
    let tokens = tokens(source);
    let mut findings: Vec<Finding> = paths(&tokens)
        .iter()
        .filter_map(|(named, line)| {
            let reason = reaches(named)?;
            Some(Finding::line(
                path,
                *line,
                format!("{named}: a sans-IO crate has no {reason}"),
            ))
        })
        .collect();
    findings.extend(tests_in_every_build(path, &tokens));
    for pair in tokens.windows(2) {
        let [name, mark] = pair else { continue };
        if mark.text == "!" && MACROS.contains(&name.text.as_str()) {
            findings.push(Finding::line(
                path,
                name.line,
                format!("{}!: a sans-IO crate has no output", name.text),
            ));
        }
        if mark.text == "as" && ["std", "core"].contains(&name.text.as_str()) {
            findings.push(Finding::line(
                path,
                name.line,
                "the standard library under another name hides what is used of it".into(),
            ));
        }
    }
    findings
}

/// A `tests` module without `#[cfg(test)]`, which would be no module of tests.
fn tests_in_every_build(path: &str, tokens: &[Token]) -> Vec<Finding> {
    const FOR_TESTS: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    tokens
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0].text == "mod" && pair[1].text == "tests")
        .filter(|(at, _)| {
            let before = tokens[..*at].iter().rev().map(|token| token.text.as_str());
            !before.take(FOR_TESTS.len()).eq(FOR_TESTS.into_iter().rev())
        })
        .map(|(_, pair)| Finding::line(path, pair[0].line, "mod tests without #[cfg(test)]".into()))
        .collect()
}

/// What a path reaches that a sans-IO crate must not, if anything.
fn reaches(path: &str) -> Option<&'static str> {
    let by_module = MODULES.iter().find_map(|(module, harmless, reason)| {
        let inside = path.strip_prefix(module)?;
        match inside.strip_prefix("::") {
            Some(item) => {
                let item = item.split("::").next().unwrap_or(item);
                (!harmless.contains(&item)).then_some(*reason)
            }
            None => inside.is_empty().then_some(*reason),
        }
    });
    let among = |names: &[(&str, &'static str)], segment: &str| {
        names
            .iter()
            .find(|(name, _)| *name == segment)
            .map(|(_, reason)| *reason)
    };
    by_module
        .or_else(|| path.split("::").find_map(|segment| among(NAMES, segment)))
        .or_else(|| among(CALLS, path.rsplit_once("::")?.1))
}

/// Checks the dependencies that a sans-IO crate's manifest names.
pub(crate) fn check_dependencies(package: &Package) -> Vec<Finding> {
    package
        .dependencies
        .iter()
        .filter(|dependency| !dependency.ours)
        .filter(|dependency| {
            let name = dependency.name.as_str();
            !(DEPENDENCIES.contains(&name) || dependency.dev && DEV_DEPENDENCIES.contains(&name))
        })
        .map(|dependency| {
            Finding::file(
                &package.manifest,
                format!(
                    "{} is not on the list of dependencies of sans-IO crates \
                     (xtask's tidy/sans_io.rs)",
                    dependency.name
                ),
            )
        })
        .collect()
}

/// Checks everything that the workspace's sans-IO crates are built from, with
/// all their features, on every platform.
pub(crate) fn check_trees(sh: &Shell, packages: &[Package]) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for package in packages.iter().filter(|package| is_sans_io(package)) {
        let name = &package.name;
        let tree = cmd!(
            sh,
            "cargo tree --package {name} --edges normal,no-proc-macro --all-features
                --target all --prefix none --locked"
        )
        .quiet()
        .read()?;
        findings.extend(check_tree(package, &tree));
    }
    Ok(findings)
}

fn check_tree(package: &Package, tree: &str) -> Vec<Finding> {
    let mut names: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| NEVER_IN_TREE.iter().find(|(never, _)| *never == name))
        .map(|(name, reason)| {
            Finding::file(
                &package.manifest,
                format!("{name} is in its tree: a sans-IO crate has no {reason}"),
            )
        })
        .collect()
}

pub(crate) fn is_sans_io(package: &Package) -> bool {
    SANS_IO.contains(&package.name.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Dependency;
    use super::*;

    fn package(dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: "pam-proto".to_owned(),
            version: "0.1.0".to_owned(),
            rust_version: None,
            manifest: "crates/pam-proto/Cargo.toml".to_owned(),
            publish: false,
            library: true,
            dependencies: dependencies
                .iter()
                .map(|(name, dev)| Dependency {
                    name: (*name).to_owned(),
                    dev: *dev,
                    ours: false,
                })
                .collect(),
        }
    }

    #[test]
    fn planted_clocks_randomness_and_io_are_found() {
        let planted = [
            "fn now() { std::time::Instant::now(); }",
            "use std::time::{Duration, SystemTime};",
            "use std::{collections::BTreeMap, fs};",
            "use std::fs::File;",
            "use ::std::io::Read;",
            "use std::net::{IpAddr, TcpStream};",
            "use std::net::*;",
            "use std::*;",
            "use std as s;",
            "fn f() { std::env::var(\"PAM_URL\"); }",
            "fn f() { std::thread::sleep(d) }",
            "fn f() { println!(\"{}\", 1) }",
            "use std::collections::HashMap;",
            "async fn f() {}",
            "fn f() -> std::process::ExitCode {}",
            "use std::time; fn f() { time::Instant::now() }",
            "let now = jiff::Timestamp::now();",
            "let zone = TimeZone::system();",
        ];
        for source in planted {
            assert!(
                !check_source("lib.rs", source).is_empty(),
                "not found: {source}"
            );
        }
    }

    #[test]
    fn values_are_no_findings() {
        let harmless = [
            "use std::time::Duration;",
            "use std::net::{IpAddr, Ipv6Addr};",
            "// std::fs::read is what a caller does\nfn f() {}",
            "/// reads no std::env::var\nfn f() {}",
            "const HELP: &str = \"std::fs::read\";",
            "let version = env!(\"CARGO_PKG_VERSION\");",
            "use std::collections::BTreeMap;",
            "fn instant(environment: u8, now: u64) { Instant::At(now) }",
        ];
        for source in harmless {
            assert_eq!(check_source("lib.rs", source), [], "{source}");
        }
    }

    #[test]
    fn a_finding_names_file_line_and_reason() {
        let finding = &check_source("src/a.rs", "\n\nuse std::fs;")[0];
        assert_eq!(
            finding.to_string(),
            "src/a.rs:3: std::fs: a sans-IO crate has no files"
        );
    }

    #[test]
    fn only_files_of_tests_are_left_out() {
        let source = "fn f() { println!(\"{}\", 1) }";
        assert_eq!(
            check_source("crates/pam-proto/src/a/tests/b.rs", source),
            []
        );
        assert_eq!(check_source("crates/pam-proto/src/a/tests.rs", source), []);
        assert_eq!(
            check_source("crates/pam-proto/src/latests.rs", source).len(),
            1
        );
        assert_eq!(
            check_source("crates/pam-proto/src/a.rs", "#[cfg(test)]\nmod tests;"),
            []
        );
        assert_eq!(
            check_source("crates/pam-proto/src/a.rs", "mod tests;").len(),
            1
        );
        assert_eq!(
            check_source("a.rs", "#[cfg(not(test))] mod tests;").len(),
            1
        );
    }

    #[test]
    fn an_unlisted_dependency_is_found() {
        assert_eq!(
            check_dependencies(&package(&[("hmac", false), ("proptest", true)])),
            []
        );
        assert_eq!(check_dependencies(&package(&[("tokio", false)])).len(), 1);
        assert_eq!(
            check_dependencies(&package(&[("proptest", false)])).len(),
            1
        );
    }

    #[test]
    fn a_runtime_deep_in_the_tree_is_found() {
        let tree = "pam-proto v0.1.0\nhmac v0.13.0\ncrypto-common v0.2.2\ngetrandom v0.4.3\n";
        let findings = check_tree(&package(&[]), tree);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].what.contains("getrandom"), "{findings:?}");
        assert_eq!(
            check_tree(&package(&[]), "pam-proto v0.1.0\nhmac v0.13.0\n"),
            []
        );
    }
}
