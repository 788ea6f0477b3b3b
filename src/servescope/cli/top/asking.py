"""The console's documents from the command line: in, where a server's metrics port is; out, decoded ones.

Used by `command`.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from servescope import __version__
from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import RefusedError, call, find_endpoints, find_key, open_client
from servescope.errors import ConfigurationError, ServescopeError

TIMEOUT_S: Final = 10.0
_OFF: Final = "the server has no console there: enable_console=false, enable_metrics_api=false, or not a metrics port"


Drawn = TypeVar("Drawn")


def drawn(draw: Callable[[Any], Drawn], document: Any) -> Drawn:
    """What `draw` makes of a document.

    Raises:
        ServescopeError: it lacks something, as that of a server of another version.
    """
    try:
        return draw(document)
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ServescopeError(
            f"the server's console says something else than servescope {__version__} understands "
            f"({type(error).__name__}: {error}): take the servescope of the server's own version"
        ) from error


class Asking:
    """One server. `url`: of its metrics port; None: the running server's. Raises ConfigurationError where none is known."""

    def __init__(self, url: str | None, token: str | None, ca_file: str | None) -> None:
        directory = Path.cwd()
        # Another server than the running one is not told its key.
        endpoints = find_endpoints(os.environ, directory, metrics=url)
        self.url = endpoints.metrics
        if self.url is None:
            raise ConfigurationError("no metrics address is known: give the server's with --url")
        key = token or find_key("management", [directory, endpoints.directory])
        self._client: Connection = open_client(self.url, key, TIMEOUT_S, endpoints.trust(ca_file))

    def overview(self) -> dict[str, Any]:
        """The whole server. Raises NoAnswerError, RefusedError."""
        return self._ask("overview")

    def model(self, name: str, version: str) -> dict[str, Any]:
        """One model version, with its failures and its slowest requests. Raises as `overview`."""
        path, asked = f"models/{quote(name, safe='')}", {"version": version}
        return {
            **self._ask(path, asked),
            "failures": self._ask(f"{path}/failures", asked),
            "slowest": self._ask(f"{path}/slowest", asked),
        }

    def _ask(self, path: str, parameters: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            found: dict[str, Any] = call(self._client, "GET", f"/console/api/{path}", parameters)
        except RefusedError as error:
            if error.code == 404 and path == "overview":
                raise RefusedError(f"{self.url}: {_OFF}", error.code) from error
            raise
        return found
