//! Filters, policy, plans and audit.

pub(super) const LINES: &[(&str, &str)] = &[
    // Filters.
    (
        "filter, column {column}: {reason}",
        "filtro, coluna {column}: {reason}",
    ),
    (
        "user, credential, device, protocol, proxy, origin, started, id, session_id, request, itsm or active",
        "user, credential, device, protocol, proxy, origin, started, id, session_id, request, itsm ou active",
    ),
    ("this `)` closes nothing", "este `)` não fecha nada"),
    (
        "expected `and`, `or` or the end of the filter",
        "aqui deve vir `and`, `or` ou o fim do filtro",
    ),
    ("too many nested parentheses", "parênteses aninhados demais"),
    (
        "the filter ends where a field should stand; use {1}",
        "o filtro termina onde deveria haver um campo; use {1}",
    ),
    ("this `(` is never closed", "este `(` nunca é fechado"),
    ("expected a field: {1}", "aqui deve vir um campo: {1}"),
    (
        "unknown field `{word}`; use {1}",
        "campo desconhecido `{word}`; use {1}",
    ),
    (
        "expected =, !=, ~, !~ or in behind `{word}`",
        "depois de `{word}` deve vir =, !=, ~, !~ ou in",
    ),
    (
        "expected `,` or `)` in this list",
        "nesta lista deve vir `,` ou `)`",
    ),
    (
        "expected <, <=, > or >= behind `started`",
        "depois de `started` deve vir <, <=, > ou >=",
    ),
    (
        "an age is at most a hundred years",
        "uma idade tem no máximo cem anos",
    ),
    (
        "`{value}` is neither an age (90s, 15m, 2h, 1d, 1w) nor a time of the appliance's clock (2024-05-06T16:05:07, no zone)",
        "`{value}` não é uma idade (90s, 15m, 2h, 1d, 1w) nem uma hora do relógio do appliance (2024-05-06T16:05:07, sem fuso)",
    ),
    (
        "expected a value; put it in double quotes",
        "aqui deve vir um valor; ponha-o entre aspas duplas",
    ),
    (
        "the filter ends where a value should stand",
        "o filtro termina onde deveria haver um valor",
    ),
    (
        "`!` stands only in `!=` and `!~`; write `not`",
        "`!` só existe em `!=` e `!~`; escreva `not`",
    ),
    (
        "only `\\\"` and `\\\\` are escapes",
        "só `\\\"` e `\\\\` são escapes",
    ),
    ("this quote is never closed", "esta aspa nunca é fechada"),
    // The policy.
    (
        "policy, line {line}: {reason}",
        "política, linha {line}: {reason}",
    ),
    (
        "rule `{1}` protects nothing; give it users, devices, credentials, a filter or a window",
        "a regra `{1}` não protege nada; dê-lhe users, devices, credentials, filter ou window",
    ),
    (
        "`{text}` is no regular expression: {error}",
        "`{text}` não é uma expressão regular: {error}",
    ),
    (
        "refused by policy rule `{1}` (line {2}): {3}",
        "recusado pela regra `{1}` da política (linha {2}): {3}",
    ),
    (
        "refused by policy rule `{1}` ({2}, line {3}): {4}",
        "recusado pela regra `{1}` da política ({2}, linha {3}): {4}",
    ),
    ("in one command", "em um comando"),
    ("within an hour", "em uma hora"),
    (
        "{count} sessions would be ended {span}, at most {1} may",
        "{count} sessões seriam encerradas {span}, e o máximo é {1}",
    ),
    (
        "it protects session {1} of {2} on {3}",
        "ela protege a sessão {1} de {2} em {3}",
    ),
    (
        "the policy does not allow breaking the glass",
        "a política não permite quebrar o vidro",
    ),
    (
        "the {key} does not have the form {1}",
        "o valor de {key} não tem a forma {1}",
    ),
    (
        "a {key} is required; give --{key}",
        "{key} é obrigatório; dê --{key}",
    ),
    (
        "`{text}` is no day; use mon, tue, wed, thu, fri, sat or sun",
        "`{text}` não é um dia; use mon, tue, wed, thu, fri, sat ou sun",
    ),
    (
        "`{text}` is no time of day; write HH:MM",
        "`{text}` não é uma hora do dia; escreva HH:MM",
    ),
    (
        "the policy file {1}: {what}",
        "o arquivo de política {1}: {what}",
    ),
    (
        "every user may change it; chmod o-w it",
        "todo usuário pode alterá-lo; execute chmod o-w nele",
    ),
    (
        "it is larger than 1 MiB, which no policy is",
        "tem mais de 1 MiB, o que nenhuma política tem",
    ),
    ("it is not UTF-8 text", "não é texto UTF-8"),
    ("line {1}: {2}", "linha {1}: {2}"),
    (
        "it can't be read: {error}; check the path and its permissions",
        "não pode ser lido: {error}; verifique o caminho e suas permissões",
    ),
    (
        "{1}: {2} rules that protect, no mistakes",
        "{1}: {2} regras que protegem, nenhum erro",
    ),
    (
        "there is no policy: name a file, or set PAM_POLICY or the profile's policy",
        "não há política: indique um arquivo, ou defina PAM_POLICY ou o policy do perfil",
    ),
    (
        "the session file {1}: {what}",
        "o arquivo de sessão {1}: {what}",
    ),
    (
        "lifted: rule `{1}` (line {2}): {3}",
        "suspensa: regra `{1}` (linha {2}): {3}",
    ),
    ("a session is a JSON object", "uma sessão é um objeto JSON"),
    ("{error}; it is no session", "{error}; não é uma sessão"),
    ("it is not JSON: {error}", "não é JSON: {error}"),
    ("session {number}: {what}", "sessão {number}: {what}"),
    (
        "it is not UTF-8 text; name another file",
        "não é texto UTF-8; indique outro arquivo",
    ),
    (
        "it is larger than {1} MiB; name another file",
        "tem mais de {1} MiB; indique outro arquivo",
    ),
    // Deciding and recording.
    (
        "the audit file is written no more",
        "o arquivo de auditoria não é mais gravado",
    ),
    ("{line}; nothing is recorded", "{line}; nada é registrado"),
    (
        "the audit file, by which they are counted, is missing",
        "falta o arquivo de auditoria, pelo qual elas são contadas",
    ),
    (
        "the policy limits the sessions that end within an hour, and they can't be counted: {line}; nothing was terminated",
        "a política limita as sessões encerradas em uma hora, e elas não podem ser contadas: {line}; nada foi encerrado",
    ),
    (
        "{error}; not everything that was done is recorded",
        "{error}; nem tudo o que foi feito está registrado",
    ),
    (
        "{error}; the refusal is not recorded",
        "{error}; a recusa não está registrada",
    ),
    (
        "its record was not seen, so it is unknown whether the policy protects it",
        "seu registro não foi visto, portanto não se sabe se a política a protege",
    ),
    (
        "{line}; the drop is sent unrecorded",
        "{line}; o encerramento é enviado sem registro",
    ),
    (
        "{last}; nothing was terminated",
        "{last}; nada foi encerrado",
    ),
    (
        "{line}; nothing was terminated, as it would not be recorded (--audit-optional allows that)",
        "{line}; nada foi encerrado, porque não ficaria registrado (--audit-optional permite isso)",
    ),
    (
        "there is no place for the audit file: neither PAM_AUDIT nor HOME is set; name a file with --audit",
        "não há lugar para o arquivo de auditoria: nem PAM_AUDIT nem HOME está definida; indique um arquivo com --audit",
    ),
    (
        "the audit file {1} can't be used: {fault}",
        "o arquivo de auditoria {1} não pode ser usado: {fault}",
    ),
    (
        "it belongs to another user; name one of your own",
        "pertence a outro usuário; indique um seu",
    ),
    (
        "others may read or write it (mode {mode}); chmod 600 it",
        "outros podem lê-lo ou alterá-lo (modo {mode}); execute chmod 600 nele",
    ),
    (
        "the disk is full; make room, or name a file elsewhere",
        "o disco está cheio; libere espaço, ou indique um arquivo em outro lugar",
    ),
    (
        "another process has kept it locked for {seconds} s; look for one that hangs",
        "outro processo o mantém bloqueado há {seconds} s; procure um que esteja travado",
    ),
    (
        "{0}; check the path and its permissions",
        "{0}; verifique o caminho e suas permissões",
    ),
    (
        "there is no audit file by which to count them",
        "não há arquivo de auditoria pelo qual contá-las",
    ),
    (
        "the policy limits how many sessions end within an hour, and they can't be counted: {line}; nothing was terminated",
        "a política limita quantas sessões são encerradas em uma hora, e elas não podem ser contadas: {line}; nada foi encerrado",
    ),
    // The audit chain.
    (
        "an audit record must be a JSON object without `seq`, `prev` and `hash`",
        "um registro de auditoria deve ser um objeto JSON sem `seq`, `prev` e `hash`",
    ),
    (
        "the audit record can't be written as JSON: {0}",
        "o registro de auditoria não pode ser escrito como JSON: {0}",
    ),
    ("line {line}: {kind}", "linha {line}: {kind}"),
    (
        "this is no audit record, or only a part of one",
        "isto não é um registro de auditoria, ou é só parte de um",
    ),
    (
        "record {seq} was changed after it was written",
        "o registro {seq} foi alterado depois de gravado",
    ),
    (
        "records {first} to {last} are missing",
        "faltam os registros {first} a {last}",
    ),
    (
        "record {seq} stands in the wrong place",
        "o registro {seq} está no lugar errado",
    ),
    (
        "record {seq} does not continue the record before it, which was replaced",
        "o registro {seq} não continua o anterior, que foi substituído",
    ),
    (
        "the file ends with record {found}, but record {kept} was the last one written",
        "o arquivo termina no registro {found}, mas o último gravado foi o {kept}",
    ),
    (
        "the kept link (FILE.link) is missing, so it can't be told whether the last records were cut off",
        "falta o elo guardado (FILE.link), portanto não se sabe se os últimos registros foram cortados",
    ),
    (
        "the kept link (FILE.link) is damaged, so it can't be told whether the last records were cut off",
        "o elo guardado (FILE.link) está danificado, portanto não se sabe se os últimos registros foram cortados",
    ),
    (
        "there is no {1}; nothing was recorded there yet",
        "não há {1}; nada foi registrado ali ainda",
    ),
    (
        "{1} lines are no records; `pamctl audit verify` says where",
        "{1} linhas não são registros; `pamctl audit verify` diz onde",
    ),
    (
        "the audit file {name} is not what was written: {error}",
        "o arquivo de auditoria {name} não é o que foi gravado: {error}",
    ),
    (
        "{name}: {1} records, intact; last hash {2}",
        "{name}: {1} registros, íntegros; último hash {2}",
    ),
    (
        "the kept link is {behind} records behind, as a crash leaves it; the next record sets it right",
        "o elo guardado está {behind} registros atrás, como uma queda o deixa; o próximo registro o acerta",
    ),
    (
        "a part of a record stands at the end, as a crash leaves it; the next record takes its place",
        "há parte de um registro no fim, como uma queda a deixa; o próximo registro toma seu lugar",
    ),
    // Plans.
    (
        "the plan is for {1}, and this is {appliance}; nothing was terminated; choose the other appliance, or write a new plan",
        "o plano é para {1}, e este é {appliance}; nada foi encerrado; escolha o outro appliance, ou grave um novo plano",
    ),
    ("reading the sessions again", "lendo as sessões de novo"),
    (
        "session {1} is not the one that was planned: its {field} was `{was}` and is `{is}`; nothing was terminated; write a new plan",
        "a sessão {1} não é a planejada: seu {field} era `{was}` e é `{is}`; nada foi encerrado; grave um novo plano",
    ),
    (
        "the plan can't be written as JSON",
        "o plano não pode ser escrito como JSON",
    ),
    (
        "can't write the plan to {1}: {error}; check the path and its permissions",
        "não é possível gravar o plano em {1}: {error}; verifique o caminho e suas permissões",
    ),
    ("the plan {name}: {what}", "o plano {name}: {what}"),
    (
        "it is no plan of this program; write one with `pamctl plan`",
        "não é um plano deste programa; grave um com `pamctl plan`",
    ),
    (
        "the plan {name} was changed after it was written (its hash does not match); nothing was terminated; write a new one with `pamctl plan`",
        "o plano {name} foi alterado depois de gravado (o hash não confere); nada foi encerrado; grave um novo com `pamctl plan`",
    ),
    (
        "another version of pamctl wrote it; write a new one",
        "outra versão do pamctl o gravou; grave um novo",
    ),
    (
        "no running session matches `{1}`; no plan was written",
        "nenhuma sessão ativa corresponde a `{1}`; nenhum plano foi gravado",
    ),
    (
        "{1} sessions; `pamctl apply {2}` terminates them",
        "{1} sessões; `pamctl apply {2}` as encerra",
    ),
];
