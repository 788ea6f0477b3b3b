"""An Authorization header in, nothing or `InvalidKey` out: who may use the inference and the management port.

Called by `web` before each request on those two ports (metrics and API descriptions are open), and for `/token`. The
key file's place, content and texts are TorchServe's (contract, section B, "Tokens").
"""

import base64
import contextlib
import hmac
import json
import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from msgspec import Struct

from servescope.errors import ConfigurationError, InvalidKey, ServescopeError

KEY_FILE_NAME = "key_file.json"
REFUSED = "Token Authorization failed. Token either incorrect, expired, or not provided correctly"
NOT_RENEWED = "Token Authentication failed. Token either incorrect, expired, or not provided correctly"
_KEY_BYTES = 6

Kind = Literal["management", "inference"]


class _Token(Struct, frozen=True):
    """A key and when it ends; `expires` is None for the API key, which never does."""

    key: bytes
    expires: datetime | None


class TokenAuthority:
    """The three keys of a server, and the file that tells them to its user (mode 0600).

    `expiration_min` is the life of the inference and the management key in minutes; `clock` gives the time with its
    zone.

    Raises:
        ConfigurationError: the key file cannot be written, or `expiration_min` leads past the end of time.
    """

    def __init__(self, key_file: Path, expiration_min: float, clock: Callable[[], datetime]) -> None:
        self._key_file = key_file
        self._clock = clock
        self._life = _life(expiration_min, clock())
        self._api = _Token(_new_key(), None)
        self._tokens: dict[str, _Token] = {"management": self._new_token(), "inference": self._new_token()}
        try:
            _write_private(key_file, self._content(self._tokens))
        except OSError as error:
            raise ConfigurationError(
                f"the key file {key_file} cannot be written: {error}; start in another directory, "
                "or set disable_token_authorization=true"
            ) from error

    def authorize_inference(self, header: str | None) -> None:
        """Let a request to the inference port pass, by the value of its Authorization header.

        Raises:
            InvalidKey: the header is missing, no `Bearer KEY`, wrong, or too old.
        """
        if not self._accepts(self._tokens["inference"], header):
            raise InvalidKey(REFUSED)

    def authorize_management(self, header: str | None) -> None:
        """Let a request to the management port pass; as `authorize_inference`."""
        if not self._accepts(self._tokens["management"], header):
            raise InvalidKey(REFUSED)

    def renew(self, kind: str | None, header: str | None) -> None:
        """Replace the key named by `/token?type=kind`, for whoever shows the API key; the file tells the new one.

        Raises:
            InvalidKey: the API key is missing or wrong, or `kind` is neither management nor inference.
            ServescopeError: the key file cannot be written; the old key then stays good.
        """
        if kind not in self._tokens or not self._accepts(self._api, header):
            raise InvalidKey(NOT_RENEWED)
        tokens = {**self._tokens, kind: self._new_token()}
        try:
            _write_private(self._key_file, self._content(tokens))
        except OSError as error:
            raise ServescopeError(f"the key file {self._key_file} cannot be written: {error}") from error
        self._tokens = tokens

    def remove(self) -> None:
        """Delete the key file, at the server's end. One that is gone already, or cannot be deleted, is no error."""
        with contextlib.suppress(OSError):
            self._key_file.unlink()

    def _accepts(self, token: _Token, header: str | None) -> bool:
        # The key is compared before the time and in constant time: an answer's delay tells nothing about the key.
        if not hmac.compare_digest(_presented(header), token.key):
            return False
        return token.expires is None or self._clock() < token.expires

    def _new_token(self) -> _Token:
        return _Token(_new_key(), self._clock() + self._life)

    def _content(self, tokens: dict[str, _Token]) -> bytes:
        document: dict[str, dict[str, str]] = {
            kind: {"key": token.key.decode(), "expiration time": _instant(token.expires)}
            for kind, token in tokens.items()
            if token.expires is not None
        }
        document["API"] = {"key": self._api.key.decode()}
        return json.dumps(document, indent=2).encode()


def _presented(header: str | None) -> bytes:
    """The key in `Bearer KEY`, b"" for anything else. TorchServe wants the scheme in this case; HTTP does not."""
    if header is None:
        return b""
    scheme, _, key = header.partition(" ")
    return key.strip().encode("utf-8", "replace") if scheme.lower() == "bearer" else b""


def _new_key() -> bytes:
    return base64.urlsafe_b64encode(secrets.token_bytes(_KEY_BYTES))


def _life(expiration_min: float, now: datetime) -> timedelta:
    try:
        life = timedelta(seconds=int(expiration_min * 60))
        # Renewed a century from now it must still be a date.
        _ = now + timedelta(days=36525) + life
    except (OverflowError, ValueError) as error:
        raise ConfigurationError(f"token_expiration_min={expiration_min}: no such number of minutes") from error
    return life


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _write_private(path: Path, content: bytes) -> None:
    """Replace `path` in one step by a file that no one else could read at any moment."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
