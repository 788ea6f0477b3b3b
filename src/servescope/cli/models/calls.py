"""Calls of the management API that change something: in, what to ask for; out, the server's words, on standard output.

Used by `commands`. A refusal raises RefusedError.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import RefusedError, call, find_endpoints, find_key, open_client
from servescope.cli.voice import mutter, say

_MODEL_API_OFF = (
    "The server's model API is off, so that no model can be registered or unregistered. `servescope start --enable-model-api`, or "
    "enable_model_api=true in its config.properties, turns it on."
)


def tell(client: Connection, method: str, path: str, given: Mapping[str, object], doing: str) -> None:
    """Make the call, with a spinner while it lasts, and print the server's `status`."""
    parameters = {key: str(value) for key, value in given.items() if value is not None}
    with _spinner(doing, sys.stderr.isatty()):
        answer = call(client, method, path, parameters)
    show(answer)


def show(answer: dict[str, Any]) -> None:
    """The server's words, and what it has to say besides."""
    for warning in answer.get("warnings", ()):
        mutter(f"Warning: {warning}")
    say(answer["status"])


def _spinner(doing: str, terminal: bool) -> AbstractContextManager[object]:
    """Shows that something goes on, on standard error; nothing where that is no terminal."""
    if not terminal:
        return nullcontext()
    from rich.console import Console

    return Console(stderr=True).status(f"{doing} …")


@contextmanager
def management(
    address: str | None, token: str | None, ca_file: str | None, timeout_s: float | None
) -> Iterator[Connection]:
    """A connection to the management API."""
    here = Path.cwd()
    endpoints = find_endpoints(os.environ, here, address)
    key = token or find_key("management", [here, endpoints.directory])
    with open_client(endpoints.management, key, timeout_s, endpoints.trust(ca_file)) as client:
        yield client


@contextmanager
def model_api_named() -> Iterator[None]:
    """A server without the model API refuses these calls in general words; here it is said what turns it on."""
    try:
        yield
    except RefusedError as error:
        if error.code != HTTPStatus.METHOD_NOT_ALLOWED:
            raise
        raise RefusedError(f"{error.message}\n{_MODEL_API_OFF}", error.code) from error


def path(name: str, version: str | None) -> str:
    """Where a model, or one version of it, is found."""
    return f"/models/{quote(name, safe='')}" + (f"/{quote(version, safe='')}" if version else "")
