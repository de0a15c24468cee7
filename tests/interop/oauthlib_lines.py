"""Signs or verifies request lines with oauthlib; see README.md."""

import json
import sys

from oauthlib.oauth1 import Client, RequestValidator, ResourceEndpoint

FORM = "application/x-www-form-urlencoded"


class OneCredential(RequestValidator):
    """Knows the credential of one line, and nothing of other lines.

    oauthlib's own limits on the length and alphabet of keys and nonces are
    policies of a server, not rules of RFC 5849.
    """

    enforce_ssl = False
    dummy_client = "unknown"
    dummy_access_token = "unknown"

    def __init__(self, line):
        self.line = line

    def check_client_key(self, client_key):
        return bool(client_key)

    def check_access_token(self, request_token):
        return bool(request_token)

    def check_nonce(self, nonce):
        return bool(nonce)

    def validate_timestamp_and_nonce(self, *arguments, **named):
        return True

    def validate_client_key(self, client_key, request):
        return client_key == self.line["consumer_key"]

    def validate_access_token(self, client_key, token, request):
        return token == self.line["token"]

    def validate_realms(self, *arguments, **named):
        return True

    def get_client_secret(self, client_key, request):
        return self.line["consumer_secret"]

    def get_access_token_secret(self, client_key, token, request):
        return self.line["token_secret"]


def sign(line):
    client = Client(
        line["consumer_key"],
        client_secret=line["consumer_secret"],
        resource_owner_key=line["token"],
        resource_owner_secret=line["token_secret"],
        nonce=line["nonce"],
        timestamp=str(line["timestamp"]),
    )
    body, headers = None, {}
    if line["form"] is not None:
        body, headers = line["form"], {"Content-Type": FORM}
    _, headers, _ = client.sign(line["url"], line["method"], body, headers)
    return {**line, "authorization": headers["Authorization"]}


def verify(line):
    headers = {"Authorization": line["authorization"]}
    if line["form"] is not None:
        headers["Content-Type"] = FORM
    endpoint = ResourceEndpoint(OneCredential(line))
    try:
        verified, request = endpoint.validate_protected_resource_request(
            line["url"], line["method"], line["form"], headers
        )
    except ValueError as error:
        return {"verified": False, "reason": str(error)}
    if verified:
        return {"verified": True}
    log = request.validator_log if request else {}
    failed = [part for part, held in log.items() if not held]
    return {"verified": False, "reason": ", ".join(failed) or "malformed"}


def main():
    answer = {"sign": sign, "verify": verify}[sys.argv[1]]
    for text in sys.stdin:
        print(json.dumps(answer(json.loads(text))))


if __name__ == "__main__":
    main()
