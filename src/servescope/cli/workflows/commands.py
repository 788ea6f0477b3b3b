"""`servescope workflow …`: archives of workflows, and the management API from the command line.

In: what the user typed. Out: the archive's path, the server's own words, or its JSON; a refusal ends with exit status 1 (see
`cli.client.endpoints`). Parameters that were not given are not sent, so that the server's defaults hold (contract, section H).
"""

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from servescope.cli.archive import ExportPath, ExtraFiles, Force
from servescope.cli.client.connection import Connection
from servescope.cli.client.endpoints import call
from servescope.cli.help.typed import examples
from servescope.cli.models.calls import management, model_api_named, tell
from servescope.cli.models.commands import ResponseTimeout, ServedName, StartupTimeout
from servescope.cli.options import AsJson, CaFile, ManagementAddress, Token
from servescope.config.shown_url import shown_url
from servescope.errors import ServescopeError

_TIMEOUT_S = 30.0
Name = Annotated[str, typer.Argument(metavar="NAME", help="The workflow's name.")]
Url = Annotated[str, typer.Argument(metavar="URL", help="Archive: a name in the workflow store, or a URL.")]
WorkflowName = Annotated[
    str, typer.Option("--workflow-name", metavar="NAME", help="Name of the workflow, and of the archive.")
]
SpecFile = Annotated[
    str, typer.Option("--spec-file", metavar="FILE", help="YAML file with the workflow's models and their graph.")
]
Handler = Annotated[
    str | None, typer.Option("--handler", metavar="FILE", help="Python file with the functions of the graph.")
]


@examples(
    "servescope workflow archive --workflow-name breeds \\\n    --spec-file workflow.yaml --handler functions.py",
)
def archive(
    workflow_name: WorkflowName,
    spec_file: SpecFile,
    handler: Handler = None,
    extra_files: ExtraFiles = None,
    export_path: ExportPath = Path(),
    force: Force = False,
) -> None:
    """Pack a workflow's specification and functions into a .war, as torch-workflow-archiver does."""
    from servescope.archive.packing.workflow import WorkflowOptions, pack_workflow

    options = WorkflowOptions(workflow_name, spec_file, handler, extra_files, export_path, force)
    try:
        output = pack_workflow(options)
    except (ServescopeError, OSError) as error:
        typer.echo(f"servescope workflow archive: {' '.join(str(error).split())}", err=True)
        raise typer.Exit(1) from error
    typer.echo(str(output))


@examples("servescope workflow register breeds.war")
def register(
    url: Url,
    name: ServedName = None,
    response_timeout: ResponseTimeout = None,
    startup_timeout: StartupTimeout = None,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Register a workflow, if the server has --enable-model-api, and start the workers of its nodes."""
    given = {
        "url": url,
        "workflow_name": name,
        "response_timeout": response_timeout,
        "startup_timeout": startup_timeout,
    }
    with management(management_address, token, ca_file, None) as client, model_api_named():
        tell(client, "POST", "/workflows", given, f"Registering {shown_url(url)}")


@examples("servescope workflow list", "servescope workflow list --json")
def list_workflows(
    as_json: AsJson = False,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """List the registered workflows."""
    with management(management_address, token, ca_file, _TIMEOUT_S) as client:
        found = _all(client)
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    width = max((len(one["workflowName"]) for one in found), default=0)
    for one in found:
        typer.echo(f"{one['workflowName']:{width}}  {one['workflowUrl']}")


@examples("servescope workflow describe breeds", "servescope workflow describe breeds --json")
def describe(
    name: Name,
    as_json: AsJson = False,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Describe a workflow: its archive, its graph, and what its nodes run with unless they say otherwise."""
    with management(management_address, token, ca_file, _TIMEOUT_S) as client:
        (found,) = call(client, "GET", _path(name))
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    width = max(map(len, found))
    for key, value in found.items():
        typer.echo(f"{key:{width}}  {value}")


@examples("servescope workflow unregister breeds")
def unregister(
    name: Name,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Unregister a workflow and its models; what it has accepted is answered first."""
    with management(management_address, token, ca_file, None) as client, model_api_named():
        tell(client, "DELETE", _path(name), {}, f"Unregistering {name}")


def _path(name: str) -> str:
    return f"/workflows/{quote(name, safe='')}"


def _all(client: Connection) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    page = call(client, "GET", "/workflows")
    found += page["workflows"]
    while page["workflows"] and (token := page.get("nextPageToken")):
        page = call(client, "GET", "/workflows", {"next_page_token": token})
        found += page["workflows"]
    return found
