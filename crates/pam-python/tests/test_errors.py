import pytest

import pamctl


def test_every_error_is_one_family():
    for error in (
        pamctl.SetupError,
        pamctl.BuildError,
        pamctl.AuthError,
        pamctl.TransportError,
        pamctl.ReplyError,
    ):
        assert issubclass(error, pamctl.PamError)


def test_nothing_listens(mock):
    client = mock.client()
    mock.stop()
    with pytest.raises(pamctl.TransportError, match="refused the connection") as raised:
        list(client.sessions())
    assert raised.value.may_have_executed is False
    assert raised.value.is_timeout is False


def test_a_deadline(start):
    client = start("--fault", "slow-list:30").client(list_timeout=0.2)
    with pytest.raises(pamctl.TransportError, match="deadline") as raised:
        list(client.sessions())
    assert raised.value.is_timeout


def test_wrong_keys(mock):
    client = mock.client(consumer_secret="not the secret")
    with pytest.raises(pamctl.AuthError) as raised:
        list(client.sessions())
    assert raised.value.remedy
    assert raised.value.may_have_executed is False
    assert "not the secret" not in str(raised.value)


def test_an_unknown_authority(mock, tmp_path):
    with pytest.raises(pamctl.SetupError, match="CA file"):
        mock.client(ca_file=tmp_path / "missing.pem")
    stranger = tmp_path / "empty.pem"
    stranger.write_text("")
    with pytest.raises(pamctl.SetupError, match="empty"):
        mock.client(ca_file=stranger)
    platform = pamctl.Client(mock.ready["base_url"], consumer_key="a", consumer_secret="b")
    with pytest.raises((pamctl.TransportError, pamctl.SetupError)):
        list(platform.sessions())


@pytest.mark.parametrize(
    ("url", "options", "part"),
    [
        ("http://vault.example.com", {"consumer_key": "a", "consumer_secret": "b"}, "http"),
        ("https://vault.example.com", {}, "consumer_key"),
        ("https://vault.example.com", {"consumer_key": "a"}, "consumer_secret"),
        ("https://vault.example.com", {"client_id": "a", "consumer_key": "b"}, "OAuth 2.0"),
        (
            "https://vault.example.com",
            {"consumer_key": "a", "consumer_secret": "b", "token": "c"},
            "token_secret",
        ),
        (
            "https://vault.example.com",
            {"consumer_key": "a", "consumer_secret": "b", "timeout": -1.0},
            "timeout",
        ),
        (
            "https://vault.example.com",
            {"consumer_key": "a", "consumer_secret": "b", "routes": "nowhere"},
            "nowhere",
        ),
    ],
)
def test_what_is_given_wrong_is_refused_at_once(url, options, part):
    with pytest.raises(pamctl.BuildError, match=part) as raised:
        pamctl.Client(url, **options)
    assert raised.value.may_have_executed is False


def test_oauth2(mock):
    keys = mock.ready["oauth2"]
    client = pamctl.Client(
        mock.ready["base_url"],
        ca_file=mock.ready["ca_file"],
        client_id=keys["client_id"],
        client_secret=keys["client_secret"],
    )
    assert len(list(client.sessions(active=True))) == 4
    assert client.routes


def test_no_secret_shows(mock):
    client = mock.client()
    assert client.url in repr(client)
    secret = mock.ready["oauth1"]["consumer_secret"]
    assert secret not in repr(client)
