"""Calls of the management API: in, what to ask for; out, the server's words, on standard output.

Used by `commands`, and by those of `workflows`. A refusal raises RefusedError.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from typing import Any

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import RefusedError, call
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
def model_api_named() -> Iterator[None]:
    """A server without the model API refuses these calls in general words; here it is said what turns it on."""
    try:
        yield
    except RefusedError as error:
        if error.code != HTTPStatus.METHOD_NOT_ALLOWED:
            raise
        raise RefusedError(f"{error.message}\n{_MODEL_API_OFF}", error.code) from error


def show_list(found: Sequence[Mapping[str, str]], name: str, url: str, *, as_json: bool) -> None:
    """Print what the server has, a line each: what stands under `name`, and under `url`."""
    if as_json:
        print_json(found)
        return
    width = max((len(one[name]) for one in found), default=0)
    for one in found:
        print(f"{one[name]:{width}}  {one[url]}")


def print_json(found: Any) -> None:
    """The server's own answer, for programs."""
    print(json.dumps(found, indent=2))
