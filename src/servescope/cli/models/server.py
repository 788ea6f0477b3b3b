"""The server that a command is about: the options that say which, in; a connection to its management API, out.

`commands`, and those of `workflows`, take a `ManagedServer` in place of these options.
"""

import inspect
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final

from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import find_endpoints, find_key, open_client
from servescope.cli.options import CaFile, ManagementAddress, Token

# Long enough for a slow server, short enough for a person.
TIMEOUT_S: Final = 30.0
_PARAMETER: Final = "server"
_OPTIONS: Final = {"management_address": ManagementAddress, "token": Token, "ca_file": CaFile}


@dataclass(frozen=True)
class ManagedServer:
    """What was said of it, None where nothing was: the running one then, with the key and the certificate that it has."""

    address: str | None
    token: str | None
    ca_file: str | None

    @contextmanager
    def connect(self, timeout_s: float | None = TIMEOUT_S) -> Iterator[Connection]:
        """A connection to its management API. `timeout_s` None: the call waits for workers, and has no limit but the server's."""
        here = Path.cwd()
        endpoints = find_endpoints(os.environ, here, self.address)
        key = self.token or find_key("management", [here, endpoints.directory])
        with open_client(endpoints.management, key, timeout_s, endpoints.trust(self.ca_file)) as client:
            yield client


def manages(function: Callable[..., None]) -> Callable[..., None]:
    """The command that a function with the parameter `server` is: in its place are the options that make one, behind all others."""
    own = inspect.signature(function).parameters
    options = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in _OPTIONS.items()
    ]

    @wraps(function)
    def command(**given: Any) -> None:
        function(ManagedServer(*(given.pop(name) for name in _OPTIONS)), **given)

    parameters = [*(one for name, one in own.items() if name != _PARAMETER), *options]
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # which Typer reads
    return command
