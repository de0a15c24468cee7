//! Which crate may depend on which: the table of `docs/architecture.md`,
//! held mechanically.

use super::Finding;
use super::workspace::Package;

/// What a crate may depend on among ours.
enum May {
    DependOn(&'static [&'static str]),
    DependOnAnyLibrary,
}

use May::{DependOn, DependOnAnyLibrary};

/// One row a crate; a crate of the design may have its row before it is built,
/// and none passes without one.
const TABLE: &[(&str, May)] = &[
    ("pam-proto", DependOn(&[])),
    ("pam-guard", DependOn(&["pam-proto"])),
    ("pam-audit", DependOn(&["pam-proto", "pam-guard"])),
    ("pam-alert", DependOn(&[])),
    ("pam-adapter", DependOn(&["pam-proto"])),
    ("pam-client", DependOn(&["pam-proto", "pam-adapter"])),
    ("pam-blocking", DependOn(&["pam-proto", "pam-adapter"])),
    ("pam-mock", DependOn(&["pam-proto"])),
    (
        "pam-respond-core",
        DependOn(&["pam-proto", "pam-guard", "pam-alert"]),
    ),
    (
        "pam-responder",
        DependOn(&[
            "pam-proto",
            "pam-guard",
            "pam-alert",
            "pam-respond-core",
            "pam-audit",
            "pam-client",
        ]),
    ),
    (
        "pam-python",
        DependOn(&["pam-proto", "pam-adapter", "pam-blocking"]),
    ),
    ("pam-cli", DependOnAnyLibrary),
    ("pam-bench", DependOnAnyLibrary),
    ("pam-examples", DependOnAnyLibrary),
    ("pam-wasm", DependOn(&["pam-proto"])),
    ("tests", DependOnAnyLibrary),
    ("xtask", DependOn(&[])),
];

/// Leaves of the graph: programs and checks, which nothing builds upon.
const LEAVES: &[&str] = &[
    "pam-cli",
    "pam-bench",
    "pam-examples",
    "pam-python",
    "pam-wasm",
    "tests",
    "xtask",
];

/// The stand-in appliance is what an adapter's own tests talk to.
const FOR_TESTS_OF_ADAPTERS: &str = "pam-mock";

/// Crates whose tests bring time, nonces and bytes as values, and so need no
/// appliance either.
pub(crate) const SANS_IO: &[&str] = &["pam-proto", "pam-guard", "pam-alert", "pam-respond-core"];

/// What the architecture document must say of each crate, by the crate's name.
pub(super) fn stated() -> impl Iterator<Item = (&'static str, String)> {
    TABLE.iter().map(|(name, may)| {
        let text = match may {
            DependOnAnyLibrary => "any library of ours".to_owned(),
            DependOn([]) => "nothing of ours".to_owned(),
            DependOn(names) => names
                .iter()
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", "),
        };
        (*name, text)
    })
}

pub(crate) fn check(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, may)) = TABLE.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::file(
                &package.manifest,
                format!(
                    "{} has no row in the dependency table of xtask's tidy/direction.rs",
                    package.name
                ),
            ));
            continue;
        };
        for dependency in package
            .dependencies
            .iter()
            .filter(|dependency| dependency.ours)
        {
            let on = dependency.name.as_str();
            let for_tests = dependency.dev
                && on == FOR_TESTS_OF_ADAPTERS
                && !SANS_IO.contains(&package.name.as_str())
                && package.name != "xtask";
            let allowed = match may {
                DependOn(names) => names.contains(&on) || for_tests,
                DependOnAnyLibrary => !LEAVES.contains(&on),
            };
            if !allowed {
                findings.push(Finding::file(
                    &package.manifest,
                    format!("{} must not depend on {on}", package.name),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::workspace::Dependency;
    use super::*;

    fn package(name: &str, dependencies: &[(&str, bool)]) -> Package {
        Package {
            name: name.to_owned(),
            version: "0.1.0".to_owned(),
            rust_version: None,
            manifest: format!("crates/{name}/Cargo.toml"),
            publish: false,
            library: true,
            dependencies: dependencies
                .iter()
                .map(|(name, dev)| Dependency {
                    name: (*name).to_owned(),
                    dev: *dev,
                    ours: true,
                })
                .collect(),
        }
    }

    fn what(package: Package) -> Vec<String> {
        check(&[package])
            .into_iter()
            .map(|finding| finding.what)
            .collect()
    }

    #[test]
    fn the_core_depends_on_nothing_of_ours() {
        assert_eq!(
            what(package("pam-proto", &[("pam-client", false)])),
            ["pam-proto must not depend on pam-client"]
        );
        assert_eq!(
            what(package("pam-proto", &[("pam-mock", true)])),
            ["pam-proto must not depend on pam-mock"]
        );
    }

    #[test]
    fn an_adapter_may_test_against_the_mock_but_not_ship_it() {
        assert!(
            what(package(
                "pam-client",
                &[("pam-proto", false), ("pam-mock", true)]
            ))
            .is_empty()
        );
        assert_eq!(
            what(package("pam-client", &[("pam-mock", false)])),
            ["pam-client must not depend on pam-mock"]
        );
    }

    #[test]
    fn nothing_builds_upon_a_program() {
        assert_eq!(
            what(package(
                "tests",
                &[("pam-cli", false), ("pam-proto", false)]
            )),
            ["tests must not depend on pam-cli"]
        );
        assert_eq!(
            what(package("xtask", &[("pam-proto", false)])),
            ["xtask must not depend on pam-proto"]
        );
    }

    #[test]
    fn a_crate_without_a_row_is_found() {
        assert_eq!(what(package("pam-new", &[])).len(), 1);
    }
}
