"""Reaching the server's REST APIs from the command line.

In: a server's URL (an option's, else the run file's, else the configuration's) and a token (an option's, else the key
file's). Out: connections and decoded answers. `status`, `models` and `workflows` use it; a refusal by the server
becomes a `RefusedError` that carries the server's own words.
"""

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from servescope.cli import runfile
from servescope.cli.client.connection import Answer, Connection
from servescope.cli.client.trust import trusting, trusting_only
from servescope.errors import ConfigurationError, ServescopeError

KEY_FILE = "key_file.json"
_PAGE = "100"


class RefusedError(ServescopeError):
    """The server said no, or a key cannot be used; the text is for the user. `code`: the server's status, 0 where it said none."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Endpoints:
    """Where a server listens, and the directory in which it keeps its keys. None, and of `management` "": not known."""

    management: str
    inference: str | None
    metrics: str | None
    directory: Path
    pid: int | None = None
    certificate: str | None = None

    def trust(self, ca_file: str | None) -> ssl.SSLContext | None:
        """Whom to trust over https: the option's certificates, else the server's own, else (None) the system's.

        Raises:
            UntrustedError: the file cannot be used.
        """
        if ca_file is not None:
            return trusting(ca_file)
        return trusting_only(self.certificate) if self.certificate is not None else None


def find_endpoints(
    environ: Mapping[str, str], directory: Path, management: str | None = None, *, metrics: str | None = None
) -> Endpoints:
    """The running server's, as its run file says; without one, those of the configuration that `start` would read here.

    With `management` or `metrics` given, that server's: its other addresses, its keys and whom to trust are known only if it is the
    one in the run file.
    """
    given = management is not None or metrics is not None
    running = _running(environ, needed=not given)
    if running is not None and management in (None, running.management) and metrics in (None, running.metrics):
        where = Path(running.directory)
        return Endpoints(
            running.management, running.inference, running.metrics, where, running.pid, running.certificate
        )
    if given:
        return Endpoints(management or "", None, metrics, directory)
    from servescope.cli.client.urls import client_url
    from servescope.config.choice import StartOptions
    from servescope.config.load import load_settings
    from servescope.config.settings.presented import presented_certificate

    settings = load_settings(StartOptions(), environ, directory)
    certificate = presented_certificate(settings, environ)
    return Endpoints(
        client_url(settings.management_address),
        client_url(settings.inference_address),
        client_url(settings.metrics_address),
        directory,
        certificate=str(certificate) if certificate else None,
    )


def _running(environ: Mapping[str, str], *, needed: bool) -> runfile.RunningServer | None:
    """What the run file says; where it is not `needed`, as the address is given, None if it cannot be read."""
    try:
        return runfile.read(runfile.location(environ))
    except ConfigurationError:
        if needed:
            raise
        return None


def find_key(kind: Literal["management", "inference"], directories: list[Path]) -> str | None:
    """The key of that kind in the first key file found; None where there is none. RefusedError if a file is damaged."""
    for path in (directory / KEY_FILE for directory in directories):
        try:
            keys = json.loads(path.read_text(encoding="utf-8"))
            return str(keys[kind]["key"])
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RefusedError(f"the key file {path} cannot be read: {error.strerror}; use --token") from error
        except (ValueError, KeyError, TypeError) as error:
            raise RefusedError(f"the key file {path} holds no {kind} key; use --token") from error
    return None


def open_client(
    url: str, token: str | None, timeout_s: float | None, trust: ssl.SSLContext | None = None
) -> Connection:
    """A connection to one of the server's addresses, as `Connection` has it. It sends the token, if any.

    `trust`: as `Endpoints.trust` has it.
    """
    return Connection(url, {"Authorization": f"Bearer {token}"} if token else {}, timeout_s, trust)


def call(client: Connection, method: str, path: str, parameters: Mapping[str, str] | None = None) -> Any:
    """The decoded JSON answer.

    Raises:
        NoAnswerError: none came.
        RefusedError: with the server's message, for a status of 400 or more; or for what is not JSON.
    """
    answer = client.request(method, path, parameters)
    if answer.is_error:
        raise RefusedError(_message(answer), answer.status)
    try:
        return answer.json()
    except ValueError as error:
        raise RefusedError(f"{client.url} answered {method} {path} with something that is not JSON") from error


def call_pages(client: Connection, path: str, key: str) -> list[dict[str, Any]]:
    """What stands under `key` in all pages of a list. Raises as `call` does."""
    found: list[dict[str, Any]] = []
    token: str | None = "0"
    while token is not None:
        page = call(client, "GET", path, {"limit": _PAGE, "next_page_token": token})
        found += page[key]
        token = page.get("nextPageToken") if page[key] else None
    return found


def model_path(name: str, version: str | None = None) -> str:
    """Where a model is found, or one version of it."""
    return f"/models/{quote(name, safe='')}" + (f"/{quote(version, safe='')}" if version else "")


def _message(answer: Answer) -> str:
    try:
        told = answer.json()
        warnings = "".join(f"\nWarning: {warning}" for warning in told.get("warnings", ()))
        return f"{told['message']} ({answer.status} {told['type']}){warnings}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the server answered {answer.status}: {answer.text[:200]}"
