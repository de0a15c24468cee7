"""Terminates sessions as the vendor's sample calls the appliance.

terminate.py one BASE_URL SESSION_ID     one session, with requests and requests_oauthlib
terminate.py many BASE_URL < IDS         the sessions of standard input in 16 threads; prints the
                                         seconds that the requests took
terminate.py header METHOD URL           prints the Authorization header, for curl

The keys come from the environment.
"""

import os
import sys
import threading
import time

NAMES = ["PAM_CONSUMER_KEY", "PAM_CONSUMER_SECRET", "PAM_TOKEN", "PAM_TOKEN_SECRET"]
KEYS = [os.environ[name] for name in NAMES]
THREADS = 16


def drop(session, base, session_id):
    reply = session.delete(f"{base}/api/pam/session/drop/{session_id}", timeout=30)
    assert reply.ok and not reply.json()["response"]["error"], reply.text


def signed_session():
    import requests
    from requests_oauthlib import OAuth1

    session = requests.Session()
    session.auth = OAuth1(*KEYS)
    return session


def one(base, session_id):
    drop(signed_session(), base, session_id)


def many(base):
    ids = sys.stdin.read().split()

    def work(share):
        session = signed_session()
        for session_id in share:
            drop(session, base, session_id)

    signed_session()
    threads = [threading.Thread(target=work, args=(ids[i::THREADS],)) for i in range(THREADS)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.monotonic() - begun)


def header(method, url):
    from oauthlib.oauth1 import Client

    key, secret, token, token_secret = KEYS
    client = Client(key, secret, token, token_secret)
    _, headers, _ = client.sign(url, http_method=method)
    print("Authorization: " + headers["Authorization"])


{"one": one, "many": many, "header": header}[sys.argv[1]](*sys.argv[2:])
