//! What `respond`, `hook`, `mock` and `demo` say.

pub(super) const LINES: &[(&str, &str)] = &[
    // All of them.
    ("can't start: {error}", "não é possível iniciar: {error}"),
    // respond
    ("rule `{1}`: {mode}", "regra `{1}`: {mode}"),
    ("{1} has no mistake", "{1} não tem erros"),
    ("a mistake", "um erro"),
    ("{several} mistakes", "{several} erros"),
    ("{1} has {count}", "{1} tem {count}"),
    (
        "case {1} by rule `{2}` until {3}: {4}",
        "caso {1} pela regra `{2}` até {3}: {4}",
    ),
    (
        " {mark} session {id} of {user} on {device}: {1}",
        " {mark} sessão {id} de {user} em {device}: {1}",
    ),
    ("case {case} is approved", "o caso {case} foi aprovado"),
    ("case {case} is denied", "o caso {case} foi negado"),
    (
        "{1} can't be made: {error}",
        "não é possível criar {1}: {error}",
    ),
    ("halted by the file {1}", "parado pelo arquivo {1}"),
    (
        "the file {file} still stops everything; remove it",
        "o arquivo {file} ainda para tudo; remova-o",
    ),
    (
        "the responder answered something else; is it of another version?",
        "o responder respondeu outra coisa; ele é de outra versão?",
    ),
    (
        "no responder answers at {1} ({error}); is `pamctl respond run` running?",
        "nenhum responder responde em {1} ({error}); `pamctl respond run` está em execução?",
    ),
    (
        "no case {case} waits for an answer; `pamctl respond pending` lists those that do",
        "nenhum caso {case} espera resposta; `pamctl respond pending` lista os que esperam",
    ),
    (
        "{1}: {why}; name the socket with --socket",
        "{1}: {why}; indique o soquete com --socket",
    ),
    ("there is no alert in it", "não há alerta nele"),
    (
        "line {number} holds no alert",
        "a linha {number} não contém alerta",
    ),
    (
        "{1} alert {2} rule `{3}`: {4}: {5}",
        "{1} alerta {2} regra `{3}`: {4}: {5}",
    ),
    (
        "    session {1} of {2} on {3}: {4}",
        "    sessão {1} de {2} em {3}: {4}",
    ),
    (
        "{1} alerts: would have ended {2}, refused {3} by policy, ambiguous {4}, held back {5}, no session {6}, no rule {7}",
        "{1} alertas: teria encerrado {2}, recusado {3} pela política, ambíguos {4}, retidos {5}, sem sessão {6}, sem regra {7}",
    ),
    ("{name} listens on {address}", "{name} escuta em {address}"),
    (
        "the configuration was read anew",
        "a configuração foi relida",
    ),
    (
        "{line}; what held before still holds",
        "{line}; o que valia antes continua valendo",
    ),
    // hook
    (
        "`{name}` is none of {names}",
        "`{name}` não é nenhum de {names}",
    ),
    ("session {1} of {2} on {3}", "sessão {1} de {2} em {3}"),
    (
        "can't use {source}: {why}",
        "não é possível usar {source}: {why}",
    ),
    ("there is no token at {source}", "não há token em {source}"),
    ("the payload is not UTF-8", "o conteúdo não é UTF-8"),
    (
        "the payload is no well-formed XML, at byte {at}",
        "o conteúdo não é XML bem formado, no byte {at}",
    ),
    (
        "the payload ends too early",
        "o conteúdo termina cedo demais",
    ),
    (
        "the payload is no <alert> of Splunk",
        "o conteúdo não é um <alert> do Splunk",
    ),
    (
        "Wazuh sent the unknown command {other}",
        "o Wazuh enviou o comando desconhecido {other}",
    ),
    (
        "can't ask Wazuh: {error}",
        "não é possível perguntar ao Wazuh: {error}",
    ),
    (
        "Wazuh did not answer check_keys",
        "o Wazuh não respondeu a check_keys",
    ),
    (
        "Wazuh answered neither continue nor abort",
        "o Wazuh não respondeu nem continue nem abort",
    ),
    ("{missing} within {1} s", "{missing} em {1} s"),
    (
        "Wazuh sent a line of more than 1 MiB",
        "o Wazuh enviou uma linha de mais de 1 MiB",
    ),
    // mock
    (
        "the mock can't start: {error}",
        "o simulador não pode iniciar: {error}",
    ),
    (
        "can't write the ready file {1}: {error}; name another one",
        "não é possível escrever o arquivo de prontidão {1}: {error}; indique outro",
    ),
    (
        "can't write the CA file: {error}; use --ready-file",
        "não é possível escrever o arquivo da AC: {error}; use --ready-file",
    ),
    // demo
    (
        "can't write the CA file: {error}",
        "não é possível escrever o arquivo da AC: {error}",
    ),
    (
        "the stand-in appliance speaks no TLS",
        "o appliance simulado não fala TLS",
    ),
    ("no session runs", "nenhuma sessão está em execução"),
    (
        "the termination has no report",
        "o encerramento não tem relatório",
    ),
    (
        "the end of the session is not proven",
        "o fim da sessão não está provado",
    ),
    (
        "the session was not ended in ten seconds",
        "a sessão não foi encerrada em dez segundos",
    ),
    (
        "no user has one session; try another --seed",
        "nenhum usuário tem uma só sessão; tente outro --seed",
    ),
    (
        "the appliance has no such session",
        "o appliance não tem essa sessão",
    ),
    (
        "the end of the session, and of no other, is not proven",
        "o fim da sessão, e de nenhuma outra, não está provado",
    ),
    ("List the active sessions", "Listar as sessões ativas"),
    (
        "Terminate session {1} ({2} on {3})",
        "Encerrar a sessão {1} ({2} em {3})",
    ),
    (
        "List the active sessions again",
        "Listar as sessões ativas outra vez",
    ),
    ("Read the record of the session", "Ler o registro da sessão"),
    (
        "A stand-in appliance runs in this process at {1}.",
        "Um appliance simulado roda neste processo em {1}.",
    ),
    ("   {1} after {2}: {3}", "   {1} após {2}: {3}"),
    (
        "   session {1}: started {2}, ended {3}",
        "   sessão {1}: iniciada em {2}, encerrada em {3}",
    ),
    ("Proven:", "Provado:"),
    (
        "session {1} runs no more, and {2} others still do.",
        "a sessão {1} não está mais em execução, e {2} outras ainda estão.",
    ),
    (
        "A stand-in appliance and a responder run in this process; one rule is armed:",
        "Um appliance simulado e um responder rodam neste processo; uma regra está armada:",
    ),
    (
        "The appliance reports a dangerous command of {1} (session {2} on {3})",
        "O appliance relata um comando perigoso de {1} (sessão {2} em {3})",
    ),
    ("The responder decides", "O responder decide"),
    (
        "session {1} runs no more {took} ms after the alert, and {others} others still do.",
        "a sessão {1} não está mais em execução {took} ms após o alerta, e {others} outras ainda estão.",
    ),
];
