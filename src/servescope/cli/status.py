"""`servescope status`: what the server says of itself, over its management and metrics APIs.

In: endpoints and tokens from `cli.client.endpoints`. Out: a `Status`, shown as tables or JSON, and an exit status. Of the three
ports only the management one must answer; what the others do not tell is left out by name. Settings, processes and queues come from
the descriptions of models, states and errors from /readyz/models, counts of requests from /metrics.
"""

import json
import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from servescope.cli.client.connection import Connection, NoAnswerError
from servescope.cli.client.endpoints import (
    Endpoints,
    call,
    call_pages,
    find_endpoints,
    find_key,
    model_path,
    open_client,
)
from servescope.cli.client.readiness import label, read_survey
from servescope.cli.client.scrape import ANSWERS, parse, requests_by_class
from servescope.cli.help.typed import examples
from servescope.cli.options import AsJson, CaFile, ManagementAddress, Token

if TYPE_CHECKING:
    from rich.text import Text

TIMEOUT_S = 10.0
_WELL = ("ready", "asleep", "waking", "idle", "unloading")  # the latter two are somebody's intent


@dataclass(frozen=True)
class Status:
    """The answers. `health` is /ping's word or why there was none; `survey` is /readyz/models'; `requests` is None when /metrics
    could not be read, or has no counters.

    `models`: their descriptions, with what the survey says of them under `readiness`, and of their workers under `state`,
    `busy_s`, `node` and `host`; None where a model or a worker came between the two.
    """

    endpoints: Endpoints
    health: str
    survey: dict[str, Any]
    models: list[dict[str, Any]]
    requests: dict[str, float] | None

    @property
    def missing(self) -> list[dict[str, Any]]:
        """What the start was asked for and is not registered: name, reason and error."""
        absent = (one for one in self.survey["models"] if one["version"] is None)
        return [
            {"name": one["name"], "reason": one["reason"] or one["standing"], "error": one["why"]} for one in absent
        ]

    @property
    def ready(self) -> bool:
        """Whether the server and all its models are, later registrations too; those that sleep or are to have no workers aside."""
        return self.survey["ready"] and all(one["standing"] in _WELL for one in self.survey["models"])

    def to_json(self) -> str:
        """The same as one JSON object."""
        server = {
            "pid": self.endpoints.pid,
            "ready": self.survey["ready"],
            "health": self.health,
            "inference_address": self.endpoints.inference,
            "management_address": self.endpoints.management,
            "metrics_address": self.endpoints.metrics,
        }
        found = {"server": server, "models": self.models, "missing": self.missing, "requests": self.requests}
        return json.dumps({"ready": self.ready, **found}, indent=2)


@examples("servescope status", "servescope status --json")
def status_command(
    as_json: AsJson = False,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Show models, workers, queues and requests; exit with 1 unless all models are ready."""
    raise typer.Exit(status(os.environ, Path.cwd(), management_address, token, ca_file, as_json))


def status(
    environ: Mapping[str, str],
    directory: Path,
    management: str | None,
    token: str | None,
    ca_file: str | None,
    as_json: bool,
) -> int:
    """Print the status; 0 where all is ready, else 1.

    Raises:
        NoAnswerError: the management API does not answer.
        RefusedError: it refuses.
    """
    found = gather(find_endpoints(environ, directory, management), directory, token, ca_file)
    if as_json:
        print(found.to_json())
    else:
        _show(found)
    return 0 if found.ready else 1


def _show(found: Status) -> None:
    from servescope.cli import tables

    process = f"process {found.endpoints.pid}, " if found.endpoints.pid else ""
    head = _head(found)
    with tables.console() as console:  # written at once: who reads the first line alone does not end it
        console.print(head.append(f": {process}management {found.endpoints.management}", style="not bold default"))
        autoscaler = tables.autoscaler_tables(found.models, latest=1)
        console.print(tables.models_table(found.models), tables.workers_table(found.models), *autoscaler)
        if troubled := tables.trouble_rows(found.models):
            console.print(tables.troubles_table(troubled))
        if found.missing:
            console.print(tables.missing_table(found.missing))
        if found.requests is None:
            console.print(f"No request counts: none at {found.endpoints.metrics or 'an address not known'}.")
        else:
            console.print(tables.requests_table(found.requests))


def _head(found: Status) -> "Text":
    """Ready, or not; or ready for requests, while something else than what the start was asked for is ill."""
    from rich.text import Text

    if found.ready:
        return Text("Ready", style="bold green")
    if not found.survey["ready"]:
        return Text("Not ready", style="bold red")
    ill = ", ".join(label(one) for one in found.survey["models"] if one["standing"] not in _WELL)
    return Text(f"Ready, but for {ill}", style="bold yellow")


def gather(endpoints: Endpoints, directory: Path, token: str | None, ca_file: str | None) -> Status:
    """Ask all three ports. Raises as `status` does."""
    where = [directory, endpoints.directory]
    trust = endpoints.trust(ca_file)
    with open_client(endpoints.management, token or find_key("management", where), TIMEOUT_S, trust) as client:
        models = [version for name in list_models(client) for version in describe(client, name["modelName"], "all")]
        survey = read_survey(client)
    health = _health(endpoints.inference, trust)
    return Status(endpoints, health, survey, with_states(models, survey), _requests(endpoints.metrics, trust))


def with_states(models: list[dict[str, Any]], survey: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Descriptions of models with what a survey says of them; see `Status`."""
    # The other way round, as one that is unregistered stands behind its successor of the same name and version.
    reports = {(one["name"], one["version"]): one for one in reversed(survey["models"])}
    return [_with_state(model, reports.get((model["modelName"], model["modelVersion"]))) for model in models]


def _with_state(model: dict[str, Any], report: Mapping[str, Any] | None) -> dict[str, Any]:
    workers = {worker["id"]: worker for worker in report["workers"]} if report is not None else {}
    told = ("standing", "why", "failed_loads", "restarts", "asked_for")
    return model | {
        "readiness": None if report is None else {key: report[key] for key in told},
        "workers": [
            worker | {key: workers.get(worker["id"], {}).get(key) for key in ("state", "busy_s", "node", "host")}
            for worker in model["workers"]
        ],
    }


def list_models(client: Connection) -> list[dict[str, Any]]:
    """Every registered model's name and URL, whatever the number of pages."""
    return call_pages(client, "/models", "models")


def describe(client: Connection, name: str, version: str | None, customized: bool = False) -> list[dict[str, Any]]:
    """A model's description: its default version, one version, or `all`."""
    answer: list[dict[str, Any]] = call(
        client, "GET", model_path(name, version), {"customized": "true"} if customized else None
    )
    return answer


def _health(url: str | None, trust: ssl.SSLContext | None) -> str:
    if url is None:
        return "health not known (no inference address)"
    try:
        with open_client(url, None, TIMEOUT_S, trust) as client:
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
    if answer.is_error or f"# TYPE {ANSWERS} " not in answer.text:
        return None
    return requests_by_class(parse(answer.text))
