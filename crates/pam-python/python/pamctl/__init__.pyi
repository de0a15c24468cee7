"""Terminate privileged sessions of a senhasegura / Segura PAM vault, and prove it."""

from os import PathLike
from typing import Any, Callable, Iterator, Literal, Optional, Union, final

__version__: str

class PamError(Exception):
    """Anything that went wrong. Its text is one line with the cause and what to do."""

    may_have_executed: bool
    """Whether the appliance may have carried the request out all the same."""

class SetupError(PamError):
    """What the client was given can't work: a file, a host, a credential."""

class BuildError(PamError):
    """A request can't be built from what was given."""

class AuthError(PamError):
    """The appliance does not believe who asks, or does not let them."""

    status: Optional[int]
    fault: Optional[str]
    error_code: Optional[int]
    exception_code: Optional[int]
    remedy: Optional[str]

class TransportError(PamError):
    """The appliance was not reached, did not answer in time, or was lost on the way."""

    is_timeout: bool

class ReplyError(PamError):
    """The appliance, or a gateway before it, answered with something else than success."""

    status: Optional[int]
    fault: Optional[str]
    error_code: Optional[int]
    exception_code: Optional[int]
    remedy: Optional[str]

@final
class Session:
    """A session as the appliance has it."""

    @property
    def id(self) -> int:
        """The row number."""
    @property
    def session_id(self) -> Optional[str]:
        """The id to terminate it by; None when the appliance does not tell it."""
    @property
    def user(self) -> str: ...
    @property
    def origin_ip(self) -> str: ...
    @property
    def credential(self) -> str: ...
    @property
    def device(self) -> str: ...
    @property
    def protocol(self) -> str: ...
    @property
    def proxy(self) -> str: ...
    @property
    def started_at(self) -> str:
        """By the appliance's clock, which names no zone."""
    @property
    def ended_at(self) -> Optional[str]: ...
    @property
    def prevent_purge(self) -> Optional[bool]: ...
    @property
    def request(self) -> Optional[str]: ...
    @property
    def itsm(self) -> Optional[str]: ...
    @property
    def active(self) -> bool:
        """Whether it runs: its record has no end."""

@final
class Sessions(Iterator[Session]):
    """The sessions of a listing, each as soon as it has arrived."""

    def __iter__(self) -> Sessions: ...
    def __next__(self) -> Session: ...

@final
class Outcome:
    """What a termination came to, and what that rests on."""

    @property
    def outcome(
        self,
    ) -> Literal[
        "terminated", "already_ended", "not_found", "unconfirmed", "still_active", "denied"
    ]: ...
    @property
    def verified(self) -> bool:
        """Whether the end of the session was read from its record."""
    @property
    def session_id(self) -> Optional[str]: ...
    @property
    def id(self) -> Optional[int]: ...
    @property
    def attempts(self) -> int:
        """Drops sent."""
    @property
    def elapsed(self) -> float:
        """Seconds."""
    @property
    def message(self) -> str:
        """One line for a person."""
    @property
    def reason(self) -> Optional[str]:
        """As given to `Client.terminate`."""
    @property
    def appliance(self) -> dict[str, Any]:
        """The appliance's last word: http_status, error_code, exception_code, message."""
    @property
    def evidence(self) -> dict[str, Any]:
        """Every request with its answer (`exchanges`), the record `before` and `after`."""

@final
class Client:
    """A client of one appliance. Any number of threads may share it."""

    def __new__(
        cls,
        url: str,
        *,
        consumer_key: Optional[str] = None,
        consumer_secret: Optional[str] = None,
        token: Optional[str] = None,
        token_secret: Optional[str] = None,
        client_id: Optional[str] = None,
        client_secret: Optional[str] = None,
        ca_file: Optional[Union[str, PathLike[str]]] = None,
        client_certificate: Optional[Union[str, PathLike[str]]] = None,
        client_key: Optional[Union[str, PathLike[str]]] = None,
        token_cache: Optional[Union[str, PathLike[str]]] = None,
        referer: Optional[str] = None,
        routes: Optional[Literal["iso", "api-pam", "api"]] = None,
        connect_timeout: float = 5.0,
        timeout: float = 30.0,
        list_timeout: float = 600.0,
    ) -> Client:
        """Checks what it is given and connects to nothing.

        Give the four OAuth 1.0 values, or `client_id` and `client_secret` for OAuth 2.0.
        `ca_file` replaces the platform's certificates. Times are in seconds.
        """
    @property
    def url(self) -> str: ...
    @property
    def routes(self) -> Optional[str]:
        """The family of paths that the appliance was found to serve."""
    def sessions(
        self,
        *,
        active: bool = False,
        user: Optional[str] = None,
        device: Optional[str] = None,
        credential: Optional[str] = None,
        protocol: Optional[str] = None,
        proxy: Optional[str] = None,
        origin: Optional[str] = None,
    ) -> Sessions:
        """Reads the listing while it arrives. `*` in a value stands for anything; `origin` is an
        address or a network."""
    def session(self, id: int) -> Session:
        """Reads one session by its row number."""
    def terminate(
        self,
        session_id: Union[str, int],
        *,
        reason: Optional[str] = None,
        verify_timeout: float = 30.0,
        before_drop: Optional[Callable[[dict[str, Any]], object]] = None,
    ) -> Outcome:
        """Ends a session and proves it.

        An `int` is taken for a row number. `before_drop` is called with what is about to be sent;
        the drop is sent when it returns, and is not sent when it raises. Ctrl-C sends nothing more
        and raises when what was sent is known.
        """

def sign(
    method: str,
    url: str,
    *,
    consumer_key: str,
    consumer_secret: str,
    token: Optional[str] = None,
    token_secret: Optional[str] = None,
    form: Optional[str] = None,
    realm: Optional[str] = None,
    timestamp: Optional[int] = None,
    nonce: Optional[str] = None,
) -> str:
    """The value of the `Authorization` header for a request (RFC 5849, HMAC-SHA1).

    `form` is a body of type application/x-www-form-urlencoded, as it is sent. Time and nonce are
    made up unless they are given.
    """
