"""Terminate privileged sessions of a senhasegura / Segura PAM vault, and prove it."""

from ._pamctl import (
    AuthError,
    BuildError,
    Client,
    Outcome,
    PamError,
    ReplyError,
    Session,
    Sessions,
    SetupError,
    TransportError,
    __version__,
    sign,
)

__all__ = [
    "AuthError",
    "BuildError",
    "Client",
    "Outcome",
    "PamError",
    "ReplyError",
    "Session",
    "Sessions",
    "SetupError",
    "TransportError",
    "__version__",
    "sign",
]
