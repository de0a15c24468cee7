"""A mock appliance for every test that asks for one."""

import json
import os
import subprocess
import time

import pytest

import pamctl


class Mock:
    """`pamctl mock`, and what its ready file tells."""

    def __init__(self, folder, *options):
        ready = folder / "mock.json"
        command = [os.environ["PAMCTL"], "mock", "--sessions", "20", "--active", "4"]
        self.process = subprocess.Popen(
            [*command, "--ready-file", str(ready), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 30
        while not ready.exists():
            assert self.process.poll() is None, "the mock ended"
            assert time.monotonic() < deadline, "the mock does not listen"
            time.sleep(0.01)
        self.ready = json.loads(ready.read_text())

    def client(self, **options):
        keys = self.ready["oauth1"]
        given = {
            name: keys[name]
            for name in ("consumer_key", "consumer_secret", "token", "token_secret")
        }
        given["ca_file"] = self.ready.get("ca_file")
        return pamctl.Client(self.ready["base_url"], **{**given, **options})

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture
def start(tmp_path):
    """Starts mocks with the options of `pamctl mock`, and stops them."""
    mocks = []

    def start(*options):
        folder = tmp_path / str(len(mocks))
        folder.mkdir()
        mocks.append(Mock(folder, *options))
        return mocks[-1]

    yield start
    for mock in mocks:
        mock.stop()


@pytest.fixture
def mock(start):
    return start()


@pytest.fixture
def client(mock):
    return mock.client()
