use std::collections::BTreeSet;
use std::process::Command;

/// What runs futures, or exists to be run by what does.
const RUNTIMES: &[&str] = &[
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-std",
    "compio",
    "embassy-executor",
    "futures",
    "futures-executor",
    "futures-util",
    "glommio",
    "h2",
    "hyper",
    "hyper-util",
    "mio",
    "monoio",
    "polling",
    "pollster",
    "reqwest",
    "smol",
    "tokio",
    "tokio-rustls",
    "tokio-uring",
];

/// Everything that the crate is built from, on every platform.
fn tree() -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "tree",
            "--package",
            "pam-blocking",
            "--edges",
            "normal,build",
        ])
        .args([
            "--all-features",
            "--target",
            "all",
            "--prefix",
            "none",
            "--locked",
        ])
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{problem}");
    let listing = String::from_utf8(output.stdout).unwrap();
    let names = listing.lines().filter_map(|line| line.split(' ').next());
    names.map(str::to_owned).collect()
}

#[test]
fn neither_in_the_open_nor_hidden() {
    let tree = tree();
    let found: Vec<_> = RUNTIMES
        .iter()
        .filter(|name| tree.contains(**name))
        .collect();
    assert!(found.is_empty(), "{found:?}");
    // The tree was read.
    for name in ["pam-proto", "pam-adapter", "ureq", "rustls"] {
        assert!(tree.contains(name), "{name} is not in {tree:?}");
    }
}

#[test]
fn one_provider_of_cryptography() {
    let tree = tree();
    assert!(tree.contains("aws-lc-rs"));
    for other in ["ring", "openssl", "native-tls"] {
        assert!(!tree.contains(other), "{other}");
    }
}
