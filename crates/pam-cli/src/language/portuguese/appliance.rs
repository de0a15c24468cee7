//! What the protocol says: requests that can't be built, answers that can't be used, outcomes.

pub(super) const LINES: &[(&str, &str)] = &[
    // The appliance's address.
    (
        "the appliance's URL is refused: {reason}",
        "a URL do appliance é recusada: {reason}",
    ),
    (
        "it is empty; write https://HOST",
        "está vazia; escreva https://HOST",
    ),
    (
        "it has a fragment; write https://HOST",
        "tem um fragmento; escreva https://HOST",
    ),
    (
        "it has no scheme; write https://HOST",
        "não tem esquema; escreva https://HOST",
    ),
    (
        "it is not a URL; write https://HOST or https://HOST:PORT",
        "não é uma URL; escreva https://HOST ou https://HOST:PORTA",
    ),
    (
        "it has no host; write https://HOST",
        "não tem host; escreva https://HOST",
    ),
    (
        "its scheme is neither https nor http",
        "seu esquema não é https nem http",
    ),
    (
        "it carries user information; remove the part before the @",
        "traz dados de usuário; retire a parte antes do @",
    ),
    (
        "its port is not a number from 0 to 65535",
        "sua porta não é um número de 0 a 65535",
    ),
    (
        "http is allowed to this machine only (loopback); write https://HOST",
        "http só é permitido para esta máquina (loopback); escreva https://HOST",
    ),
    (
        "it has a query; remove the part from the ? on",
        "tem uma consulta; retire a parte a partir do ?",
    ),
    (
        "its path has a . or .. segment",
        "seu caminho tem um segmento . ou ..",
    ),
    // Requests.
    (
        "`{segment}` can't be a path segment",
        "`{segment}` não pode ser um segmento de caminho",
    ),
    (
        "`{1}` can't be used as a path; begin with / and percent-encode what a URL can't hold",
        "`{1}` não pode ser usado como caminho; comece com / e codifique com % o que uma URL não pode conter",
    ),
    (
        "the request body can't be written as JSON",
        "o corpo da requisição não pode ser escrito como JSON",
    ),
    (
        "the session_id is empty; take it from the session list",
        "o session_id está vazio; pegue-o na lista de sessões",
    ),
    (
        "`.` and `..` are no session_id; take it from the session list",
        "`.` e `..` não são session_id; pegue-o na lista de sessões",
    ),
    (
        "the session_id is masked (it contains `*`), as documents and screens show it; take the full one from the session list",
        "o session_id está mascarado (contém `*`), como documentos e telas o mostram; pegue o completo na lista de sessões",
    ),
    (
        "the session_id contains white space or a control character; check what was pasted",
        "o session_id contém espaço ou caractere de controle; verifique o que foi colado",
    ),
    (
        "the session_id is damaged (it contains U+FFFD); take it from the session list",
        "o session_id está danificado (contém U+FFFD); pegue-o na lista de sessões",
    ),
    (
        "the session_id is longer than {SESSION_ID_MAX} bytes; check what was pasted",
        "o session_id tem mais de {SESSION_ID_MAX} bytes; verifique o que foi colado",
    ),
    (
        "a row id is 1 to 19 digits",
        "um id de linha tem de 1 a 19 dígitos",
    ),
    (
        "unknown route family `{0}`; use iso, api-pam or api",
        "família de rotas desconhecida `{0}`; use iso, api-pam ou api",
    ),
    (
        "not an IP address or network; write 192.0.2.1 or 10.0.0.0/8",
        "não é um endereço IP nem uma rede; escreva 192.0.2.1 ou 10.0.0.0/8",
    ),
    (
        "the address has bits set behind its prefix length",
        "o endereço tem bits depois do comprimento do prefixo",
    ),
    (
        "not a time; write YYYY-MM-DD or YYYY-MM-DD HH:MM:SS by the appliance's clock",
        "não é uma hora; escreva AAAA-MM-DD ou AAAA-MM-DD HH:MM:SS pelo relógio do appliance",
    ),
    (
        "{field} is empty; the appliance needs it",
        "{field} está vazio; o appliance precisa dele",
    ),
    (
        "is empty; the appliance needs it",
        "está vazio; o appliance precisa dele",
    ),
    (
        "{field} holds a control character",
        "{field} contém um caractere de controle",
    ),
    (
        "holds a control character",
        "contém um caractere de controle",
    ),
    ("{field} is no IP address", "{field} não é um endereço IP"),
    ("is no IP address", "não é um endereço IP"),
    (
        "{field} is not WIDTHxHEIGHT, such as 1920x1080",
        "{field} não é LARGURAxALTURA, como 1920x1080",
    ),
    (
        "is not WIDTHxHEIGHT, such as 1920x1080",
        "não é LARGURAxALTURA, como 1920x1080",
    ),
    // Signing.
    (
        "the URL has no scheme; sign an absolute http or https URL",
        "a URL não tem esquema; assine uma URL http ou https absoluta",
    ),
    (
        "the URL has no host; sign an absolute http or https URL",
        "a URL não tem host; assine uma URL http ou https absoluta",
    ),
    (
        "the host of the URL or its port can't be read",
        "o host da URL ou sua porta não pode ser lido",
    ),
    (
        "the Host header holds characters that no host name has",
        "o cabeçalho Host contém caracteres que nenhum nome de host tem",
    ),
    (
        "the {field} holds a control character; remove it (a line break at its end?)",
        "{field} contém um caractere de controle; retire-o (uma quebra de linha no fim?)",
    ),
    ("consumer key", "a consumer key"),
    ("name of a parameter", "o nome de um parâmetro"),
    ("value of a parameter", "o valor de um parâmetro"),
    (
        "the realm may hold visible ASCII characters and spaces only",
        "o realm só pode conter caracteres ASCII visíveis e espaços",
    ),
    (
        "`{name}` is no protocol parameter; its name must begin with oauth_",
        "`{name}` não é um parâmetro do protocolo; seu nome deve começar com oauth_",
    ),
    (
        "`{name}` can't be given as a parameter; it is set by the signer or never sent",
        "`{name}` não pode ser dado como parâmetro; quem assina o define, ou ele nunca é enviado",
    ),
    (
        "the parameter `{name}` is given twice; send it once, in the header",
        "o parâmetro `{name}` foi dado duas vezes; envie-o uma vez, no cabeçalho",
    ),
    (
        "a % is not followed by two hexadecimal digits",
        "um % não é seguido de dois dígitos hexadecimais",
    ),
    (
        "the decoded bytes are not UTF-8",
        "os bytes decodificados não são UTF-8",
    ),
    // Answers.
    (
        "the appliance's answer has no usable `{0}`",
        "a resposta do appliance não tem um `{0}` utilizável",
    ),
    (
        "the appliance refuses the request without a message",
        "o appliance recusa a requisição sem mensagem",
    ),
    (
        "the appliance's answer has no `{key}`",
        "a resposta do appliance não tem `{key}`",
    ),
    (
        "the appliance's answer has no `response`",
        "a resposta do appliance não tem `response`",
    ),
    (
        "the appliance's answer has no usable `response.status`",
        "a resposta do appliance não tem um `response.status` utilizável",
    ),
    (
        "the appliance's answer has no usable `session.{name}`",
        "a resposta do appliance não tem um `session.{name}` utilizável",
    ),
    (
        "the appliance reports an error in what looks like a success: {message}",
        "o appliance relata um erro no que parece um sucesso: {message}",
    ),
    (
        "the appliance redirects{to}, which is never followed",
        "o appliance redireciona{to}, o que nunca é seguido",
    ),
    (" to {origin}", " para {origin}"),
    (
        "the appliance answered {what}{kind} where JSON was expected",
        "o appliance respondeu com {what}{kind} onde se esperava JSON",
    ),
    (
        "the appliance refuses the request with {what}{kind}",
        "o appliance recusa a requisição com {what}{kind}",
    ),
    ("an HTML page", "uma página HTML"),
    (
        "a compressed body that was not asked for",
        "um corpo comprimido que não foi pedido",
    ),
    (
        "a JSON value that is no object",
        "um valor JSON que não é objeto",
    ),
    ("JSON that is cut off", "JSON interrompido"),
    (
        "JSON that is nested more than 127 levels deep",
        "JSON com mais de 127 níveis",
    ),
    (
        "JSON with something after its end",
        "JSON com algo depois do fim",
    ),
    ("damaged JSON", "JSON danificado"),
    ("something that is not JSON", "algo que não é JSON"),
    ("a JSON value", "um valor JSON"),
    (
        "`{key}` in the answer is no list",
        "`{key}` na resposta não é uma lista",
    ),
    ("there is no session {1}", "não existe a sessão {1}"),
    (
        "the appliance's answer does not hold session {1}",
        "a resposta do appliance não contém a sessão {1}",
    ),
    (
        "the session list is cut off after {1} sessions; ask for it again",
        "a lista de sessões foi interrompida após {1} sessões; peça-a de novo",
    ),
    (
        "the session list {what} at byte {byte}, after {records} sessions",
        "a lista de sessões {what} no byte {byte}, após {records} sessões",
    ),
    ("is damaged JSON", "é JSON danificado"),
    (
        "nests more than {DEPTH_MAX} levels",
        "tem mais de {DEPTH_MAX} níveis",
    ),
    ("is followed by something else", "é seguida de outra coisa"),
    (
        "the answer has a second session list, after {records} sessions of the first",
        "a resposta tem uma segunda lista de sessões, após {records} sessões da primeira",
    ),
    (
        "the answer holds sessions outside its session list",
        "a resposta contém sessões fora da lista de sessões",
    ),
    (
        "the answer holds more than {RECORD_MAX} bytes that are no session list",
        "a resposta contém mais de {RECORD_MAX} bytes que não são lista de sessões",
    ),
    (
        "a session has more than {RECORD_MAX} bytes",
        "uma sessão tem mais de {RECORD_MAX} bytes",
    ),
    (
        "the access token is empty or holds a character that no header can carry",
        "o token de acesso está vazio ou contém um caractere que nenhum cabeçalho pode levar",
    ),
    (
        "the token is of another type than Bearer",
        "o token é de outro tipo que não Bearer",
    ),
    (
        "the token answer has no usable `access_token`",
        "a resposta do token não tem um `access_token` utilizável",
    ),
    // What an answer means, where no text is documented.
    ("exception {number}", "exceção {number}"),
    ("error_code {number}", "error_code {number}"),
    (
        "HTTP {status} without a documented text",
        "HTTP {status} sem texto documentado",
    ),
    (
        "an answer without a documented text",
        "uma resposta sem texto documentado",
    ),
    ("any call", "qualquer chamada"),
    ("remote sessions", "sessões remotas"),
    ("web proxy session URL", "URL de sessão web proxy"),
    ("SSH keys", "chaves SSH"),
    ("protected information", "informações protegidas"),
    ("related users", "usuários relacionados"),
    // How a termination ended.
    ("the session ended", "a sessão terminou"),
    (
        "the session ended at {end} by the appliance's clock",
        "a sessão terminou em {end} pelo relógio do appliance",
    ),
    (
        "the session ended{1}; no drop is known to have ended it",
        "a sessão terminou{1}; não se sabe de nenhum encerramento que a tenha terminado",
    ),
    ("the session ended{1}", "a sessão terminou{1}"),
    (
        "the session had already ended{1}",
        "a sessão já tinha terminado{1}",
    ),
    (
        " at {end} by the appliance's clock",
        " em {end} pelo relógio do appliance",
    ),
    (
        "no such session is visible to this authorization, which is not the same as never existed; check the id, or ask with an authorization that may see it",
        "esta autorização não vê essa sessão, o que não é o mesmo que nunca ter existido; verifique o id, ou use uma autorização que possa vê-la",
    ),
    (
        "the session is active, but the appliance shows no usable session_id for it, and a drop takes nothing else; end it in the appliance's own interface",
        "a sessão está ativa, mas o appliance não mostra um session_id utilizável para ela, e o encerramento não aceita outra coisa; encerre-a na interface do próprio appliance",
    ),
    (
        "{1}; the session is still active; end it in the appliance's own interface",
        "{1}; a sessão continua ativa; encerre-a na interface do próprio appliance",
    ),
    ("check the credentials", "verifique as credenciais"),
    (
        "the appliance denied it: {1}; {remedy}",
        "o appliance negou: {1}; {remedy}",
    ),
    ("no reason was given", "nenhum motivo foi dado"),
    ("no drop was sent", "nenhum encerramento foi enviado"),
    (
        "the appliance accepted the drop",
        "o appliance aceitou o encerramento",
    ),
    (
        "no drop was carried out: {said}",
        "nenhum encerramento foi executado: {said}",
    ),
    (
        "the answer to the drop was lost, so it may have been carried out: {said}",
        "a resposta ao encerramento se perdeu, portanto ele pode ter sido executado: {said}",
    ),
    (
        "the appliance refused the drop: {said}",
        "o appliance recusou o encerramento: {said}",
    ),
    (
        "the session was not looked at afterwards, as asked",
        "a sessão não foi verificada depois, como pedido",
    ),
    (
        "cancelled before the session's end was proven",
        "cancelado antes de provado o fim da sessão",
    ),
    ("it was held back: {1}", "foi retida: {1}"),
    (
        "the appliance asks to wait for longer than there is time; try again later, or allow more time",
        "o appliance pede uma espera maior do que o tempo que há; tente mais tarde, ou dê mais tempo",
    ),
    (
        "the session is not shown to this authorization, which does not prove that it ended; look for it in the appliance's own interface",
        "a sessão não é mostrada a esta autorização, o que não prova que terminou; procure-a na interface do próprio appliance",
    ),
    (
        "looking at the session was denied: {1}",
        "a verificação da sessão foi negada: {1}",
    ),
    (
        "the session could not be looked at: {1}",
        "a sessão não pôde ser verificada: {1}",
    ),
    (
        "no look at the session was complete within {time} s; a listing can take minutes, so allow more time",
        "nenhuma verificação da sessão se completou em {time} s; uma listagem pode levar minutos, portanto dê mais tempo",
    ),
    (
        "the session was not shown to have ended within {time} s; look again, as what the appliance shows may lag",
        "a sessão não apareceu como terminada em {time} s; verifique de novo, pois o que o appliance mostra pode atrasar",
    ),
    (
        "no answer within {seconds} s",
        "sem resposta em {seconds} s",
    ),
];
