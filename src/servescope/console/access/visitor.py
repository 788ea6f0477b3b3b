"""Who asks: in, a request's Authorization header or cookie; out, whether it may see what clients sent and change models.

Both need the management token. Where tokens are turned off, both are for those alone who reach a port on loopback: TorchServe's
users often open the metrics port to their network, and not the management port.
"""

import re
from http.cookies import CookieError, SimpleCookie

from msgspec import Struct

from servescope.console.access.hosts import Hosts
from servescope.console.access.refusal import Forbidden
from servescope.errors import InvalidKey
from servescope.web.authorization import TokenAuthority
from servescope.web.http.request import Request

NEEDS_TOKEN = "A management token is needed: it is in key_file.json, where the server was started."
NOT_ON_LOOPBACK = (
    "Tokens are turned off, and the metrics port is open to other machines: so nobody sees more or changes anything here."
    " Use the management API, or turn tokens on."
)
PROXIED = (
    "Tokens are turned off, and this came through a proxy or from another site's page, so from another machine, perhaps: nobody"
    " sees more or changes anything that way. Use the management API, or turn tokens on."
)
# What proxies say of those for whom they ask, or that there is one.
_PROXIES = re.compile(
    rb"forwarded|via|x-(forwarded|original|envoy)-.*|x-(real|client|cluster-client)-ip|(true-client|cf-connecting)-ip|cdn-loop",
    re.IGNORECASE,
)
_MOST_COOKIE = 4096


class Visitor(Struct, frozen=True):
    """`allowed`: to see tracebacks and request ids, and to change. `why`: why not, else "". `by_cookie`: a cookie said so."""

    allowed: bool
    why: str = ""
    by_cookie: bool = False


class Door:
    """`authority` None: tokens are off. `cookie`: its name."""

    def __init__(self, authority: TokenAuthority | None, hosts: Hosts, cookie: str) -> None:
        self._authority = authority
        self._hosts = hosts
        self.cookie = cookie

    @property
    def tokens(self) -> bool:
        """Whether there are any."""
        return self._authority is not None

    def visitor(self, request: Request) -> Visitor:
        """Who asks."""
        if self._authority is None:
            return self._without_tokens(request)
        header = request.header(b"authorization")
        if header is not None:
            return Visitor(True) if self._takes(header) else Visitor(False, NEEDS_TOKEN)
        token = self._cookie_of(request)
        if token is not None and self._takes(f"Bearer {token}"):
            return Visitor(True, by_cookie=True)
        return Visitor(False, NEEDS_TOKEN)

    def _without_tokens(self, request: Request) -> Visitor:
        if not self._hosts.on_loopback:
            return Visitor(False, NOT_ON_LOOPBACK)
        proxied = any(_PROXIES.fullmatch(name) for name, _ in request.headers)
        # One that says nothing of itself is known by the name that it was asked under.
        return Visitor(False, PROXIED) if proxied or not self._hosts.is_own(request) else Visitor(True)

    def require(self, request: Request) -> None:
        """Let a change pass.

        Raises:
            InvalidKey: the token is missing, wrong or too old.
            Forbidden: nobody may change anything here, or it comes from another site's page.
        """
        visitor = self.visitor(request)
        self._hosts.check_origin(request, by_cookie=visitor.by_cookie)
        if not visitor.allowed:
            raise InvalidKey(visitor.why) if self.tokens else Forbidden(visitor.why)

    def sign_in(self, request: Request) -> bytes:
        """A Set-Cookie header for whoever shows the management token. Raises as `require` does."""
        self.require(request)
        if self._authority is None:
            raise Forbidden("Tokens are turned off: there is nothing to sign in with")
        scheme, _, key = (request.header(b"authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidKey(NEEDS_TOKEN)
        return self._set(key.strip(), secure=_secure(request))

    def sign_out(self) -> bytes:
        """A Set-Cookie header that takes the cookie away."""
        return self._set("", secure=False) + b"; Max-Age=0"

    def _set(self, value: str, *, secure: bool) -> bytes:
        text = f"{self.cookie}={value}; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")
        return text.encode("latin-1")

    def _takes(self, header: str) -> bool:
        assert self._authority is not None
        try:
            self._authority.authorize_management(header)
        except InvalidKey:
            return False
        return True

    def _cookie_of(self, request: Request) -> str | None:
        found: SimpleCookie = SimpleCookie()
        try:
            found.load((request.header(b"cookie") or "")[:_MOST_COOKIE])
        except CookieError:
            return None
        return found[self.cookie].value if self.cookie in found else None


def _secure(request: Request) -> bool:
    """Whether the page was loaded by TLS, as its Origin says."""
    return (request.header(b"origin") or "").startswith("https://")
