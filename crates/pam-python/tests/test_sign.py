import re

import pytest

import pamctl


def test_it_signs_as_the_core_does():
    header = pamctl.sign(
        "DELETE",
        "https://vault.example.com/iso/session/drop/3fcf1e4a16104e328d6794e1b9693cfc457871d2",
        consumer_key="ck-0f1e2d3c",
        consumer_secret="cs+secret/1=",
        token="tk-9a8b7c6d",
        token_secret="ts&secret 2",
        realm="Example",
        timestamp=1_700_000_000,
        nonce="n0nce123",
    )
    assert header.startswith('OAuth realm="Example"')
    # The example in the documentation of pam-proto.
    assert 'oauth_signature="oX6nnEpc56Sr5tmImUe35iLQd6o%3D"' in header


def test_time_and_nonce_are_made_up():
    keys = {"consumer_key": "a", "consumer_secret": "b"}
    one, other = (pamctl.sign("GET", "https://vault.example.com/x", **keys) for _ in range(2))
    nonces = [re.search('oauth_nonce="([^"]+)"', header).group(1) for header in (one, other)]
    assert nonces[0] != nonces[1]
    assert re.search(r'oauth_timestamp="1\d{9}"', one)


def test_what_can_not_be_signed_is_refused():
    with pytest.raises(pamctl.BuildError):
        pamctl.sign("GET", "/only/a/path", consumer_key="a", consumer_secret="b")
    with pytest.raises(pamctl.BuildError, match="together"):
        pamctl.sign("GET", "https://a.example", consumer_key="a", consumer_secret="b", token="c")
