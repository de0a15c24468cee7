import resource

import pytest

import pamctl


def peak():
    """The most memory that this process ever had, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def test_the_listing_is_an_iterator(client):
    sessions = client.sessions()
    assert iter(sessions) is sessions
    first = next(sessions)
    assert isinstance(first, pamctl.Session)
    assert len(list(sessions)) == 19
    with pytest.raises(StopIteration):
        next(sessions)


def test_filters_narrow_it(client):
    every = list(client.sessions())
    active = list(client.sessions(active=True))
    assert len(active) == 4
    assert all(session.active and session.ended_at is None for session in active)
    user = active[0].user
    of_user = list(client.sessions(user=user))
    assert [s.id for s in of_user] == [s.id for s in every if s.user == user]
    assert list(client.sessions(active=True, user="nobody.at.all")) == []
    with pytest.raises(pamctl.BuildError, match="network|address"):
        client.sessions(origin="somewhere")


def test_a_long_listing_is_left_early_and_never_held(start):
    client = start("--listing-size", "200000").client()
    for count, _ in enumerate(client.sessions(), 1):
        if count == 10:
            break
    before = peak()
    # The client is as good as before, and tens of megabytes pass through it.
    assert len(list(client.sessions(active=True))) == 4
    assert peak() - before < 8


def test_one_session_by_its_number(client):
    session = next(client.sessions(active=True))
    same = client.session(session.id)
    assert (same.id, same.session_id, same.user) == (session.id, session.session_id, session.user)
    assert repr(session.id) in repr(session)
    with pytest.raises(pamctl.ReplyError) as raised:
        client.session(99_999_999)
    assert raised.value.fault == "SessionNotFound"
    assert not raised.value.may_have_executed


def test_a_session_can_not_be_changed(client):
    session = next(client.sessions())
    with pytest.raises(AttributeError):
        session.user = "root"
