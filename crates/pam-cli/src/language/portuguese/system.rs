//! What other programs' code says in our lines: the command line, TOML and the operating system.

pub(super) const LINES: &[(&str, &str)] = &[
    // Wrong usage, as clap tells it.
    ("error: {what}", "erro: {what}"),
    (
        "unexpected argument '{arg}' found",
        "argumento inesperado '{arg}'",
    ),
    (
        "the following required arguments were not provided:",
        "faltam os seguintes argumentos obrigatórios:",
    ),
    (
        "invalid value '{value}' for '{arg}': {why}",
        "valor inválido '{value}' para '{arg}': {why}",
    ),
    (
        "invalid value '{value}' for '{arg}'",
        "valor inválido '{value}' para '{arg}'",
    ),
    (
        "a value is required for '{arg}' but none was supplied",
        "'{arg}' precisa de um valor e nenhum foi dado",
    ),
    (
        "the argument '{arg}' cannot be used with '{other}'",
        "o argumento '{arg}' não pode ser usado com '{other}'",
    ),
    (
        "the argument '{arg}' cannot be used with:",
        "o argumento '{arg}' não pode ser usado com:",
    ),
    (
        "the argument '{arg}' cannot be used multiple times",
        "o argumento '{arg}' não pode ser usado mais de uma vez",
    ),
    (
        "unrecognized subcommand '{name}'",
        "subcomando desconhecido '{name}'",
    ),
    (
        "'{name}' requires a subcommand but one was not provided",
        "'{name}' precisa de um subcomando e nenhum foi dado",
    ),
    ("Usage: {how}", "Uso: {how}"),
    (
        "For more information, try '{help}'.",
        "Para mais informações, experimente '{help}'.",
    ),
    ("tip: {tip}", "dica: {tip}"),
    (
        "a similar argument exists: {names}",
        "existe um argumento parecido: {names}",
    ),
    (
        "some similar arguments exist: {names}",
        "existem argumentos parecidos: {names}",
    ),
    (
        "a similar subcommand exists: {names}",
        "existe um subcomando parecido: {names}",
    ),
    (
        "some similar subcommands exist: {names}",
        "existem subcomandos parecidos: {names}",
    ),
    (
        "a similar value exists: {names}",
        "existe um valor parecido: {names}",
    ),
    (
        "some similar values exist: {names}",
        "existem valores parecidos: {names}",
    ),
    (
        "to pass '{value}' as a value, use '{how}'",
        "para dar '{value}' como valor, use '{how}'",
    ),
    (
        "[possible values: {values}]",
        "[valores possíveis: {values}]",
    ),
    ("[subcommands: {names}]", "[subcomandos: {names}]"),
    // A file of settings, as toml tells it.
    (
        "unknown field `{name}`, expected one of {names}",
        "campo desconhecido `{name}`; são conhecidos {names}",
    ),
    (
        "unknown field `{name}`, expected {other}",
        "campo desconhecido `{name}`; é conhecido {other}",
    ),
    ("missing field `{name}`", "falta o campo `{name}`"),
    ("duplicate key", "chave repetida"),
    (
        "invalid type: {found}, expected {wanted}",
        "tipo errado: {found}; o certo é {wanted}",
    ),
    ("string \"{value}\"", "texto \"{value}\""),
    ("integer `{value}`", "número inteiro `{value}`"),
    ("boolean `{value}`", "booleano `{value}`"),
    ("a boolean", "um booleano"),
    ("a string", "um texto"),
    ("a map", "uma tabela"),
    ("a sequence", "uma lista"),
    // The operating system.
    (
        "No such file or directory (os error {code})",
        "arquivo ou pasta inexistente (erro {code})",
    ),
    (
        "Permission denied (os error {code})",
        "permissão negada (erro {code})",
    ),
    (
        "Is a directory (os error {code})",
        "é uma pasta (erro {code})",
    ),
    (
        "Not a directory (os error {code})",
        "não é uma pasta (erro {code})",
    ),
    (
        "File exists (os error {code})",
        "o arquivo já existe (erro {code})",
    ),
    (
        "No space left on device (os error {code})",
        "não há espaço no disco (erro {code})",
    ),
    (
        "Read-only file system (os error {code})",
        "sistema de arquivos somente leitura (erro {code})",
    ),
    (
        "Network is unreachable (os error {code})",
        "rede inacessível (erro {code})",
    ),
    (
        "No route to host (os error {code})",
        "não há rota até o host (erro {code})",
    ),
    (
        "Connection refused (os error {code})",
        "conexão recusada (erro {code})",
    ),
    (
        "Connection timed out (os error {code})",
        "tempo de conexão esgotado (erro {code})",
    ),
    (
        "failed to lookup address information: {why}",
        "o nome não pôde ser resolvido: {why}",
    ),
    ("Name or service not known", "nome ou serviço desconhecido"),
    (
        "Temporary failure in name resolution",
        "falha temporária na resolução de nomes",
    ),
    (
        "No address associated with hostname",
        "nenhum endereço associado ao nome",
    ),
    ("exit status: {code}", "código de saída {code}"),
    ("signal: {signal}", "sinal {signal}"),
];
