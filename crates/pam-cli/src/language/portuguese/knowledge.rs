//! Causes and remedies of the appliance's errors.

pub(super) const LINES: &[(&str, &str)] = &[
    // Gateway, OAuth, authorization.
    (
        "the gateway before the appliance let the request go nowhere: the Authorization header is missing or was rejected, or the path is wrong",
        "o gateway diante do appliance não encaminhou a requisição: o cabeçalho Authorization falta ou foi rejeitado, ou o caminho está errado",
    ),
    (
        "check the keys first (all set, of one authorization, enabled, not expired, and no proxy that strips Authorization), then the URL and the route family",
        "verifique primeiro as chaves (todas definidas, de uma só autorização, habilitadas, não vencidas, e nenhum proxy que retire o Authorization), depois a URL e a família de rotas",
    ),
    (
        "the gateway reached the appliance and could not use what it answered",
        "o gateway alcançou o appliance e não pôde usar o que ele respondeu",
    ),
    (
        "look whether the request took effect before sending it again; if it lasts, look at the appliance's health",
        "veja se a requisição teve efeito antes de enviá-la de novo; se persistir, verifique a saúde do appliance",
    ),
    (
        "the gateway waited too long for the appliance",
        "o gateway esperou demais pelo appliance",
    ),
    (
        "look whether the request took effect before sending it again; a long session listing may need a longer timeout in the gateway",
        "veja se a requisição teve efeito antes de enviá-la de novo; uma listagem longa de sessões pode exigir um tempo limite maior no gateway",
    ),
    (
        "no answer came in time, from the network or the appliance",
        "nenhuma resposta chegou a tempo, da rede ou do appliance",
    ),
    (
        "look whether the request took effect before sending it again; check the network and allow more time",
        "veja se a requisição teve efeito antes de enviá-la de novo; verifique a rede e dê mais tempo",
    ),
    (
        "more requests came in than the gateway allows",
        "chegaram mais requisições do que o gateway permite",
    ),
    (
        "wait as long as Retry-After says, then go on more slowly",
        "espere o quanto Retry-After diz e continue mais devagar",
    ),
    (
        "the token server does not accept this client ID and secret",
        "o servidor de tokens não aceita este client ID e segredo",
    ),
    (
        "check the client ID, the client secret and the token URL; check that application and authorization are enabled and use OAuth 2.0; name the tenant when the appliance is called by IP address",
        "verifique o client ID, o client secret e a URL do token; verifique se a aplicação e a autorização estão habilitadas e usam OAuth 2.0; informe o tenant quando o appliance é chamado por endereço IP",
    ),
    (
        "the token server understands the client and refuses what it asks for",
        "o servidor de tokens entende o cliente e recusa o que ele pede",
    ),
    (
        "check that the application's signature method is OAuth 2.0 and that the tenant is right",
        "verifique se o método de assinatura da aplicação é OAuth 2.0 e se o tenant está certo",
    ),
    (
        "the access token is expired, revoked, of another tenant, or was not sent",
        "o token de acesso venceu, foi revogado, é de outro tenant, ou não foi enviado",
    ),
    (
        "get a new token; if a new one is refused too, check that the authorization is enabled, not expired, and of this tenant",
        "obtenha um novo token; se um novo também for recusado, verifique se a autorização está habilitada, não venceu e é deste tenant",
    ),
    (
        "the authorization's permission does not cover this call",
        "a permissão da autorização não cobre esta chamada",
    ),
    (
        "grant the authorization the resource of this call, with Read and write if it changes anything",
        "dê à autorização o recurso desta chamada, com Read and write se ela altera algo",
    ),
    (
        "the OAuth 1.0 signature does not fit the request as the appliance saw it: a wrong key or secret, a clock that is off, or a URL that a proxy rewrote",
        "a assinatura OAuth 1.0 não confere com a requisição que o appliance viu: uma chave ou um segredo errado, um relógio fora da hora, ou uma URL que um proxy reescreveu",
    ),
    (
        "check the four keys, this machine's clock, and that scheme, host and port are those that the appliance believes it was called with; `pamctl auth explain` shows what was signed",
        "verifique as quatro chaves, o relógio desta máquina, e se esquema, host e porta são os que o appliance acredita terem sido usados; `pamctl auth explain` mostra o que foi assinado",
    ),
    (
        "the OAuth 1.0 timestamp is outside the appliance's window, or the nonce was seen before",
        "o timestamp do OAuth 1.0 está fora da janela do appliance, ou o nonce já foi visto",
    ),
    (
        "set this machine's clock; never send a signed request twice, sign it anew",
        "acerte o relógio desta máquina; nunca envie duas vezes uma requisição assinada, assine-a de novo",
    ),
    (
        "the authorization is switched off",
        "a autorização está desligada",
    ),
    (
        "enable the authorization in the appliance's A2A module, or use another one",
        "habilite a autorização no módulo A2A do appliance, ou use outra",
    ),
    (
        "the authorization lacks the resource that this call needs; the appliance says so with HTTP 500",
        "falta à autorização o recurso de que esta chamada precisa; o appliance diz isso com HTTP 500",
    ),
    (
        "add the resource to the authorization: PAM Core for sessions, credentials, devices and SSH keys (with Read and write to change or terminate anything), Users for related users, Dashboards, Certificate Manager, or System for the network connector",
        "acrescente o recurso à autorização: PAM Core para sessões, credenciais, dispositivos e chaves SSH (com Read and write para alterar ou encerrar), Users para usuários relacionados, Dashboards, Certificate Manager, ou System para o network connector",
    ),
    (
        "the authorization lacks the resource PAM Core, or for a termination its Read and write permission; the appliance says so with HTTP 500",
        "falta à autorização o recurso PAM Core ou, para encerrar, a permissão Read and write; o appliance diz isso com HTTP 500",
    ),
    (
        "add PAM Core to the authorization's resources, with Read and write to terminate sessions",
        "acrescente PAM Core aos recursos da autorização, com Read and write para encerrar sessões",
    ),
    (
        "the authorization lacks the resource Web Proxy Session, or its Read and write permission; the appliance says so with HTTP 500",
        "falta à autorização o recurso Web Proxy Session, ou sua permissão Read and write; o appliance diz isso com HTTP 500",
    ),
    (
        "add Web Proxy Session to the authorization's resources, with Read and write",
        "acrescente Web Proxy Session aos recursos da autorização, com Read and write",
    ),
    (
        "the authorization may only read, and the call changes something",
        "a autorização só pode ler, e a chamada altera algo",
    ),
    (
        "switch the authorization's PAM permission to Read and write",
        "mude a permissão de PAM da autorização para Read and write",
    ),
    (
        "the authorization accepts certain Referer headers only",
        "a autorização aceita somente certos cabeçalhos Referer",
    ),
    (
        "send one of the authorization's authorized HTTP referers, or empty that list",
        "envie um dos HTTP referers autorizados da autorização, ou esvazie essa lista",
    ),
    (
        "someone put the appliance under lockdown: it refuses every call and has already ended every session",
        "alguém pôs o appliance em lockdown: ele recusa toda chamada e já encerrou todas as sessões",
    ),
    (
        "wait until the time in the message, or have the lockdown lifted on the appliance's emergency panel",
        "espere até a hora da mensagem, ou peça o fim do lockdown no painel de emergência do appliance",
    ),
    (
        "the appliance knows no such path; nothing was carried out",
        "o appliance não conhece esse caminho; nada foi executado",
    ),
    (
        "check the URL and its prefix, and use the route family of this version",
        "verifique a URL e seu prefixo, e use a família de rotas desta versão",
    ),
    (
        "the appliance failed while it handled the request; a missing id in the path makes it answer so too",
        "o appliance falhou ao tratar a requisição; ele também responde assim quando falta um id no caminho",
    ),
    (
        "look whether the request took effect before sending it again; the appliance's log has the reason",
        "veja se a requisição teve efeito antes de enviá-la de novo; o motivo está no log do appliance",
    ),
    (
        "the appliance failed while it handled the request",
        "o appliance falhou ao tratar a requisição",
    ),
    (
        "look at the appliance's index log for the reason; look whether the request took effect before sending it again",
        "procure o motivo no log de índice do appliance; veja se a requisição teve efeito antes de enviá-la de novo",
    ),
    (
        "the appliance failed to encrypt the text",
        "o appliance não conseguiu criptografar o texto",
    ),
    (
        "look at the appliance's log; check the authorization's encryption settings",
        "veja o log do appliance; verifique as configurações de criptografia da autorização",
    ),
    // Kinds of failures.
    (
        "the appliance refuses the request for a reason that its documents do not name",
        "o appliance recusa a requisição por um motivo que seus documentos não citam",
    ),
    (
        "read its message; look whether the request took effect before sending it again",
        "leia a mensagem dele; veja se a requisição teve efeito antes de enviá-la de novo",
    ),
    (
        "the answer is not one that this call is documented to have: no JSON, cut off, or without a part that it must have",
        "a resposta não é a documentada para esta chamada: não é JSON, está interrompida, ou não tem uma parte obrigatória",
    ),
    (
        "check that the URL leads to the appliance and to no login page or proxy; look whether the request took effect before sending it again",
        "verifique se a URL leva ao appliance e não a uma página de login ou a um proxy; veja se a requisição teve efeito antes de enviá-la de novo",
    ),
    (
        "the server sends the request elsewhere; a redirect is never followed, because the credentials and the signature belong to one URL",
        "o servidor manda a requisição para outro lugar; um redirecionamento nunca é seguido, porque as credenciais e a assinatura pertencem a uma só URL",
    ),
    (
        "set the appliance's URL to where it redirects, if that is the appliance",
        "ponha na URL do appliance o destino do redirecionamento, se ele for o appliance",
    ),
    (
        "a gateway or proxy answered in the appliance's place",
        "um gateway ou proxy respondeu no lugar do appliance",
    ),
    (
        "grant the authorization the resource of this call, with Read and write if it changes anything; check its list of authorized IP addresses",
        "dê à autorização o recurso desta chamada, com Read and write se ela altera algo; verifique sua lista de endereços IP autorizados",
    ),
    (
        "no such session is visible to this authorization, which is not to say that there never was one",
        "esta autorização não vê essa sessão, o que não quer dizer que ela nunca existiu",
    ),
    (
        "take the id from the session list; use an authorization that may see the session",
        "pegue o id na lista de sessões; use uma autorização que possa ver a sessão",
    ),
    // Objects.
    (
        "send the field; it is mandatory",
        "envie o campo; ele é obrigatório",
    ),
    ("the field `{name}` is missing", "falta o campo `{name}`"),
    (
        "no such credential is visible to this authorization",
        "esta autorização não vê essa credencial",
    ),
    (
        "check the id or user@host; assign the credential to the authorization",
        "verifique o id ou usuário@host; atribua a credencial à autorização",
    ),
    (
        "the credential is disabled",
        "a credencial está desabilitada",
    ),
    (
        "enable the credential first",
        "habilite primeiro a credencial",
    ),
    (
        "the credential exists and the authorization may not reach it",
        "a credencial existe e a autorização não pode alcançá-la",
    ),
    (
        "assign the credential to the authorization",
        "atribua a credencial à autorização",
    ),
    (
        "the id belongs to something else, such as an SSH key",
        "o id é de outra coisa, como uma chave SSH",
    ),
    (
        "use the id of a credential from the credential list",
        "use o id de uma credencial da lista de credenciais",
    ),
    (
        "no such device is visible to this authorization; a credential's device must exist first",
        "esta autorização não vê esse dispositivo; o dispositivo de uma credencial precisa existir antes",
    ),
    (
        "check the device's id, host name and IP, or create it",
        "verifique o id, o nome de host e o IP do dispositivo, ou crie-o",
    ),
    (
        "no such SSH key is visible to this authorization",
        "esta autorização não vê essa chave SSH",
    ),
    (
        "check the id; SSH keys are in the credential list",
        "verifique o id; as chaves SSH estão na lista de credenciais",
    ),
    (
        "the id belongs to something else, such as a credential",
        "o id é de outra coisa, como uma credencial",
    ),
    (
        "use the id of an SSH key from the credential list",
        "use o id de uma chave SSH da lista de credenciais",
    ),
    ("the SSH key is disabled", "a chave SSH está desabilitada"),
    ("enable the key first", "habilite primeiro a chave"),
    (
        "the credential is disabled; an older number for 1008",
        "a credencial está desabilitada; um número mais antigo do 1008",
    ),
    (
        "the credential is enabled already; an older number for 1043",
        "a credencial já está habilitada; um número mais antigo do 1043",
    ),
    ("nothing is left to do", "não há mais nada a fazer"),
    (
        "the caller does not hold this credential; only custody taken by reading it over the API can be released",
        "quem chama não tem esta credencial em custódia; só pode ser devolvida a custódia obtida lendo-a pela API",
    ),
    (
        "check the id; custody may have been released already",
        "verifique o id; a custódia pode já ter sido devolvida",
    ),
    (
        "no such protected information is visible to this authorization",
        "esta autorização não vê essa informação protegida",
    ),
    ("check the id", "verifique o id"),
    (
        "the protected information is disabled",
        "a informação protegida está desabilitada",
    ),
    (
        "use another one; the API can't enable it again",
        "use outra; a API não pode habilitá-la de novo",
    ),
    (
        "a domain of the device or credential is not registered",
        "um domínio do dispositivo ou da credencial não está registrado",
    ),
    (
        "register the domain first; write several with commas and no blanks",
        "registre antes o domínio; separe vários por vírgulas, sem espaços",
    ),
    (
        "send the field; an empty one is allowed and stored as usr",
        "envie o campo; um vazio é permitido e fica guardado como usr",
    ),
    (
        "the credential is enabled already",
        "a credencial já está habilitada",
    ),
    (
        "the device is enabled already",
        "o dispositivo já está habilitado",
    ),
    (
        "nothing is left to do; its credentials are enabled one by one",
        "não há mais nada a fazer; suas credenciais são habilitadas uma a uma",
    ),
    (
        "the SSH key is enabled already",
        "a chave SSH já está habilitada",
    ),
    (
        "a plugin of the just-in-time settings is missing or does not exist",
        "um plugin das configurações just-in-time falta ou não existe",
    ),
    (
        "name a plugin that exists on the appliance",
        "indique um plugin que exista no appliance",
    ),
    (
        "a plugin template of the just-in-time settings is missing or does not exist",
        "um template de plugin das configurações just-in-time falta ou não existe",
    ),
    (
        "name a template that exists on the appliance",
        "indique um template que exista no appliance",
    ),
    (
        "the field `identifier` has another character in it (a rule of version 4.0)",
        "o campo `identifier` contém outro caractere (uma regra da versão 4.0)",
    ),
    (
        "use letters, digits, _ and - only",
        "use somente letras, dígitos, _ e -",
    ),
    // Other services.
    (
        "send the parameter; it is mandatory",
        "envie o parâmetro; ele é obrigatório",
    ),
    (
        "a mandatory parameter of the related user is missing",
        "falta um parâmetro obrigatório do usuário relacionado",
    ),
    (
        "a mandatory parameter of the item is missing",
        "falta um parâmetro obrigatório do item",
    ),
    ("the note is too long", "a nota é longa demais"),
    (
        "keep the note within 900 characters",
        "limite a nota a 900 caracteres",
    ),
    (
        "the identifier is taken by another API secret of the same user",
        "o identificador já é de outro segredo de API do mesmo usuário",
    ),
    (
        "choose another identifier, or update the existing one",
        "escolha outro identificador, ou atualize o existente",
    ),
    (
        "no agent of the network connector is visible to this authorization",
        "esta autorização não vê nenhum agente do network connector",
    ),
    (
        "create an agent first, or use an authorization with the resource System",
        "crie antes um agente, ou use uma autorização com o recurso System",
    ),
    (
        "no such related user exists",
        "esse usuário relacionado não existe",
    ),
    (
        "take the id from the list of related users",
        "pegue o id na lista de usuários relacionados",
    ),
    (
        "no such item exists, or it is not shared with this user",
        "esse item não existe, ou não está compartilhado com este usuário",
    ),
    ("check the identifier", "verifique o identificador"),
    (
        "the item is not shared with the user behind the access key",
        "o item não está compartilhado com o usuário da chave de acesso",
    ),
    ("have its owner share it", "peça ao dono que o compartilhe"),
    ("the item is disabled", "o item está desabilitado"),
    ("enable it first", "habilite-o primeiro"),
    (
        "the identifier is not a number",
        "o identificador não é um número",
    ),
    (
        "use the numeric identifier of the list",
        "use o identificador numérico da lista",
    ),
    (
        "no certificate has this code; the appliance says so with `error: false`",
        "nenhum certificado tem este código; o appliance diz isso com `error: false`",
    ),
    (
        "check the certificate's code",
        "verifique o código do certificado",
    ),
    (
        "the period ends before it begins",
        "o período termina antes de começar",
    ),
    ("swap `data1` and `data2`", "troque `data1` e `data2`"),
    (
        "a query parameter is missing",
        "falta um parâmetro da consulta",
    ),
    (
        "the dashboard has no such state",
        "o painel não tem esse estado",
    ),
    (
        "use a state that the dashboard is documented to have",
        "use um estado documentado para o painel",
    ),
    (
        "the dashboard's sub-resource is missing from the path; nothing was carried out",
        "falta no caminho o sub-recurso do painel; nada foi executado",
    ),
    (
        "add the sub-resource, such as /all",
        "acrescente o sub-recurso, como /all",
    ),
    (
        "the agent's name is too long, taken, or has a character that is not allowed",
        "o nome do agente é longo demais, já existe, ou tem um caractere não permitido",
    ),
    (
        "use at most 255 letters, digits and _+=#@$()[]{}-, and a name that no active agent has",
        "use no máximo 255 letras, dígitos e _+=#@$()[]{}-, e um nome que nenhum agente ativo tenha",
    ),
    // Sessions.
    (
        "no session with this row id is visible to this authorization, which is not to say that there never was one",
        "esta autorização não vê nenhuma sessão com este id de linha, o que não quer dizer que ela nunca existiu",
    ),
    (
        "take the `id` from the session list; use an authorization that may see the session",
        "pegue o `id` na lista de sessões; use uma autorização que possa ver a sessão",
    ),
    (
        "a session_id (the hash) stands where the row id (digits) belongs",
        "um session_id (o hash) está no lugar do id de linha (dígitos)",
    ),
    (
        "use the `id` of the session list to read a session, and its `session_id` to terminate it",
        "use o `id` da lista de sessões para ler uma sessão, e o `session_id` para encerrá-la",
    ),
    (
        "the appliance failed to end the session, or knows no running session with this session_id: it gives one answer for both",
        "o appliance não conseguiu encerrar a sessão, ou não conhece nenhuma sessão ativa com este session_id: a resposta é a mesma nos dois casos",
    ),
    (
        "list the sessions: if it has an end or is gone, nothing is left to do; if it runs, check that its session_id was used and not its row id, and try again",
        "liste as sessões: se ela tem fim ou sumiu, não há mais nada a fazer; se está ativa, verifique se foi usado o session_id e não o id de linha, e tente de novo",
    ),
    (
        "the field `{name}` is missing or empty",
        "o campo `{name}` falta ou está vazio",
    ),
    (
        "name an existing user of the vault",
        "indique um usuário existente do cofre",
    ),
    (
        "give the credential's user name",
        "indique o nome de usuário da credencial",
    ),
    (
        "give the host name or IP address of the device",
        "indique o nome de host ou o endereço IP do dispositivo",
    ),
    (
        "the field `protocol` is missing or none that the device has",
        "o campo `protocol` falta ou não é um que o dispositivo tenha",
    ),
    (
        "give a protocol such as ssh, rdp or https that the device is set up for",
        "indique um protocolo como ssh, rdp ou https para o qual o dispositivo esteja configurado",
    ),
];
