"""HTTP to one server, over TCP, TLS or a Unix socket.

In: a server's URL, headers. Out: answers, whole. It stands on the standard library's http.client: httpx, which takes five
times as long to import as all else that `status` needs, is for what asks many servers or follows redirects.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from servescope.errors import ServescopeError


class NoAnswerError(ServescopeError):
    """The server could not be reached, or said nothing that is HTTP."""


class AddressError(ServescopeError):
    """The address of a server is none."""


@dataclass(frozen=True)
class Answer:
    """A status and a body."""

    status: int
    body: bytes

    @property
    def is_error(self) -> bool:
        """Whether the server refused, or failed."""
        return self.status >= HTTPStatus.BAD_REQUEST

    @property
    def text(self) -> str:
        """The body; what is not UTF-8 in it is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The decoded body. ValueError where it is not JSON."""
        return json.loads(self.body)


class Connection:
    """A connection that is opened with the first request, and stays open, as a context, between requests.

    No proxy is asked: one meant for the internet must not come between a command and its own server.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], timeout_s: float | None, trust: ssl.SSLContext | None = None
    ) -> None:
        """`url`: `http://host:port`, `https://…` or `unix:/path`. `trust`: for https; None: those whom the system trusts.

        Raises:
            AddressError: it is no such URL.
        """
        self.url = url
        self._headers = dict(headers)
        self._http, self._prefix = _http(url, timeout_s, trust)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def request(self, method: str, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Ask, and read the whole answer; a redirect is an answer. NoAnswerError where there is none."""
        target = self._prefix + path + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
        try:
            self._http.request(method, target, headers=self._headers)
            response = self._http.getresponse()
            return Answer(response.status, response.read())
        # ValueError: a header or host that HTTP cannot carry.
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._http.close()
            raise NoAnswerError(f"no answer from {self.url}: {error}") from error


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float | None) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _http(url: str, timeout_s: float | None, trust: ssl.SSLContext | None) -> tuple[http.client.HTTPConnection, str]:
    """Where to ask, and what stands before every path there."""
    if url.startswith("unix:"):
        return _UnixConnection(url.removeprefix("unix:"), timeout_s), ""
    if not url.startswith(("http://", "https://")):
        raise AddressError(f"address {url!r} begins with none of http://, https:// and unix:")
    try:
        parts = urlsplit(url)
        if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
            raise AddressError(f"address {url!r} is not of the form {parts.scheme}://host:port")
        return _tcp(parts, timeout_s, trust), quote(parts.path.rstrip("/"), safe="/%")
    except (ValueError, http.client.InvalidURL) as error:
        raise AddressError(f"address {url!r} cannot be used: {error}") from error


def _tcp(parts: SplitResult, timeout_s: float | None, trust: ssl.SSLContext | None) -> http.client.HTTPConnection:
    # Always with a port, for http.client looks for one in a host such as ::1 otherwise.
    if parts.scheme == "http":
        port = http.client.HTTP_PORT if parts.port is None else parts.port
        return http.client.HTTPConnection(str(parts.hostname), port, timeout=timeout_s)
    port = http.client.HTTPS_PORT if parts.port is None else parts.port
    return http.client.HTTPSConnection(str(parts.hostname), port, timeout=timeout_s, context=trust)
