//! Replays the corpora of the fuzz targets, and the recorded answers, through the same functions
//! on any toolchain.

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/lib.rs"]
#[allow(unreachable_pub, reason = "there it is a library")]
mod targets;

/// What each target is replayed with: its own corpus, and answers from the wire where it reads
/// answers.
fn folders(target: &str) -> Vec<PathBuf> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![top.join("fuzz/corpus").join(target)];
    if matches!(target, "envelope" | "listing") {
        let wire = fs::read_dir(top.join("tests/fixtures/wire")).unwrap();
        let calls = wire.map(|entry| entry.unwrap().path());
        folders.extend(calls.filter(|call| call.is_dir()));
    }
    let alerts = top.join("tests/fixtures/alerts");
    match target {
        "cef" | "syslog" => folders.push(alerts.join("datagram")),
        "framer" => folders.push(alerts.join("stream")),
        _ => {}
    }
    folders
}

#[test]
fn every_input_of_every_corpus_holds() {
    for (name, target) in targets::TARGETS {
        let mut count = 0;
        for folder in folders(name) {
            let mut inputs: Vec<PathBuf> = fs::read_dir(&folder)
                .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_none_or(|extension| extension != "json"))
                .collect();
            inputs.sort();
            assert!(!inputs.is_empty(), "{} is empty", folder.display());
            for input in inputs {
                let data = fs::read(&input).unwrap();
                if std::panic::catch_unwind(|| target(&data)).is_err() {
                    panic!("{name}: {} does not hold", input.display());
                }
                count += 1;
            }
        }
        println!("fuzz corpus {name}: {count} of {count}");
    }
}

#[test]
fn every_target_is_a_program_of_the_fuzz_crate() {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/fuzz_targets");
    let mut programs: Vec<String> = fs::read_dir(programs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    programs.sort();
    assert_eq!(programs, targets::TARGETS.map(|(name, _)| name));
}
