//! Errors in English and Brazilian Portuguese: who decides, and what is translated.

use assert_cmd::Command;

use crate::fixture::{Mock, Run, pamctl};

fn in_portuguese(mut command: Command, arguments: &[&str]) -> Run {
    Run::of(command.env("LANG", "pt_BR.UTF-8").args(arguments))
}

#[test]
fn the_flag_wins_over_the_environment_and_english_is_the_default() {
    let run = |set: &[(&str, &str)], arguments: &[&str]| {
        let mut command = pamctl();
        command.envs(set.iter().copied());
        Run::of(command.args(["session", "list"]).args(arguments)).ended(2)
    };
    let english = "error: missing settings: PAM_URL";
    let portuguese = "erro: faltam configurações: PAM_URL";
    type Set = &'static [(&'static str, &'static str)];
    let table: [(Set, &[&str], &str); 7] = [
        (&[], &[], english),
        (&[("LANG", "pt_BR.UTF-8")], &[], portuguese),
        (
            &[("LANG", "pt_BR"), ("LC_MESSAGES", "en_US.UTF-8")],
            &[],
            english,
        ),
        (&[("LANG", "C"), ("LC_ALL", "pt_BR")], &[], portuguese),
        (&[("LANG", "pt_BR")], &["--lang", "en"], english),
        (&[], &["--lang", "pt-BR"], portuguese),
        (&[], &["--lang=pt-BR"], portuguese),
    ];
    for (set, arguments, line) in table {
        let run = run(set, arguments);
        assert!(
            run.stderr.starts_with(line),
            "{set:?} {arguments:?}: {}",
            run.stderr
        );
    }
    let unknown = run(&[], &["--lang", "klingon"]);
    assert!(unknown.stderr.contains("pt-BR"), "{}", unknown.stderr);
}

#[test]
fn wrong_usage_is_told_in_portuguese() {
    let table: [(&[&str], &[&str]); 6] = [
        (
            &["session", "list", "--usr", "x"],
            &["erro: argumento inesperado '--usr'", "dica:", "Uso:"],
        ),
        (
            &["session", "lst"],
            &["subcomando desconhecido 'lst'", "experimente '--help'"],
        ),
        (
            &["session", "get"],
            &["faltam os seguintes argumentos obrigatórios:"],
        ),
        (
            &["session", "list", "--timeout", "soon"],
            &["valor inválido 'soon'", "não é uma duração"],
        ),
        (
            &["session", "list", "-o", "xml"],
            &["[valores possíveis: table"],
        ),
        (
            &["session", "list", "--token", "hunter2"],
            &["não existe --token"],
        ),
    ];
    for (arguments, words) in table {
        let run = in_portuguese(pamctl(), arguments).ended(2);
        for word in words {
            assert!(run.stderr.contains(word), "no `{word}` in: {}", run.stderr);
        }
        assert!(!run.stderr.contains("error:") && !run.stderr.contains("hunter2"));
    }
    // Help is in English, and so is what is asked for with it.
    let help = in_portuguese(pamctl(), &["session", "--help"]).ended(0);
    assert!(help.stdout.contains("Usage:"), "{}", help.stdout);
}

#[test]
fn what_goes_wrong_on_the_way_and_at_the_appliance_is_told_in_portuguese() {
    let mock = Mock::populated();
    let mut nowhere = mock.pamctl();
    nowhere.env("PAM_URL", "https://127.0.0.1:9");
    let words = ["127.0.0.1:9 recusou a conexão", "verifique a porta"];
    in_portuguese(nowhere, &["session", "list"]).failed(7, &words);
    let mut wrong = mock.pamctl();
    wrong.env("PAM_TOKEN_SECRET", "another");
    let words = [
        "o appliance responde: Invalid signature",
        "relógio desta máquina",
    ];
    in_portuguese(wrong, &["session", "list"]).failed(6, &words);
    in_portuguese(mock.pamctl(), &["session", "get", "999999"])
        .failed(3, &["esta autorização não vê nenhuma sessão"]);
    let mut untrusted = mock.pamctl();
    untrusted.env("PAM_CA_FILE", "/no/such.pem");
    let words = [
        "não é possível ler o arquivo da AC /no/such.pem",
        "arquivo ou pasta inexistente",
    ];
    in_portuguese(untrusted, &["session", "list"]).failed(2, &words);
    in_portuguese(mock.pamctl(), &["session", "terminate", "1"])
        .failed(2, &["não há terminal para perguntar", "--yes"]);
    let mut secret = mock.pamctl();
    secret.env("PAM_CONSUMER_SECRET", "a\nb");
    in_portuguese(secret, &["session", "list"])
        .failed(2, &["PAM_CONSUMER_SECRET contém uma quebra de linha"]);
}

#[test]
fn causes_remedies_and_diagnoses_are_told_in_portuguese_and_json_stays_as_it_is() {
    let explained = in_portuguese(pamctl(), &["explain", "1039"])
        .ended(0)
        .stdout;
    for word in [
        "causa    a autorização só pode ler",
        "remédio  mude a permissão",
        "fonte ",
    ] {
        assert!(explained.contains(word), "no `{word}` in: {explained}");
    }
    let json = |lang| Run::of(pamctl().args(["explain", "1039", "-o", "json", "--lang", lang]));
    assert_eq!(json("pt-BR").ended(0).stdout, json("en").ended(0).stdout);
    let mock = Mock::populated();
    let text = in_portuguese(mock.pamctl(), &["doctor"]).ended(0).stdout;
    for word in [
        "conectado a",
        "os relógios diferem em",
        "as sessões podem ser listadas",
        "emitido por",
    ] {
        assert!(text.contains(word), "no `{word}` in: {text}");
    }
    let mut wrong = mock.pamctl();
    wrong.env("PAM_CA_FILE", Mock::populated().file("mock.ca.pem"));
    let failed = in_portuguese(wrong, &["doctor"]);
    assert!(
        failed.code.is_some_and(|code| code != 0),
        "{}",
        failed.stdout
    );
}

#[test]
fn a_mistake_in_the_configuration_is_told_in_portuguese() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    let table = [
        (
            "[profiles.p]\nurl = \"vault\"",
            "linha 2, coluna 7: a URL do appliance é recusada",
        ),
        (
            "[profiles.p]\nurls = \"x\"",
            "linha 2, coluna 1: campo desconhecido `urls`",
        ),
        (
            "[profiles.p]\ntoken_secret = \"x\"",
            "o próprio segredo não deve estar aqui",
        ),
        ("default_profile = \"x\"", "não existe o perfil `x`"),
    ];
    for (text, word) in table {
        std::fs::write(&path, text).unwrap();
        let arguments = ["--config", path.to_str().unwrap(), "profile", "list"];
        in_portuguese(pamctl(), &arguments).failed(2, &[word]);
    }
}
