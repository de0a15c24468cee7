<?php
// Signs or verifies request lines with PHP's OAuth and OAuthProvider classes
// (PECL oauth); see README.md.

declare(strict_types=1);

/** The parameters of an encoded form body. */
function form_parameters(?string $form): array
{
    parse_str($form ?? '', $parameters);
    return $parameters;
}

function sign(array $line): array
{
    $client = new OAuth(
        $line['consumer_key'],
        $line['consumer_secret'],
        OAUTH_SIG_METHOD_HMACSHA1,
        OAUTH_AUTH_TYPE_AUTHORIZATION,
    );
    $client->setToken($line['token'], $line['token_secret']);
    $client->setVersion('1.0');
    $client->setNonce($line['nonce']);
    $client->setTimestamp((string) $line['timestamp']);
    $header = $client->getRequestHeader($line['method'], $line['url'], form_parameters($line['form']));
    if (!is_string($header)) {
        throw new RuntimeException('the class gave no header for ' . $line['url']);
    }
    return [...$line, 'authorization' => $header];
}

/** The parameters of an Authorization header, without its realm. */
function header_parameters(string $authorization): array
{
    preg_match_all('/(oauth_\w+)="([^"]*)"/', $authorization, $pairs, PREG_SET_ORDER);
    return array_column(
        array_map(fn(array $pair): array => [$pair[1], rawurldecode($pair[2])], $pairs),
        1,
        0,
    );
}

function verify(array $line): array
{
    // Outside a web server the class takes the parameters from its caller.
    $provider = new OAuthProvider(
        header_parameters($line['authorization']) + form_parameters($line['form']),
    );
    $provider->consumerHandler(function (OAuthProvider $asked) use ($line): int {
        if ($asked->consumer_key !== $line['consumer_key']) {
            return OAUTH_CONSUMER_KEY_UNKNOWN;
        }
        $asked->consumer_secret = $line['consumer_secret'];
        return OAUTH_OK;
    });
    $provider->timestampNonceHandler(fn(): int => OAUTH_OK);
    $provider->tokenHandler(function (OAuthProvider $asked) use ($line): int {
        if ($asked->token !== $line['token']) {
            return OAUTH_TOKEN_REJECTED;
        }
        $asked->token_secret = $line['token_secret'];
        return OAUTH_OK;
    });
    try {
        $provider->checkOAuthRequest($line['url'], $line['method']);
    } catch (OAuthException $refusal) {
        return ['verified' => false, 'reason' => $refusal->getMessage()];
    }
    return ['verified' => true];
}

$answer = $argv[1] === 'sign' ? sign(...) : verify(...);
while (($text = fgets(STDIN)) !== false) {
    $line = json_decode($text, true, flags: JSON_THROW_ON_ERROR);
    echo json_encode($answer($line), JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES), "\n";
}
