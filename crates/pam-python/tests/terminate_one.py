"""Starts a mock appliance, terminates a session on it, and reads that it is gone.

It needs nothing but the installed wheel, and `pamctl` in the variable PAMCTL.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import time

import pamctl

with tempfile.TemporaryDirectory() as folder:
    ready = pathlib.Path(folder, "mock.json")
    mock = subprocess.Popen(
        [os.environ["PAMCTL"], "mock", "--ready-file", str(ready)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not ready.exists():
            assert mock.poll() is None, "the mock ended"
            time.sleep(0.01)
        told = json.loads(ready.read_text())
        keys = told["oauth1"]
        vault = pamctl.Client(
            told["base_url"],
            consumer_key=keys["consumer_key"],
            consumer_secret=keys["consumer_secret"],
            token=keys["token"],
            token_secret=keys["token_secret"],
            ca_file=told["ca_file"],
        )
        session = next(vault.sessions(active=True))
        outcome = vault.terminate(session.session_id, reason="the wheel works")
        assert outcome.verified, outcome
        assert not vault.session(session.id).active
        print(f"{outcome.outcome}: {outcome.message}")
    finally:
        mock.terminate()
        mock.wait(10)
