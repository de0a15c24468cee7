//! `pamctl explain`: offline.

use crate::fixture::{Run, pamctl};

fn explain(words: &[&str]) -> Run {
    Run::of(pamctl().arg("explain").args(words))
}

#[test]
fn a_code_and_a_message_are_explained_with_cause_and_remedy() {
    let code = explain(&["1039"]).ended(0).stdout;
    assert!(code.contains("Without PAM Configuration Access permission"));
    assert!(code.contains("cause") && code.contains("Read and write"));
    let message = explain(&["Invalid signature"]).ended(0);
    assert!(message.stdout.contains("OAuth 1.0") && message.stderr.is_empty());
    assert_eq!(
        explain(&["invalid", "SIGNATURE."]).ended(0).stdout,
        message.stdout
    );
}

#[test]
fn a_number_means_different_things_in_different_parts() {
    let json = explain(&["1005", "-o", "json"]).ended(0).json();
    let entries = json["entries"].as_array().unwrap();
    let modules: std::collections::BTreeSet<_> = entries
        .iter()
        .map(|entry| entry["module"].as_str().unwrap())
        .collect();
    assert!(modules.len() > 1, "{modules:?}");
    assert_eq!(json["exact"], true);
    assert!(entries.iter().all(|entry| entry["exception_code"] == 1005));
}

#[test]
fn what_is_not_documented_gets_suggestions_or_a_failure() {
    let like = explain(&["Invalid signatre"]).ended(0);
    assert!(like.stderr.contains("not documented") && like.stdout.contains("Invalid signature"));
    explain(&["qwertyuiop"]).failed(1, &["qwertyuiop"]);
    explain(&["\u{1b}[31mzzzzzz"]).failed(1, &["\\x1b[31m"]);
    explain(&[]).ended(2);
}
