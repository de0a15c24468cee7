//! What the commands say.

pub(super) const LINES: &[(&str, &str)] = &[
    // Every command.
    (
        "can't write to standard output: {error}; what was written is incomplete",
        "não é possível escrever na saída padrão: {error}; o que foi escrito está incompleto",
    ),
    (
        "the appliance answers: {error}: {spoken}",
        "o appliance responde: {error}: {spoken}",
    ),
    (
        "the appliance answers: {error}",
        "o appliance responde: {error}",
    ),
    (
        "look whether the request took effect before sending it again",
        "veja se a requisição teve efeito antes de enviá-la de novo",
    ),
    (
        "the appliance answers: {reply}",
        "o appliance responde: {reply}",
    ),
    (
        "can't start: {error}; the system lacks resources",
        "não é possível iniciar: {error}; faltam recursos ao sistema",
    ),
    (
        "the routes are not remembered: {error}",
        "as rotas não ficam lembradas: {error}",
    ),
    ("interrupted", "interrompido"),
    ("interrupted; {1}", "interrompido; {1}"),
    ("error", "erro"),
    ("warning", "aviso"),
    ("standard input", "a entrada padrão"),
    // Reading sessions.
    ("reading the session", "lendo a sessão"),
    ("looking through the listing", "procurando na listagem"),
    ("listing sessions", "listando sessões"),
    (
        "no session {name} in the listing; it may belong to what another authorization sees",
        "a sessão {name} não está na listagem; ela pode ser do que outra autorização vê",
    ),
    (
        "{1} sessions have no usable session_id and are left out; -o json shows their row ids",
        "{1} sessões não têm um session_id utilizável e ficam de fora; -o json mostra seus ids de linha",
    ),
    ("{1} of {2} sessions", "{1} de {2} sessões"),
    ("the list is incomplete", "a lista está incompleta"),
    (
        "`{text}` is no screen size; write WIDTHxHEIGHT, such as 1600x900",
        "`{text}` não é um tamanho de tela; escreva LARGURAxALTURA, como 1600x900",
    ),
    (
        "can't write the output file: {error}",
        "não é possível gravar o arquivo de saída: {error}",
    ),
    (
        "can't create {1}: {error}; name a file that does not exist yet",
        "não é possível criar {1}: {error}; indique um arquivo que ainda não exista",
    ),
    // Watching.
    ("reading the sessions", "lendo as sessões"),
    ("interrupted after {1}", "interrompido após {1}"),
    (
        "watching; {1} sessions run",
        "observando; {1} sessões ativas",
    ),
    (
        "{1} more sessions started and ended since the reading before",
        "outras {1} sessões começaram e terminaram desde a leitura anterior",
    ),
    (
        "the sessions can be read again after {failures} failures",
        "as sessões voltaram a ser lidas após {failures} falhas",
    ),
    (
        "can't read the sessions: {why}; trying again in {1}",
        "não é possível ler as sessões: {why}; nova tentativa em {1}",
    ),
    ("{1} readings and {2} events", "{1} leituras e {2} eventos"),
    // Terminating.
    ("nothing was terminated", "nada foi encerrado"),
    ("{why}; nothing was terminated", "{why}; nada foi encerrado"),
    (
        "`{text}` is not between 1 and 256",
        "`{text}` não está entre 1 e 256",
    ),
    (
        "{count} sessions are more than --max {most}; nothing was terminated; narrow the choice, or allow more with --max",
        "{count} sessões são mais que --max {most}; nada foi encerrado; restrinja a escolha, ou permita mais com --max",
    ),
    (
        "not confirmed; nothing was terminated",
        "não confirmado; nada foi encerrado",
    ),
    (
        "stopping: nothing more is sent, drops under way are awaited",
        "parando: nada mais é enviado, os encerramentos em curso são aguardados",
    ),
    ("would be terminated", "seria encerrada"),
    (
        "{1} of {2} would be terminated; this was a dry run",
        "{1} de {2} seriam encerradas; isto foi uma simulação",
    ),
    (
        "some sessions are not visible to this authorization",
        "algumas sessões não são visíveis a esta autorização",
    ),
    (
        "standard input names no session; nothing was terminated",
        "a entrada padrão não indica nenhuma sessão; nada foi encerrado",
    ),
    (
        "standard input {what}; nothing was terminated",
        "a entrada padrão {what}; nada foi encerrado",
    ),
    ("can't be read: {error}", "não pode ser lida: {error}"),
    (
        "is longer than 64 MiB, which no list of sessions is",
        "tem mais de 64 MiB, o que nenhuma lista de sessões tem",
    ),
    (
        "names no session in line {number}: {error}",
        "não indica uma sessão na linha {number}: {error}",
    ),
    (
        "there is no terminal to ask on; nothing was terminated; add --yes to terminate without being asked",
        "não há terminal para perguntar; nada foi encerrado; acrescente --yes para encerrar sem pergunta",
    ),
    (
        "can't ask: {error}; nothing was terminated; add --yes",
        "não é possível perguntar: {error}; nada foi encerrado; acrescente --yes",
    ),
    (" at {name}", " em {name}"),
    (
        "This session{at} will be terminated:",
        "Esta sessão{at} será encerrada:",
    ),
    (
        "These {count} sessions{at} will be terminated:",
        "Estas {count} sessões{at} serão encerradas:",
    ),
    ("  and {more} more", "  e mais {more}"),
    (
        "Type {count} to terminate them, anything else to leave them: ",
        "Digite {count} para encerrá-las, qualquer outra coisa para deixá-las: ",
    ),
    ("Terminate? [y/N] ", "Encerrar? [y/N] "),
    ("the session has ended", "a sessão terminou"),
    (
        "no such session is visible to this authorization",
        "esta autorização não vê essa sessão",
    ),
    ("no session was touched", "nenhuma sessão foi tocada"),
    (
        "{1}; no drop was sent for {count}",
        "{1}; nenhum encerramento foi enviado para {count}",
    ),
    ("session {1}: {2}", "sessão {1}: {2}"),
    (
        "{1}; {told} (and {others} more)",
        "{1}; {told} (e mais {others})",
    ),
    ("{count} terminated", "{count} encerrada(s)"),
    ("{count} already_ended", "{count} já terminada(s)"),
    ("{count} not_found", "{count} não encontrada(s)"),
    ("{count} unconfirmed", "{count} não confirmada(s)"),
    ("{count} still_active", "{count} ainda ativa(s)"),
    ("{count} denied", "{count} negada(s)"),
    ("looking for sessions", "procurando sessões"),
    ("looking the sessions up", "consultando as sessões"),
    (
        "no running session matches `{filter}`; nothing was terminated",
        "nenhuma sessão ativa corresponde a `{filter}`; nada foi encerrado",
    ),
    // Signing and raw calls.
    (
        "`{text}` is no HTTP method; write GET, POST, PUT or DELETE",
        "`{text}` não é um método HTTP; escreva GET, POST, PUT ou DELETE",
    ),
    (
        "`{text}` is no absolute URL; write https://HOST/PATH",
        "`{text}` não é uma URL absoluta; escreva https://HOST/CAMINHO",
    ),
    (
        "`{text}` is no URL; percent-encode blanks and other characters that it can't hold",
        "`{text}` não é uma URL; codifique com % os espaços e outros caracteres que ela não pode conter",
    ),
    (
        "`{text}` has no `=`; write NAME=VALUE, or NAME= for an empty value",
        "`{text}` não tem `=`; escreva NOME=VALOR, ou NOME= para um valor vazio",
    ),
    (
        "no random nonce: {error}; give one with --nonce",
        "sem nonce aleatório: {error}; dê um com --nonce",
    ),
    (
        "this machine's clock is before 1970; set it right",
        "o relógio desta máquina está antes de 1970; acerte-o",
    ),
    (
        "write NAME: VALUE with visible ASCII characters only",
        "escreva NOME: VALOR somente com caracteres ASCII visíveis",
    ),
    (
        "`{name}` can't be set: it is set for you, or would make another call of this one",
        "`{name}` não pode ser definido: já é definido, ou faria desta chamada outra",
    ),
    (
        "this path ends a session, which goes by policy and audit; use `pamctl session terminate SESSION_ID`",
        "este caminho encerra uma sessão, o que passa por política e auditoria; use `pamctl session terminate SESSION_ID`",
    ),
    (
        "{1} has no body; give fields with -f, which become its query",
        "{1} não tem corpo; dê campos com -f, que viram sua consulta",
    ),
    (
        "can't read the body from {what}: {error}",
        "não é possível ler o corpo de {what}: {error}",
    ),
    ("{what} is larger than 16 MiB", "{what} tem mais de 16 MiB"),
    (
        "`{path}` is no path below the appliance's URL; begin with one /, such as /api/pam/session/remotesessions",
        "`{path}` não é um caminho abaixo da URL do appliance; comece com uma só /, como /api/pam/session/remotesessions",
    ),
    (
        "`{path}` has a `.` or `..` in it, which could lead out of the appliance's URL",
        "`{path}` contém `.` ou `..`, o que poderia sair da URL do appliance",
    ),
    // Explaining.
    (
        "nothing is known about `{query}`; give the number or the words of the appliance's message",
        "nada se sabe sobre `{query}`; dê o número ou as palavras da mensagem do appliance",
    ),
    (
        "`{query}` is not documented; this is like it:",
        "`{query}` não está documentado; isto se parece:",
    ),
    ("  message  {1}", "  mensagem {1}"),
    ("  cause    {1}", "  causa    {1}"),
    ("  remedy   {1}", "  remédio  {1}"),
    ("  source   {source}", "  fonte    {source}"),
    (
        "A2A API specification, \"{topic}\"",
        "especificação da API A2A, \"{topic}\"",
    ),
    // The diagnosis.
    ("ok", "ok"),
    ("failed", "falhou"),
    ("fix", "solução"),
    (
        "{1} of {2} checks failed; the fix stands below each",
        "{1} de {2} verificações falharam; a solução está abaixo de cada uma",
    ),
    ("no profile", "nenhum perfil"),
    ("profile {name}", "perfil {name}"),
    ("the addresses of {1}: {2}", "os endereços de {1}: {2}"),
    (
        "connected to {1} from {2}",
        "conectado a {1} a partir de {2}",
    ),
    (
        "the connection is not encrypted; that is possible on this machine only",
        "a conexão não é criptografada; isso só é possível nesta máquina",
    ),
    (
        "use https:// for a real appliance",
        "use https:// para um appliance real",
    ),
    (
        "trusted, {version} with {suite}",
        "confiável, {version} com {suite}",
    ),
    (
        "{message}; a certificate ends on {1}",
        "{message}; um certificado vence em {1}",
    ),
    (
        "renew the certificate of {1}",
        "renove o certificado de {1}",
    ),
    (
        "the platform's roots are trusted now",
        "hoje se confia nas raízes da plataforma",
    ),
    ("{1} is trusted now", "hoje se confia em {1}"),
    ("its issuer", "seu emissor"),
    (
        "name the CA file that holds the certificate of {issuer} with --ca-file, PAM_CA_FILE or ca_file ({trusted})",
        "indique o arquivo da AC que contém o certificado de {issuer} com --ca-file, PAM_CA_FILE ou ca_file ({trusted})",
    ),
    (
        "if this is the right certificate, save it as a PEM file and name it with --ca-file, PAM_CA_FILE or ca_file ({trusted})",
        "se este é o certificado certo, salve-o como arquivo PEM e indique-o com --ca-file, PAM_CA_FILE ou ca_file ({trusted})",
    ),
    (
        "use {1} in the URL, or have the certificate reissued for {2}",
        "use {1} na URL, ou peça a reemissão do certificado para {2}",
    ),
    (
        "the dates of {file} can't be read",
        "as datas de {file} não podem ser lidas",
    ),
    (
        "look whether it is the right file",
        "veja se é o arquivo certo",
    ),
    ("{file} ended on {1}", "{file} venceu em {1}"),
    ("{file} ends on {1}", "{file} vence em {1}"),
    (
        "have it renewed, and its new fingerprint entered in the authorization",
        "peça sua renovação, e o registro da nova impressão digital na autorização",
    ),
    (
        "{file} is shown when the appliance asks",
        "{file} é apresentado quando o appliance pede",
    ),
    (
        "correct this setting; `pamctl profile show` says where it comes from",
        "corrija esta configuração; `pamctl profile show` diz de onde ela vem",
    ),
    (
        "{1}, issued by {issuer}, valid {2} to {3}",
        "{1}, emitido por {issuer}, válido de {2} a {3}",
    ),
    ("itself", "si mesmo"),
    (
        "the OAuth 1.0 signature is accepted",
        "a assinatura OAuth 1.0 é aceita",
    ),
    (
        "the OAuth 2.0 access token is accepted",
        "o token de acesso OAuth 2.0 é aceito",
    ),
    ("the keys are accepted", "as chaves são aceitas"),
    (
        "the sessions can be listed",
        "as sessões podem ser listadas",
    ),
    (
        "the appliance's answers carry no date, so its clock can't be compared",
        "as respostas do appliance não trazem data, por isso o relógio dele não pode ser comparado",
    ),
    (
        "compare the two clocks by hand: a signature is refused when they differ by minutes",
        "compare os dois relógios à mão: uma assinatura é recusada quando diferem em minutos",
    ),
    (
        "the clocks differ by {offset} s",
        "os relógios diferem em {offset} s",
    ),
    (
        "the appliance's clock is {1} s {side} this machine's",
        "o relógio do appliance está {1} s {side} desta máquina",
    ),
    ("ahead of", "adiantado em relação ao"),
    ("behind", "atrasado em relação ao"),
    (
        "set the wrong one right, best by NTP; until then requests are signed with the appliance's time once it has refused one",
        "acerte o que está errado, de preferência por NTP; até lá as requisições são assinadas com a hora do appliance depois que ele recusa uma",
    ),
    (
        "`{referer}` is not on the authorization's list of referers; send one that is with --referer or the profile's referer, or have the list emptied",
        "`{referer}` não está na lista de referers da autorização; envie um que esteja com --referer ou o referer do perfil, ou peça que a lista seja esvaziada",
    ),
    (
        "no Referer is sent, and the authorization has a list of them; send one that is on it with --referer or the profile's referer, or have the list emptied",
        "nenhum Referer é enviado, e a autorização tem uma lista deles; envie um que esteja nela com --referer ou o referer do perfil, ou peça que a lista seja esvaziada",
    ),
    (
        "look at the authorization in the A2A module: does it cover the resource PAM Core, is {1} among its IP addresses, and does it ask for a client certificate ({2})",
        "veja a autorização no módulo A2A: ela cobre o recurso PAM Core, {1} está entre seus endereços IP, e ela pede um certificado de cliente ({2})",
    ),
    ("{1} is shown", "{1} é apresentado"),
    (
        "none is shown; --client-cert and --client-key name one",
        "nenhum é apresentado; --client-cert e --client-key indicam um",
    ),
    (
        "none is in the way from {1}, {referer}, {certificate}",
        "nenhuma impede a partir de {1}, {referer}, {certificate}",
    ),
    ("with the Referer {referer}", "com o Referer {referer}"),
    ("without a Referer", "sem Referer"),
    (
        "with the client certificate",
        "com o certificado de cliente",
    ),
    ("without a client certificate", "sem certificado de cliente"),
    (
        "the appliance does not serve the `{routes}` routes: {reply}",
        "o appliance não atende às rotas `{routes}`: {reply}",
    ),
    (
        "leave --routes and the profile's routes out, so that the family is found; if it is not, check the keys and the URL",
        "deixe de fora --routes e o routes do perfil, para que a família seja encontrada; se não for, verifique as chaves e a URL",
    ),
    (
        "the appliance serves none of the families of paths: {reply}",
        "o appliance não atende a nenhuma das famílias de rotas: {reply}",
    ),
    (
        "check the URL and its path prefix: it is {1}",
        "verifique a URL e seu prefixo de caminho: é {1}",
    ),
    ("{routes}, as it is set", "{routes}, como está definido"),
    (
        "{routes}, as the appliance answers",
        "{routes}, como o appliance responde",
    ),
    (
        "no answer told which family of paths the appliance serves",
        "nenhuma resposta disse a que família de rotas o appliance atende",
    ),
    (
        "set the one of its version: --routes iso for 3.32, api-pam for 3.33 and 4.0",
        "defina a da versão dele: --routes iso para 3.32, api-pam para 3.33 e 4.0",
    ),
    (
        "look in the A2A module that the authorization has PAM Core with Read and write",
        "veja no módulo A2A se a autorização tem PAM Core com Read and write",
    ),
    (
        "not tried; that sessions can be listed says nothing about it",
        "não foi tentado; poder listar sessões não diz nada sobre isso",
    ),
    (
        "a drop is let in (tried with an id that no session has)",
        "um encerramento é admitido (tentado com um id que nenhuma sessão tem)",
    ),
    (
        "the authorization may read and not terminate: {answer}",
        "a autorização pode ler e não encerrar: {answer}",
    ),
    (
        "switch the authorization's permission for PAM Core to Read and write",
        "mude a permissão da autorização em PAM Core para Read and write",
    ),
    (
        "the appliance's answer to a drop leaves it open: {answer}",
        "a resposta do appliance a um encerramento deixa a questão em aberto: {answer}",
    ),
    (
        "OAuth 1.0 has none that expires; when the authorization itself ends is seen in the A2A module only",
        "o OAuth 1.0 não tem um que vença; quando a própria autorização vence só se vê no módulo A2A",
    ),
    ("no access token is held", "não há token de acesso"),
    (
        "the access token is used for {1} more, then a new one is fetched",
        "o token de acesso é usado por mais {1}, depois um novo é obtido",
    ),
    // Alerts.
    (
        "can't read {name}: {error}",
        "não é possível ler {name}: {error}",
    ),
    (
        "{name} is longer than 64 MiB; give one document at a time",
        "{name} tem mais de 64 MiB; dê um documento por vez",
    ),
    (
        "{name}, document {number}: {error}",
        "{name}, documento {number}: {error}",
    ),
    ("message {number}: {error}", "mensagem {number}: {error}"),
    ("{name} holds no alert", "{name} não contém nenhum alerta"),
    (
        "can't read the mapping {shown}: {error}",
        "não é possível ler o mapeamento {shown}: {error}",
    ),
    (
        "{shown}, line {line}: {message}",
        "{shown}, linha {line}: {message}",
    ),
    ("not readable", "ilegível"),
    ("an event without a name", "um evento sem nome"),
    ("port {port}", "porta {port}"),
    (
        "it is over, and asks for no action",
        "já terminou, e não pede nenhuma ação",
    ),
    (
        "the user is a script of the appliance; it is never acted on",
        "o usuário é um script do appliance; nunca se age sobre ele",
    ),
    ("its end is missing", "falta o fim dele"),
    (
        "only its sentence says: {names}",
        "só a frase dele diz: {names}",
    ),
    (
        "it contradicts itself, so these are unknown: {names}",
        "ele se contradiz, portanto estes são desconhecidos: {names}",
    ),
    (
        "{1}: session {id} of {2} on {device}: {3}",
        "{1}: sessão {id} de {2} em {device}: {3}",
    ),
    // Hooks.
    (
        "nobody is named who acts on the alert; give --responder URL, or --act shadow",
        "não se indica quem age sobre o alerta; dê --responder URL, ou --act shadow",
    ),
    (
        "the alert asks for no action",
        "o alerta não pede nenhuma ação",
    ),
    (
        "the listing can't be read: {error}",
        "a listagem não pode ser lida: {error}",
    ),
    (
        "the session has no id by which it can be ended",
        "a sessão não tem um id pelo qual possa ser encerrada",
    ),
    (
        "the responder at {1}: {error}",
        "o respondedor em {1}: {error}",
    ),
    ("the payload has no alert", "o conteúdo não tem alerta"),
    (
        "the payload has no result; did the search find a row?",
        "o conteúdo não tem resultado; a busca encontrou uma linha?",
    ),
    (
        "the payload is neither XML nor JSON",
        "o conteúdo não é XML nem JSON",
    ),
    (
        "the payload is no JSON, at line {line}, column {column}",
        "o conteúdo não é JSON, na linha {line}, coluna {column}",
    ),
    (
        "the payload is longer than 16 MiB",
        "o conteúdo tem mais de 16 MiB",
    ),
    (
        "can't read standard input: {error}",
        "não é possível ler a entrada padrão: {error}",
    ),
    ("Splunk sent no payload", "o Splunk não enviou conteúdo"),
    (
        "can't read {shown}: {error}",
        "não é possível ler {shown}: {error}",
    ),
    (
        "what Wazuh sent is no JSON, at column {column}",
        "o que o Wazuh enviou não é JSON, na coluna {column}",
    ),
    ("Wazuh sent no alert", "o Wazuh não enviou alerta"),
    ("Wazuh sent no command", "o Wazuh não enviou comando"),
    ("it did not answer", "ele não respondeu"),
    ("it answers {status}", "ele responde {status}"),
    (
        "can't connect to {address}: {error}",
        "não é possível conectar a {address}: {error}",
    ),
    // Keeping out, and the full screen.
    (
        "can't read the sessions: {1}; trying again in {2}",
        "não é possível ler as sessões: {1}; nova tentativa em {2}",
    ),
    (
        "the listing did not come within the time; give --for more of it",
        "a listagem não chegou no prazo; dê mais tempo com --for",
    ),
    (
        "the sessions can't be read",
        "as sessões não podem ser lidas",
    ),
    (
        "watching; {running} sessions run",
        "observando; {running} sessões ativas",
    ),
    (
        "interrupted after {count} readings and {events} events",
        "interrompido após {count} leituras e {events} eventos",
    ),
    ("interrupted; {summary}", "interrompido; {summary}"),
    (
        "{about}: nothing was reported",
        "{about}: nada foi relatado",
    ),
    (
        "the terminal can't be used: {error}",
        "o terminal não pode ser usado: {error}",
    ),
    (
        "top needs a terminal; use `pamctl session list` or `session watch`",
        "top precisa de um terminal; use `pamctl session list` ou `session watch`",
    ),
    (
        "session {1} runs on: {line}",
        "a sessão {1} continua: {line}",
    ),
    (
        "session {number} runs on: {1}",
        "a sessão {number} continua: {1}",
    ),
    (
        "{1} was terminated {most} times, which is {whose}, and is there again: session {2} on {3} runs on; lock the account, or begin again",
        "{1} foi encerrado {most} vezes, que é {whose}, e está de volta: a sessão {2} em {3} continua; bloqueie a conta, ou comece de novo",
    ),
    (
        "the policy's limit for one command",
        "o limite da política para um comando",
    ),
    (
        "Every session of {1}{2} that runs now or starts within {3} will be terminated, at most {most}.\nGo on? [y/N] ",
        "Toda sessão de {1}{2} que está ativa ou começar em {3} será encerrada, no máximo {most}.\nContinuar? [y/N] ",
    ),
    (
        "{1} was kept out for {2}: {summary}",
        "{1} foi mantido fora por {2}: {summary}",
    ),
    ("column {1}: {2}", "coluna {1}: {2}"),
    ("filter: {1}", "filtro: {1}"),
    // Completions and manual pages.
    (
        "can't write {path}: {error}; name a folder of yours",
        "não é possível gravar {path}: {error}; indique uma pasta sua",
    ),
];
