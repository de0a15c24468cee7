"""Lists, gets, opens and terminates sessions as the vendor's sample does.

requests with requests_oauthlib's OAuth1 (A2A API specification, "OAuth 1.0"),
except that TLS is verified.
"""

import json
import sys
import time

import requests
from requests_oauthlib import OAuth1

# The two families of paths (A2A API specification, "Paths by version").
FAMILIES = {
    "/api/pam": {
        "list": "/api/pam/session/remotesessions",
        "open": "/api/pam/remote/session",
        "drop": "/api/pam/session/drop/",
    },
    "/iso": {
        "list": "/api/session/remotesessions",
        "open": "/iso/remote/session",
        "drop": "/iso/session/drop/",
    },
}


class Appliance:
    def __init__(self, ready):
        keys = ready["oauth1"]
        self.base = ready["base_url"].rstrip("/")
        self.ca_file = ready["ca_file"]
        self.auth = OAuth1(
            keys["consumer_key"], keys["consumer_secret"], keys["token"], keys["token_secret"]
        )

    def call(self, method, path, **more):
        url = self.base + path
        reply = requests.request(
            method, url, auth=self.auth, verify=self.ca_file, timeout=30, **more
        )
        answer = reply.json()
        assert reply.ok, f"{method} {path}: HTTP {reply.status_code} {answer}"
        assert answer["response"]["error"] is False, f"{method} {path}: {answer}"
        return answer

    def sessions(self, path):
        records = self.call("GET", path)["remote_sessions"]
        # 3.33 and 4.0 print the envelope once more inside (A2A API specification, "List all").
        if records and "remote_sessions" in records[0]:
            records = records[0]["remote_sessions"]
        return records

    def truth(self):
        reply = requests.get(self.base + "/_mock/sessions", verify=self.ca_file, timeout=30)
        return {session["session_id"]: session["active"] for session in reply.json()["sessions"]}


def exercise(appliance, paths):
    """List, get, open, terminate, and list again."""
    sessions = appliance.sessions(paths["list"])
    running = [session for session in sessions if not session["end"]]
    assert running, "no session runs"
    target = running[0]

    got = appliance.call("GET", f"{paths['list']}/{target['id']}")["remote_session"]
    assert got[0]["session_id"] == target["session_id"], got

    wish = {
        "user": target["user"],
        "credential": target.get("credential") or target["credencial"],
        "device": (target.get("device") or target["dispositivo"]).rsplit(":", 1)[0],
        "protocol": target["protocol"],
    }
    opened = appliance.call("POST", paths["open"], json=wish)["session"]
    assert opened["session_url"].startswith("https://"), "no session URL"

    assert appliance.truth()[target["session_id"]] is True
    appliance.call("DELETE", paths["drop"] + target["session_id"])
    deadline = time.monotonic() + 10
    while appliance.truth()[target["session_id"]]:
        assert time.monotonic() < deadline, "the dropped session still runs"
        time.sleep(0.05)

    again = {session["session_id"]: session for session in appliance.sessions(paths["list"])}
    assert again[target["session_id"]]["end"], "the listing shows the dropped session as running"
    return len(sessions)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        appliance = Appliance(json.load(file))
    seen = [exercise(appliance, paths) for paths in FAMILIES.values()]
    print(f"listed {seen[0]}, got, opened and terminated below {' and '.join(FAMILIES)}")


if __name__ == "__main__":
    main()
