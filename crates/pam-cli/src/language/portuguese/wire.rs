//! What happens on the way to the appliance.

pub(super) const LINES: &[(&str, &str)] = &[
    // The settings of the client.
    (
        "can't read {what} {1}: {cause}",
        "não é possível ler {what} {1}: {cause}",
    ),
    (
        "{what} {1} is unusable: {reason}",
        "{what} {1} não pode ser usado: {reason}",
    ),
    // The same with what they can be, each more than one word.
    (
        "can't read the CA file {1}: {cause}",
        "não é possível ler o arquivo da AC {1}: {cause}",
    ),
    (
        "the CA file {1} is unusable: {reason}",
        "o arquivo da AC {1} não pode ser usado: {reason}",
    ),
    (
        "can't read the client certificate {1}: {cause}",
        "não é possível ler o certificado de cliente {1}: {cause}",
    ),
    (
        "the client certificate {1} is unusable: {reason}",
        "o certificado de cliente {1} não pode ser usado: {reason}",
    ),
    (
        "can't read the client key {1}: {cause}",
        "não é possível ler a chave do cliente {1}: {cause}",
    ),
    (
        "the client key {1} is unusable: {reason}",
        "a chave do cliente {1} não pode ser usada: {reason}",
    ),
    (
        "the platform's certificate store is empty or unreadable{reason}; install the ca-certificates package or name the appliance's CA file",
        "o repositório de certificados da plataforma está vazio ou ilegível{reason}; instale o pacote ca-certificates ou indique o arquivo da AC do appliance",
    ),
    (
        "TLS can't be set up: {0}",
        "não é possível preparar o TLS: {0}",
    ),
    (
        "the {name} can't be sent as a header; use visible ASCII characters only",
        "{name} não pode ser enviado como cabeçalho; use somente caracteres ASCII visíveis",
    ),
    (
        "the credentials can't be used: {0}",
        "as credenciais não podem ser usadas: {0}",
    ),
    (
        "`{host}` is neither a host name nor an IP address that a certificate can name",
        "`{host}` não é um nome de host nem um endereço IP que um certificado possa conter",
    ),
    (
        "the token cache {1} can't be used: {reason}",
        "o cache do token {1} não pode ser usado: {reason}",
    ),
    (
        "the operating system gives no random bytes: {0}",
        "o sistema operacional não fornece bytes aleatórios: {0}",
    ),
    ("the CA file", "o arquivo da AC"),
    ("the client certificate", "o certificado de cliente"),
    ("the client key", "a chave do cliente"),
    ("user agent", "o user agent"),
    (
        "it does not belong to the client certificate",
        "ela não pertence ao certificado de cliente",
    ),
    (
        "a certificate in it can't be read ({error})",
        "um certificado dele não pode ser lido ({error})",
    ),
    (
        "it is empty; give a PEM file with a certificate",
        "está vazio; indique um arquivo PEM com um certificado",
    ),
    (
        "it holds no certificate; give a PEM file with a BEGIN CERTIFICATE line",
        "não contém certificado; indique um arquivo PEM com uma linha BEGIN CERTIFICATE",
    ),
    ("it is not well-formed PEM", "não é um PEM bem formado"),
    (
        "it holds no private key that is not encrypted; give a PEM file with a BEGIN PRIVATE KEY line",
        "não contém chave privada sem criptografia; indique um arquivo PEM com uma linha BEGIN PRIVATE KEY",
    ),
    // The file of the access token.
    (
        "it is a symbolic link; name the file itself",
        "é um link simbólico; indique o próprio arquivo",
    ),
    (
        "it is not a regular file; name another one",
        "não é um arquivo comum; indique outro",
    ),
    (
        "it belongs to another user; delete it or name another one",
        "pertence a outro usuário; apague-o ou indique outro",
    ),
    (
        "others may read or write it (mode {mode}); chmod 600 it, or delete it",
        "outros podem lê-lo ou alterá-lo (modo {mode}); execute chmod 600 nele, ou apague-o",
    ),
    (
        "it is larger than a token file can be; delete it or name another one",
        "é maior do que um arquivo de token pode ser; apague-o ou indique outro",
    ),
    (
        "this platform has no file modes to keep it private; leave the cache away",
        "esta plataforma não tem modos de arquivo que o protejam; deixe o cache de lado",
    ),
    // Connections.
    (
        "can't find the address of {host}: {cause}; check the appliance's URL and the DNS",
        "não é possível encontrar o endereço de {host}: {cause}; verifique a URL do appliance e o DNS",
    ),
    (
        "{address} refused the connection; check the port in the appliance's URL and that the appliance is up",
        "{address} recusou a conexão; verifique a porta na URL do appliance e se o appliance está no ar",
    ),
    (
        "can't connect to {address}: {cause}; check the network, VPN and firewall",
        "não é possível conectar a {address}: {cause}; verifique a rede, a VPN e o firewall",
    ),
    (
        "no connection to {address} within {1} s; check the network and firewall, or raise the connect deadline",
        "sem conexão com {address} em {1} s; verifique a rede e o firewall, ou aumente o prazo de conexão",
    ),
    (
        "no trusted connection to {host}: {fault}",
        "sem conexão confiável com {host}: {fault}",
    ),
    (
        "{address} closed the connection before the request was sent; try again",
        "{address} fechou a conexão antes do envio da requisição; tente de novo",
    ),
    (
        "the connection was lost before the appliance answered: {cause}",
        "a conexão caiu antes da resposta do appliance: {cause}",
    ),
    (
        "the appliance's answer was cut off after {received} bytes: {cause}; try again",
        "a resposta do appliance foi interrompida após {received} bytes: {cause}; tente de novo",
    ),
    (
        "no complete answer from the appliance within {1} s; raise the {what} deadline if it is only slow",
        "sem resposta completa do appliance em {1} s; aumente o prazo ({what}) se ele só está lento",
    ),
    (
        "the appliance's answer is larger than the limit of {limit} bytes",
        "a resposta do appliance é maior que o limite de {limit} bytes",
    ),
    (
        "the answer (HTTP {status}) is compressed as `{encoding}`, which was not asked for; check the proxy in front of the appliance",
        "a resposta (HTTP {status}) está comprimida como `{encoding}`, o que não foi pedido; verifique o proxy diante do appliance",
    ),
    (
        "the answer is not valid HTTP/1.1: {detail}; check the scheme and port in the URL",
        "a resposta não é HTTP/1.1 válido: {detail}; verifique o esquema e a porta na URL",
    ),
    ("it was reset", "ela foi reiniciada pelo outro lado"),
    ("it was closed", "ela foi fechada"),
    // Trust.
    (
        "its certificate is for {1}; use that name in the appliance's URL",
        "seu certificado é para {1}; use esse nome na URL do appliance",
    ),
    (
        "its certificate has expired; renew it (or set this machine's clock right)",
        "seu certificado venceu; renove-o (ou acerte o relógio desta máquina)",
    ),
    (
        "its certificate is not valid yet; set this machine's clock right",
        "seu certificado ainda não é válido; acerte o relógio desta máquina",
    ),
    (
        "its certificate was issued by an unknown authority; name the appliance's CA file",
        "seu certificado foi emitido por uma autoridade desconhecida; indique o arquivo da AC do appliance",
    ),
    (
        "its certificate vouches for itself; if it is the right one, name it as the appliance's CA file",
        "seu certificado atesta a si mesmo; se for o certo, indique-o como arquivo da AC do appliance",
    ),
    (
        "its certificate is refused: {detail}",
        "seu certificado é recusado: {detail}",
    ),
    (
        "it refuses the client certificate, or wants one ({alert}); check the client certificate and key",
        "ele recusa o certificado de cliente, ou exige um ({alert}); verifique o certificado e a chave de cliente",
    ),
    (
        "it offers neither TLS 1.2 nor TLS 1.3 with a cipher that is safe ({detail})",
        "ele não oferece TLS 1.2 nem TLS 1.3 com uma cifra segura ({detail})",
    ),
    (
        "it does not speak TLS on that port; check the port in the appliance's URL",
        "ele não fala TLS nessa porta; verifique a porta na URL do appliance",
    ),
    (
        "it closed the connection during the TLS handshake; check the port and the network",
        "ele fechou a conexão durante o handshake TLS; verifique a porta e a rede",
    ),
    (
        "the TLS handshake failed: {detail}",
        "o handshake TLS falhou: {detail}",
    ),
    (
        "the other side answered with the alert {name}",
        "o outro lado respondeu com o alerta {name}",
    ),
    ("another host", "outro host"),
    // Calls.
    (
        "the request can't be signed: {0}",
        "a requisição não pode ser assinada: {0}",
    ),
    (
        "the request is for {target}, which is not the appliance; build it from its URL",
        "a requisição é para {target}, que não é o appliance; monte-a a partir da URL dele",
    ),
    ("no host at all", "nenhum host"),
    ("no access token", "sem token de acesso"),
    (
        "the appliance's routes can't be learnt",
        "não é possível descobrir as rotas do appliance",
    ),
    // What is told in passing.
    (
        "the appliance's clock is {1} s behind this machine's; requests are signed with its time (set this machine's clock right)",
        "o relógio do appliance está {1} s atrasado em relação ao desta máquina; as requisições são assinadas com a hora dele (acerte o relógio desta máquina)",
    ),
    (
        "the appliance's clock is {1} s ahead of this machine's; requests are signed with its time (set this machine's clock right)",
        "o relógio do appliance está {1} s adiantado em relação ao desta máquina; as requisições são assinadas com a hora dele (acerte o relógio desta máquina)",
    ),
    (
        "the appliance serves the `{routes}` routes",
        "o appliance atende às rotas `{routes}`",
    ),
    (
        "the appliance takes no more requests for now; asking again in {1} s",
        "o appliance não aceita mais requisições por ora; nova tentativa em {1} s",
    ),
    (
        "the access token is not kept for the next run: {reason}",
        "o token de acesso não fica guardado para a próxima execução: {reason}",
    ),
    (
        "tolerated in an answer: {notes}",
        "tolerado em uma resposta: {notes}",
    ),
    (
        "interrupted before the drop was sent",
        "interrompido antes do envio do encerramento",
    ),
];
