import os
import signal
import threading
import time

import pytest

import pamctl


def active_ids(client):
    return [session.session_id for session in client.sessions(active=True)]


def test_the_session_is_gone_and_it_is_proven(client):
    before = active_ids(client)
    outcome = client.terminate(before[0], reason="INC-1234")
    assert outcome.outcome == "terminated"
    assert outcome.verified
    assert outcome.session_id == before[0]
    assert outcome.reason == "INC-1234"
    assert outcome.attempts == 1
    assert outcome.appliance["http_status"] == 200
    findings = [exchange["finding"] for exchange in outcome.evidence["exchanges"]]
    assert findings[0] == "accepted" and findings[-1] == "ended"
    assert outcome.evidence["after"]["ended_at"]
    assert active_ids(client) == before[1:]


def test_by_row_number(client):
    session = next(client.sessions(active=True))
    outcome = client.terminate(session.id)
    assert (outcome.outcome, outcome.session_id) == ("terminated", session.session_id)


def test_what_is_unknown_is_said_to_be(client, start):
    assert client.terminate("0" * 40, verify_timeout=1).outcome == "not_found"
    deaf = start("--fault", "drop-accepted-but-alive").client()
    outcome = deaf.terminate(active_ids(deaf)[0], verify_timeout=1)
    assert outcome.outcome == "unconfirmed"
    assert not outcome.verified


def test_a_lost_reply_is_looked_after(start):
    client = start("--fault", "lost-reply").client()
    outcome = client.terminate(active_ids(client)[0])
    assert (outcome.outcome, outcome.attempts) == ("terminated", 1)
    assert outcome.evidence["exchanges"][0]["finding"] == "lost"


def test_who_may_not_is_denied(start):
    client = start("--fault", "read-only").client()
    assert client.terminate(active_ids(client)[0]).outcome == "denied"


@pytest.mark.parametrize("wrong", ["", "a*b", "a/b\n"])
def test_an_id_that_is_none_is_refused(client, wrong):
    with pytest.raises(pamctl.BuildError):
        client.terminate(wrong)


def test_it_is_written_down_first(client):
    session_id = active_ids(client)[0]
    written = []

    def write_down(drop):
        written.append(drop)
        # Another client still sees it run.
        assert session_id in active_ids(client)

    outcome = client.terminate(session_id, reason="INC-1", before_drop=write_down)
    assert outcome.outcome == "terminated"
    assert [(drop["session_id"], drop["attempt"], drop["reason"]) for drop in written] == [
        (session_id, 1, "INC-1")
    ]


def test_what_can_not_be_written_down_is_not_sent(client):
    session_id = active_ids(client)[0]

    def full_disk(drop):
        raise OSError("no space left")

    outcome = client.terminate(session_id, before_drop=full_disk, verify_timeout=1)
    assert not outcome.verified
    assert "no space left" in outcome.message
    assert session_id in active_ids(client)


def test_other_threads_run_meanwhile(start):
    client = start("--drop-delay", "1s").client()
    session_id = active_ids(client)[0]
    ticks = []
    done = threading.Event()

    def tick():
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.01)

    ticking = threading.Thread(target=tick)
    ticking.start()
    outcome = client.terminate(session_id)
    done.set()
    ticking.join()
    assert outcome.outcome == "terminated"
    assert len(ticks) > 10


def test_ctrl_c_sends_nothing_more(start):
    client = start("--fault", "drop-accepted-but-alive").client()
    session_id = active_ids(client)[0]
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    # What a shell starts in the background ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        timer.start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.terminate(session_id, verify_timeout=60)
        assert time.monotonic() - began < 30
    finally:
        signal.signal(signal.SIGINT, before)
