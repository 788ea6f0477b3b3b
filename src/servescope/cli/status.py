"""`servescope status`: what the server says of itself, over its management and metrics APIs.

In: endpoints and tokens from `cli.client.endpoints`. Out: a `Status`, shown as tables or JSON. Of the three ports only the
management one must answer; what the others do not tell is left out by name.
"""

import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from servescope.cli.client.connection import Connection, NoAnswerError
from servescope.cli.client.endpoints import Endpoints, call, find_endpoints, find_key, open_client
from servescope.cli.client.scrape import parse, requests_by_class
from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson, CaFile, ManagementAddress, Token

TIMEOUT_S = 10.0
_PAGE = 100


@dataclass(frozen=True)
class Status:
    """The answers. `health` is /ping's word or why there was none; `requests` is None when /metrics could not be
    read.
    """

    endpoints: Endpoints
    health: str
    models: list[dict[str, Any]]
    requests: dict[str, float] | None

    def to_json(self) -> str:
        """The same as one JSON object."""
        server = {
            "pid": self.endpoints.pid,
            "health": self.health,
            "inference_address": self.endpoints.inference,
            "management_address": self.endpoints.management,
            "metrics_address": self.endpoints.metrics,
        }
        return json.dumps({"server": server, "models": self.models, "requests": self.requests}, indent=2)


@examples("servescope status", "servescope status --json")
def status_command(
    as_json: AsJson = False,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Show models, workers, queues and requests."""
    status(os.environ, Path.cwd(), management_address, token, ca_file, as_json)


def status(
    environ: Mapping[str, str],
    directory: Path,
    management: str | None,
    token: str | None,
    ca_file: str | None,
    as_json: bool,
) -> None:
    """Print the status.

    Raises:
        NoAnswerError: the management API does not answer.
        RefusedError: it refuses.
    """
    found = gather(find_endpoints(environ, directory, management), directory, token, ca_file)
    if as_json:
        print(found.to_json())
        return
    from rich.console import Console

    from servescope.cli import tables

    console = Console()
    process = f"process {found.endpoints.pid}, " if found.endpoints.pid else ""
    console.print(f"[bold]{found.health}[/bold]: {process}management {found.endpoints.management}", highlight=False)
    console.print(tables.models_table(found.models), tables.workers_table(found.models))
    if found.requests is None:
        console.print(f"No request counts: no metrics from {found.endpoints.metrics or 'an address not known'}.")
    else:
        console.print(tables.requests_table(found.requests))


def gather(endpoints: Endpoints, directory: Path, token: str | None, ca_file: str | None) -> Status:
    """Ask all three ports. Raises as `status` does."""
    where = [directory, endpoints.directory]
    trust = endpoints.trust(ca_file)
    with open_client(endpoints.management, token or find_key("management", where), TIMEOUT_S, trust) as client:
        models = [version for name in list_models(client) for version in describe(client, name["modelName"], "all")]
    health = _health(endpoints.inference, find_key("inference", where), trust)
    return Status(endpoints, health, models, _requests(endpoints.metrics, trust))


def list_models(client: Connection) -> list[dict[str, Any]]:
    """Every registered model's name and URL, whatever the number of pages."""
    found: list[dict[str, Any]] = []
    token: str | None = "0"
    while token is not None:
        page = call(client, "GET", "/models", {"limit": str(_PAGE), "next_page_token": token})
        found += page["models"]
        token = page.get("nextPageToken") if page["models"] else None
    return found


def describe(client: Connection, name: str, version: str | None, customized: bool = False) -> list[dict[str, Any]]:
    """A model's description: its default version, one version, or `all`."""
    path = f"/models/{quote(name, safe='')}" + (f"/{quote(version, safe='')}" if version else "")
    answer: list[dict[str, Any]] = call(client, "GET", path, {"customized": "true"} if customized else None)
    return answer


def _health(url: str | None, token: str | None, trust: ssl.SSLContext | None) -> str:
    if url is None:
        return "health not known (no inference address)"
    try:
        with open_client(url, token, TIMEOUT_S, trust) as client:
            answer = client.request("GET", "/ping")
        return str(answer.json()["status"])
    except NoAnswerError as error:
        return str(error)
    except (ValueError, KeyError, TypeError):
        return f"/ping answered {answer.status}"


def _requests(url: str | None, trust: ssl.SSLContext | None) -> dict[str, float] | None:
    if url is None:
        return None
    try:
        with open_client(url, None, TIMEOUT_S, trust) as client:
            answer = client.request("GET", "/metrics")
    except NoAnswerError:
        return None
    return None if answer.is_error else requests_by_class(parse(answer.text))
