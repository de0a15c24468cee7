"""What a program looks like to a type checker; it is checked and never run."""

from __future__ import annotations

from pathlib import Path

import pamctl


def end_all(user: str) -> list[str]:
    vault = pamctl.Client(
        "https://vault.example.com",
        consumer_key="k",
        consumer_secret="s",
        token="t",
        token_secret="ts",
        ca_file=Path("ca.pem"),
    )
    ended: list[str] = []
    for session in vault.sessions(active=True, user=user):
        name: str | None = session.session_id
        try:
            outcome = vault.terminate(name or session.id, reason="incident")
        except pamctl.AuthError as error:
            status: int | None = error.status
            raise SystemExit(f"{status}: {error.remedy}") from error
        except pamctl.TransportError as error:
            if error.may_have_executed or error.is_timeout:
                continue
            raise
        if outcome.verified and outcome.outcome != "denied":
            seconds: float = outcome.elapsed
            ended.append(f"{outcome.session_id} {seconds:.1f} {outcome.appliance['message']}")
    first: pamctl.Session = next(vault.sessions())
    again: bool = vault.session(first.id).active
    header: str = pamctl.sign(
        "GET", vault.url, consumer_key="k", consumer_secret="s", timestamp=1
    )
    return [*ended, header, str(again), pamctl.__version__]
