"""`servescope workflow …`: archives of workflows, and the management API from the command line.

In: what the user typed. Out: the archive's path, the server's own words, or its JSON; a refusal ends with exit status 1 (see
`cli.client.endpoints`). Parameters that were not given are not sent, so that the server's defaults hold (contract, section H).
"""

from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

from servescope.cli.archive import ExportPath, ExtraFiles, Force
from servescope.cli.client.endpoints import call, call_pages
from servescope.cli.help.typed import examples
from servescope.cli.models.calls import model_api_named, print_json, show_list, tell
from servescope.cli.models.server import ManagedServer, manages
from servescope.cli.options import AsJson, ResponseTimeout, ServedName, StartupTimeout, named
from servescope.config.shown_url import shown_url
from servescope.errors import ServescopeError

Name = Annotated[str, typer.Argument(metavar="NAME", help="The workflow's name.", parser=named)]
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


@examples("servescope workflow archive --workflow-name breeds \\\n    --spec-file workflow.yaml --handler functions.py")
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
@manages
def register(
    server: ManagedServer,
    url: Url,
    name: ServedName = None,
    response_timeout: ResponseTimeout = None,
    startup_timeout: StartupTimeout = None,
) -> None:
    """Register a workflow, if the server has --enable-model-api, and start the workers of its nodes."""
    given = {
        "url": url,
        "workflow_name": name,
        "response_timeout": response_timeout,
        "startup_timeout": startup_timeout,
    }
    with server.connect(None) as client, model_api_named():
        tell(client, "POST", "/workflows", given, f"Registering {shown_url(url)}")


@examples("servescope workflow list", "servescope workflow list --json")
@manages
def list_workflows(server: ManagedServer, as_json: AsJson = False) -> None:
    """List the registered workflows."""
    with server.connect() as client:
        found = call_pages(client, "/workflows", "workflows")
    show_list(found, "workflowName", "workflowUrl", as_json=as_json)


@examples("servescope workflow describe breeds", "servescope workflow describe breeds --json")
@manages
def describe(server: ManagedServer, name: Name, as_json: AsJson = False) -> None:
    """Describe a workflow: its archive, its graph, and what its nodes run with unless they say otherwise."""
    with server.connect() as client:
        (found,) = call(client, "GET", _path(name))
    if as_json:
        print_json(found)
        return
    width = max(map(len, found))
    for key, value in found.items():
        typer.echo(f"{key:{width}}  {value}")


@examples("servescope workflow unregister breeds")
@manages
def unregister(server: ManagedServer, name: Name) -> None:
    """Unregister a workflow and its models; what it has accepted is answered first."""
    with server.connect(None) as client, model_api_named():
        tell(client, "DELETE", _path(name), {}, f"Unregistering {name}")


def _path(name: str) -> str:
    return f"/workflows/{quote(name, safe='')}"
