//! Settings, profiles and secrets.

pub(super) const LINES: &[(&str, &str)] = &[
    // Values.
    (
        "not a time; write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS by the appliance's clock, YYYY-MM-DDTHH:MM:SSZ in UTC, or how long ago: 90s, 30m, 2h, 1d or 1w",
        "não é uma hora; escreva AAAA-MM-DD ou AAAA-MM-DD HH:MM:SS pelo relógio do appliance, AAAA-MM-DDTHH:MM:SSZ em UTC, ou há quanto tempo: 90s, 30m, 2h, 1d ou 1w",
    ),
    (
        "`{text}` is no duration; write 500ms, 30s, 2m or 1h",
        "`{text}` não é uma duração; escreva 500ms, 30s, 2m ou 1h",
    ),
    (
        "a deadline of zero lets nothing happen; write 500ms or more",
        "um prazo de zero não deixa nada acontecer; escreva 500ms ou mais",
    ),
    (
        "`{text}` is no size; write 4096, 512KiB, 64MiB or 1GiB",
        "`{text}` não é um tamanho; escreva 4096, 512KiB, 64MiB ou 1GiB",
    ),
    (
        "unknown route family `{name}`; use auto, iso, api-pam or api",
        "família de rotas desconhecida `{name}`; use auto, iso, api-pam ou api",
    ),
    (
        "unknown time zone `{name}`; use an IANA name, as America/Sao_Paulo",
        "fuso horário desconhecido `{name}`; use um nome IANA, como America/Sao_Paulo",
    ),
    (
        "{given} needs {missing} beside it",
        "{given} precisa de {missing} ao lado",
    ),
    (
        "{flag} means nothing to this command, which asks no appliance; leave it out",
        "{flag} não significa nada para este comando, que não consulta nenhum appliance; deixe-o de fora",
    ),
    (
        "there is no {name}: every user of the machine can read a command line; put credentials into the environment (PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET, PAM_TOKEN, PAM_TOKEN_SECRET, or PAM_CLIENT_ID and PAM_CLIENT_SECRET) and change this one if it is real",
        "não existe {name}: todo usuário da máquina pode ler uma linha de comando; ponha as credenciais no ambiente (PAM_CONSUMER_KEY, PAM_CONSUMER_SECRET, PAM_TOKEN, PAM_TOKEN_SECRET, ou PAM_CLIENT_ID e PAM_CLIENT_SECRET) e troque esta se ela for real",
    ),
    // The environment.
    (
        "{name} is not UTF-8; set it again as text",
        "{name} não é UTF-8; defina-a de novo como texto",
    ),
    (
        "is not UTF-8; set it again as text",
        "não é UTF-8; defina-a de novo como texto",
    ),
    (
        "{name} contains a line break or another control character; check how it was read in",
        "{name} contém uma quebra de linha ou outro caractere de controle; verifique como foi lida",
    ),
    (
        "contains a line break or another control character; check how it was read in",
        "contém uma quebra de linha ou outro caractere de controle; verifique como foi lida",
    ),
    (
        "missing settings: {1}; set these environment variables (`pamctl --help` explains them), {or}",
        "faltam configurações: {1}; defina estas variáveis de ambiente (`pamctl --help` as explica), {or}",
    ),
    (
        "or let the profile `{name}` say them (docs: `pamctl profile --help`)",
        "ou deixe o perfil `{name}` dizê-las (veja `pamctl profile --help`)",
    ),
    (
        "or add a profile (`pamctl profile add --help`)",
        "ou acrescente um perfil (`pamctl profile add --help`)",
    ),
    (
        "{first} (OAuth 1.0) and {second} (OAuth 2.0) are both set; unset those of one kind",
        "{first} (OAuth 1.0) e {second} (OAuth 2.0) estão ambas definidas; remova as de um dos tipos",
    ),
    (
        "these are keys of OAuth 2.0, which signs nothing; use an authorization of OAuth 1.0",
        "estas são chaves de OAuth 2.0, que não assina nada; use uma autorização de OAuth 1.0",
    ),
    // The configuration file.
    (
        "{file}: line {line}, column {column}: {why}",
        "{file}: linha {line}, coluna {column}: {why}",
    ),
    (
        "line {line}, column {column}: {why}",
        "linha {line}, coluna {column}: {why}",
    ),
    (
        "can't be read: {error}; name another file with --config, or add a profile with `pamctl profile add`",
        "não pode ser lido: {error}; indique outro arquivo com --config, ou acrescente um perfil com `pamctl profile add`",
    ),
    (
        "is not a regular file; name another one with --config",
        "não é um arquivo comum; indique outro com --config",
    ),
    (
        "belongs to another user, who could change what is run; copy it",
        "pertence a outro usuário, que poderia mudar o que é executado; copie-o",
    ),
    (
        "others may write to it (mode {1}), and it can name commands to run; chmod go-w it",
        "outros podem alterá-lo (modo {1}), e ele pode indicar comandos a executar; execute chmod go-w nele",
    ),
    (
        "is larger than 1 MiB, which no configuration is",
        "tem mais de 1 MiB, o que nenhuma configuração tem",
    ),
    ("is not UTF-8 text", "não é texto UTF-8"),
    (
        "there is no profile `{name}`{file}; {known}",
        "não existe o perfil `{name}`{file}; {known}",
    ),
    (" in {1}", " em {1}"),
    (
        "there is none yet; add one with `pamctl profile add`",
        "ainda não há nenhum; acrescente um com `pamctl profile add`",
    ),
    ("there are {1}", "existem {1}"),
    (
        "there is no profile `{1}`; name one that stands below [profiles]",
        "não existe o perfil `{1}`; indique um que esteja abaixo de [profiles]",
    ),
    (
        "`{name}` can't be the name of a profile; use up to 64 letters, digits, `-`, `_` and `.`",
        "`{name}` não pode ser o nome de um perfil; use até 64 letras, dígitos, `-`, `_` e `.`",
    ),
    (
        "`{given}` needs `{missing}` beside it",
        "`{given}` precisa de `{missing}` ao lado",
    ),
    (
        "it has keys of OAuth 1.0 (consumer_…, token…) and of OAuth 2.0 (client_id, client_secret); keep those of one kind",
        "ele tem chaves de OAuth 1.0 (consumer_…, token…) e de OAuth 2.0 (client_id, client_secret); mantenha as de um dos tipos",
    ),
    (
        "it is empty; leave the key out when there is nothing to set",
        "está vazio; deixe a chave de fora quando não há nada a definir",
    ),
    (
        "it contains a line break or another control character",
        "contém uma quebra de linha ou outro caractere de controle",
    ),
    (
        "there is no home directory for the profiles; name a file with --config",
        "não há pasta pessoal para os perfis; indique um arquivo com --config",
    ),
    (
        "{1}: can't be changed: {error}",
        "{1}: não pode ser alterado: {error}",
    ),
    ("{why}; nothing was changed", "{why}; nada foi alterado"),
    (
        "can't change {1}: {error}; nothing was changed",
        "não é possível alterar {1}: {error}; nada foi alterado",
    ),
    // The commands for profiles.
    (
        "write KEY=VALUE, such as time_zone=America/Sao_Paulo",
        "escreva CHAVE=VALOR, como time_zone=America/Sao_Paulo",
    ),
    (
        "there is a profile `{name}` already; edit the file, or remove it first with `pamctl profile remove {name}`",
        "já existe o perfil `{name}`; edite o arquivo, ou remova-o antes com `pamctl profile remove {name}`",
    ),
    (
        "this build has no keyring; say where the secret is, such as --set {secret}=file:/etc/pamctl/{secret}",
        "esta compilação não tem chaveiro; diga onde está o segredo, como --set {secret}=file:/etc/pamctl/{secret}",
    ),
    (
        "added `{name}` to {1}{default}",
        "perfil `{name}` acrescentado a {1}{default}",
    ),
    (
        "added `{name}` to {1}, used when none is named",
        "perfil `{name}` acrescentado a {1}, usado quando nenhum é indicado",
    ),
    (
        ", used when none is named",
        ", usado quando nenhum é indicado",
    ),
    (
        "run `pamctl login --profile {name}` to type its secrets, then `pamctl doctor --profile {name}`",
        "execute `pamctl login --profile {name}` para digitar seus segredos, depois `pamctl doctor --profile {name}`",
    ),
    (
        "removed `{name}` from {1}",
        "perfil `{name}` removido de {1}",
    ),
    (
        "removed its {key} from the keyring",
        "{key} dele removido do chaveiro",
    ),
    (
        "`{1}` is used when none is named",
        "`{1}` é usado quando nenhum é indicado",
    ),
    ("the machine's own", "o da própria máquina"),
    (
        "no profile is in use; name one with --profile, or add one with `pamctl profile add`",
        "nenhum perfil está em uso; indique um com --profile, ou acrescente um com `pamctl profile add`",
    ),
    (
        "{key} is there already ({source})",
        "{key} já está lá ({source})",
    ),
    (
        "the profile `{name}` names no place for a secret; give it consumer_secret and token_secret, or client_secret, such as \"keyring:\"",
        "o perfil `{name}` não indica lugar para um segredo; dê-lhe consumer_secret e token_secret, ou client_secret, como \"keyring:\"",
    ),
    (
        "there is no terminal to ask on; run it on one, or let the profile name another place for its secrets",
        "não há terminal para perguntar; execute-o em um, ou deixe o perfil indicar outro lugar para os segredos",
    ),
    ("{key} of {badge}: ", "{key} de {badge}: "),
    ("kept {key} ({source})", "{key} guardado ({source})"),
    (
        "what is not there and can't be typed here: {1}; put it there yourself",
        "o que não está lá e não pode ser digitado aqui: {1}; ponha-o lá",
    ),
    // Secrets.
    (
        "{key} of the profile `{profile}` is not where the profile says ({source}); {remedy}",
        "{key} do perfil `{profile}` não está onde o perfil diz ({source}); {remedy}",
    ),
    (
        "run `pamctl login --profile {profile}`",
        "execute `pamctl login --profile {profile}`",
    ),
    ("put it there", "ponha-o lá"),
    (
        "can't use {self} for {1} of the profile `{2}`: {why}",
        "não é possível usar {self} para {1} do perfil `{2}`: {why}",
    ),
    (
        "a secret itself does not belong here; write where it is: {FORMS}",
        "o próprio segredo não deve estar aqui; escreva onde ele está: {FORMS}",
    ),
    (
        "keyring:, file:PATH, env:NAME, cmd:COMMAND or systemd:NAME",
        "keyring:, file:CAMINHO, env:NOME, cmd:COMANDO ou systemd:NOME",
    ),
    (
        "file:PATH, env:NAME, cmd:COMMAND or systemd:NAME",
        "file:CAMINHO, env:NOME, cmd:COMANDO ou systemd:NOME",
    ),
    (
        "`{0}:` must be followed by {1}",
        "depois de `{0}:` deve vir {1}",
    ),
    ("a path", "um caminho"),
    ("the name of a variable", "o nome de uma variável"),
    ("the name of a credential", "o nome de uma credencial"),
    ("a command", "um comando"),
    (
        "it names no account; write it like keyring:ACCOUNT",
        "não indica nenhuma conta; escreva como keyring:CONTA",
    ),
    (
        "the command after `cmd:` has a quote that is not closed",
        "o comando depois de `cmd:` tem uma aspa que não é fechada",
    ),
    (
        "the name after `systemd:` must be one file name, without a slash",
        "o nome depois de `systemd:` deve ser um só nome de arquivo, sem barra",
    ),
    (
        "systemd sets CREDENTIALS_DIRECTORY for a service that has LoadCredential=; here it is not set",
        "o systemd define CREDENTIALS_DIRECTORY para um serviço que tem LoadCredential=; aqui ela não está definida",
    ),
    (
        "nothing can be stored there; put it there yourself",
        "nada pode ser guardado lá; ponha-o lá",
    ),
    (
        "what is there is not UTF-8 text; store it again",
        "o que está lá não é texto UTF-8; guarde-o de novo",
    ),
    (
        "what is there is empty; store it again",
        "o que está lá está vazio; guarde-o de novo",
    ),
    (
        "what is there is more than one line of text; keep the secret alone",
        "o que está lá tem mais de uma linha de texto; deixe só o segredo",
    ),
    ("it names no command", "não indica nenhum comando"),
    (
        "there is no such command; give its whole path",
        "esse comando não existe; indique o caminho completo",
    ),
    (
        "it can't be started: {error}",
        "não pode ser iniciado: {error}",
    ),
    (
        "the command failed ({status}); run it by hand to see why",
        "o comando falhou ({status}); execute-o à mão para ver por quê",
    ),
    (
        "the command did not end within {1}; run it by hand to see what it waits for, or raise secret_timeout",
        "o comando não terminou em {1}; execute-o à mão para ver o que ele espera, ou aumente secret_timeout",
    ),
    (
        "it prints more than 64 KiB, which no secret is",
        "imprime mais de 64 KiB, o que nenhum segredo tem",
    ),
    (
        "what becomes of it can't be seen: {error}",
        "não é possível ver o que houve com ele: {error}",
    ),
    (
        "{1} is a symbolic link in a folder that others can write to; name the file itself",
        "{1} é um link simbólico em uma pasta que outros podem alterar; indique o próprio arquivo",
    ),
    (
        "it belongs to another user; copy it to a file of your own",
        "pertence a outro usuário; copie-o para um arquivo seu",
    ),
    (
        "its mode is {mode}, so that others may read or write it; chmod 600 it, and change the secret if others use this machine",
        "seu modo é {mode}, de modo que outros podem lê-lo ou alterá-lo; execute chmod 600 nele, e troque o segredo se outros usam esta máquina",
    ),
    ("it can't be read: {error}", "não pode ser lido: {error}"),
    (
        "it is larger than 64 KiB, which no secret is; name another one",
        "tem mais de 64 KiB, o que nenhum segredo tem; indique outro",
    ),
    ("too many symbolic links", "links simbólicos demais"),
    (
        "it can't be written: {error}",
        "não pode ser gravado: {error}",
    ),
    (
        "the kernel's keyring can't be used here ({error}), as in many containers; keep the secret elsewhere: {1}",
        "o chaveiro do kernel não pode ser usado aqui ({error}), como em muitos contêineres; guarde o segredo em outro lugar: {1}",
    ),
    (
        "this build has no keyring; keep the secret elsewhere: {1}",
        "esta compilação não tem chaveiro; guarde o segredo em outro lugar: {1}",
    ),
    (
        "can't ask on the terminal: {error}",
        "não é possível perguntar no terminal: {error}",
    ),
    ("nothing was typed", "nada foi digitado"),
    (
        "what was typed is not text of at most 64 KiB; type it again",
        "o que foi digitado não é texto de no máximo 64 KiB; digite de novo",
    ),
];
