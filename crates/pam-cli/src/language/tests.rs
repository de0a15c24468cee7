//! The catalogue is whole: it has every message that the source has, and nothing is lost on the
//! way from one language to the other.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pam_proto::knowledge;

use super::catalogue::{Piece, parts, pieces};
use super::*;

/// The source whose messages reach the user: folders and files below `crates`.
const SOURCE: [&str; 14] = [
    "pam-adapter/src",
    "pam-audit/src",
    "pam-cli/src",
    "pam-client/src",
    "pam-guard/src",
    "pam-proto/src/base_url.rs",
    "pam-proto/src/envelope",
    "pam-proto/src/identity.rs",
    "pam-proto/src/listing",
    "pam-proto/src/oauth1/base_string.rs",
    "pam-proto/src/oauth1/signer.rs",
    "pam-proto/src/operation",
    "pam-proto/src/routes.rs",
    "pam-proto/src/termination",
];

/// What is no message to an operator: help, the full screen, what `-v` tells, and what is written
/// for shells and manuals.
const NO_ERRORS: [&str; 8] = [
    "cli.rs",
    "deployment.rs",
    "exit.rs",
    "narrator.rs",
    "post.rs",
    "commands/top/",
    "internal/",
    "language/",
];

/// Texts that are no messages: names, forms of the appliance's or another library's texts, and
/// pieces that are only ever seen within a message that is looked up as a whole.
const NO_MESSAGES: [&str; 26] = [
    "{1} ms",
    "{PRODUCTION} {name} (production) {PRODUCTION}",
    "column {1}: {2}\n  {3}\n  {blanks}^",
    "Base string",
    "Authorization: {authorization}",
    "   > Authorization: {authorization}",
    "export {name}={value}",
    "a number",
    "the appliance ",
    "the session list ",
    "rm -rf /",
    "--token: {error}",
    "uid {1}",
    // The table of `respond status`, whose names are those of its JSON.
    "open until {until}",
    "open alerts",
    "last hour",
    "{1} of {2}",
    "kept out",
    "{count} sessions at {began}",
    "none yet",
    "recursion limit",
    "trailing characters",
    " (record {1} of the list",
    "; the others were read)",
    "; {count} were left out)",
    "the appliance's clock is {1} s {direction} this machine's; requests are signed with its time (set this machine's clock right)",
];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn rust_files(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            rust_files(&entry.unwrap().path(), found);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") {
        found.push(path.to_owned());
    }
}

/// The texts in a file of Rust: not those of tests, comments, or attributes other than `error`.
fn texts(source: &str) -> Vec<String> {
    let source = source.split("\n#[cfg(test)]").next().unwrap();
    let mut texts = Vec::new();
    let mut rest = source;
    let mut depth = 0_i32;
    let mut skipped = false;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
        } else if rest.starts_with("r#\"") || rest.starts_with("r\"") {
            let (open, close) = if rest.starts_with("r#") {
                ("r#\"", "\"#")
            } else {
                ("r\"", "\"")
            };
            let (text, after) = rest[open.len()..].split_once(close).unwrap();
            texts.extend((!skipped).then(|| text.to_owned()));
            rest = after;
        } else if c == '"' {
            let mut end = 1;
            while !rest[end..].starts_with('"') {
                end += if rest[end..].starts_with('\\') { 2 } else { 1 };
                while !rest.is_char_boundary(end) {
                    end += 1;
                }
            }
            texts.extend((!skipped).then(|| unescaped(&rest[1..end])));
            rest = &rest[end + 1..];
        } else if rest.starts_with("'\"'") || rest.starts_with("'['") || rest.starts_with("']'") {
            rest = &rest[3..];
        } else {
            if depth == 0 && (rest.starts_with("#[") || rest.starts_with("#![")) {
                skipped = !rest.starts_with("#[error");
                depth = 1;
                rest = rest.split_once('[').unwrap().1;
                continue;
            }
            match c {
                '[' if depth > 0 => depth += 1,
                ']' if depth > 0 => depth -= 1,
                _ => {}
            }
            skipped &= depth > 0;
            rest = &rest[c.len_utf8()..];
        }
    }
    texts
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => plain.push('\n'),
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some(c) => plain.push(c),
                None => {}
            },
            (c, false) => plain.push(c),
        }
    }
    plain
}

/// A message as the catalogue has it: parts without a name get numbers, and how a part is to be
/// formatted is left out.
fn message(text: &str) -> String {
    let mut message = String::new();
    let mut number = 0;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((part, after)) = after.split_once('}') else {
            break;
        };
        let name = part.split(':').next().unwrap();
        message.push_str(before);
        if name.is_empty() {
            number += 1;
            message.push_str(&format!("{{{number}}}"));
        } else {
            message.push_str(&format!("{{{name}}}"));
        }
        rest = after;
    }
    message + rest
}

/// Whether a text is one for people: it has two words.
fn is_sentence(message: &str) -> bool {
    let own: String = pieces(message.to_owned().leak())
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            Piece::Part(_) => None,
        })
        .collect();
    let small = |pair: &[u8]| pair.iter().all(u8::is_ascii_lowercase);
    message.trim().contains(' ') && own.as_bytes().windows(2).any(small)
}

fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    portuguese::LINES.iter().copied().flatten().copied()
}

#[test]
fn every_message_of_the_source_is_in_the_catalogue() {
    let known: BTreeSet<&str> = lines().map(|(message, _)| message).collect();
    let mut files = Vec::new();
    for path in SOURCE {
        let path = crates().join(path);
        assert!(path.exists(), "{}", path.display());
        rust_files(&path, &mut files);
    }
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut seen = 0;
    for file in files {
        let name = file.to_string_lossy().into_owned();
        if NO_ERRORS
            .iter()
            .any(|part| name.contains(&format!("src/{part}")))
            || name.contains("tests")
        {
            continue;
        }
        for text in texts(&fs::read_to_string(&file).unwrap()) {
            let message = message(text.trim_end_matches('\n'));
            // A command line, or a piece of a configuration.
            let is_code = message.starts_with("pamctl ") || message.contains(" = \"");
            if !is_sentence(&message) || is_code || NO_MESSAGES.contains(&&message[..]) {
                continue;
            }
            seen += 1;
            if !known.contains(&message[..]) {
                missing.entry(name.clone()).or_default().insert(message);
            }
        }
    }
    assert!(seen > 300, "only {seen} messages were found");
    assert!(missing.is_empty(), "not in the catalogue: {missing:#?}");
}

#[test]
fn every_cause_and_remedy_is_in_the_catalogue() {
    let catalogue = Catalogue::new(portuguese::LINES);
    for entry in knowledge::entries() {
        for text in [entry.cause, entry.remedy] {
            let translated = catalogue.translate(text);
            assert!(translated.is_some_and(|it| it != text), "{text}");
        }
    }
}

#[test]
fn a_message_has_the_same_parts_in_both_languages_and_stands_there_once() {
    let mut seen = BTreeSet::new();
    for (message, translation) in lines() {
        assert_eq!(parts(message), parts(translation), "{message}");
        assert!(seen.insert(message), "twice: {message}");
        assert!(!translation.trim().is_empty(), "{message}");
    }
    assert!(seen.len() > 400);
}

#[test]
fn what_stands_in_a_message_is_translated_as_well() {
    let table = [
        (
            "no trusted connection to vault: its certificate has expired; renew it (or set this machine's clock right)",
            "sem conexão confiável com vault: seu certificado venceu; renove-o (ou acerte o relógio desta máquina)",
        ),
        (
            "/h/config.toml: line 3, column 7: the appliance's URL is refused: it has no scheme; write https://HOST",
            "/h/config.toml: linha 3, coluna 7: a URL do appliance é recusada: não tem esquema; escreva https://HOST",
        ),
        (
            "session 540: the session ended at 2026-01-02 03:04:05 by the appliance's clock",
            "sessão 540: a sessão terminou em 2026-01-02 03:04:05 pelo relógio do appliance",
        ),
        (
            "error: unexpected argument '--x' found",
            "erro: argumento inesperado '--x'",
        ),
        (
            "the appliance says something of its own",
            "the appliance says something of its own",
        ),
        ("", ""),
    ];
    for (english, expected) in table {
        assert_eq!(portuguese(english), expected);
    }
}

#[test]
fn a_hostile_line_takes_no_time_and_loses_nothing() {
    let line = "a: b; c, d (e) ".repeat(2_000);
    assert_eq!(portuguese(&line), line);
    let line = format!("can't read {}: x", "{1}: ".repeat(500));
    assert!(portuguese(&line).contains("{1}: {1}"));
}

#[test]
fn the_language_is_that_of_the_first_variable_that_is_set() {
    let of = |set: &[(&str, &str)]| {
        let lookup = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        Language::of(&Environment::new(&lookup))
    };
    use Language::{English, Portuguese};
    assert_eq!(of(&[]), English);
    assert_eq!(of(&[("LANG", "pt_BR.UTF-8")]), Portuguese);
    assert_eq!(of(&[("LANG", "pt")]), Portuguese);
    assert_eq!(of(&[("LANG", "ptolemaic")]), English);
    assert_eq!(of(&[("LANG", "pt_BR"), ("LC_MESSAGES", "C")]), English);
    assert_eq!(
        of(&[("LC_MESSAGES", "en_US"), ("LC_ALL", "pt_BR")]),
        Portuguese
    );
    assert_eq!(of(&[("LC_ALL", ""), ("LANG", "pt_BR")]), Portuguese);
}

#[test]
fn the_flag_is_found_before_the_rest_is_understood() {
    let asked = |arguments: &[&str]| Language::asked_for(arguments.iter().map(OsString::from));
    assert_eq!(
        asked(&["session", "--lang", "pt-BR", "--nonsense"]),
        Some(Language::Portuguese)
    );
    assert_eq!(asked(&["--lang=en"]), Some(Language::English));
    assert_eq!(asked(&["--lang=xx"]), None);
    assert_eq!(asked(&["--", "--lang=pt-BR"]), None);
    assert_eq!(asked(&["--language", "pt-BR"]), None);
}
