"""Terminates a session with the PyPI package senhasegura.

The package takes a host name and no port, so the mock has to listen on 443.
"""

import json
import sys
from urllib.parse import urlsplit

import requests
from senhasegura import A2A


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        ready = json.load(file)
    keys = ready["oauth1"]
    ca_file = ready["ca_file"]
    client = A2A(
        hostname=urlsplit(ready["base_url"]).hostname,
        auth_type="OAuth1",
        client_key=keys["consumer_key"],
        client_secret=keys["consumer_secret"],
        resource_owner_key=keys["token"],
        resource_owner_secret=keys["token_secret"],
    )

    def truth():
        reply = requests.get(ready["base_url"] + "/_mock/sessions", verify=ca_file, timeout=30)
        return {session["session_id"]: session["active"] for session in reply.json()["sessions"]}

    target = next(session_id for session_id, active in truth().items() if active)
    reply = client.delete(f"/iso/session/drop/{target}", verify=ca_file, timeout=30)
    assert reply.status_code == 200, f"HTTP {reply.status_code} {reply.text}"
    assert reply.json()["response"]["error"] is False, reply.text
    assert truth()[target] is False, "the dropped session still runs"
    print("terminated a session")


if __name__ == "__main__":
    main()
