"""`servescope models …`: the management API from the command line.

In: what the user typed. Out: the server's own words, or its JSON; a refusal ends with exit status 1 (see
`cli.client.endpoints`). Parameters that were not given are not sent, so that the server's defaults hold (contract, section
B).
"""

from functools import partial
from typing import Annotated

import typer

from servescope.cli.client.endpoints import model_path
from servescope.cli.client.readiness import read_survey
from servescope.cli.help.typed import examples
from servescope.cli.models.calls import model_api_named, print_json, show, show_list, tell
from servescope.cli.models.server import ManagedServer, manages
from servescope.cli.options import AsJson, ResponseTimeout, ServedName, StartupTimeout, named, whole
from servescope.cli.voice import mutter
from servescope.config.shown_url import shown_url

_DECISIONS = 50  # as many as a server remembers
Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name.", parser=named)]
Version = Annotated[
    str | None, typer.Option("--version", metavar="VERSION", help="A version. Default: the default version.")
]
Url = Annotated[str, typer.Argument(metavar="URL", help="Archive: a name in the model store, a directory or a URL.")]
Handler = Annotated[
    str | None, typer.Option("--handler", metavar="HANDLER", help="Handler to use instead of the archive's.")
]
Workers = Annotated[int | None, typer.Option("--workers", help="Workers to start with.", parser=whole(0), metavar="N")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", help="Requests a batch.", parser=whole(1), metavar="N")]
MaxBatchDelay = Annotated[
    int | None,
    typer.Option("--max-batch-delay", help="Milliseconds to wait for a full batch.", parser=whole(0), metavar="N"),
]
MinWorkers = Annotated[
    int | None, typer.Option("--min-workers", "--workers", help="Workers to have.", parser=whole(0), metavar="N")
]
MaxWorkers = Annotated[
    int | None, typer.Option("--max-workers", help="Workers to have at most.", parser=whole(0), metavar="N")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until the workers are up (the default), or do not.")]


@examples(
    "servescope models register drowsy.mar --name night", "servescope models register drowsy --workers 1 --batch-size 4"
)
@manages
def register(
    server: ManagedServer,
    url: Url,
    name: ServedName = None,
    workers: Workers = None,
    batch_size: BatchSize = None,
    max_batch_delay: MaxBatchDelay = None,
    response_timeout: ResponseTimeout = None,
    startup_timeout: StartupTimeout = None,
    handler: Handler = None,
    wait: Wait = True,
) -> None:
    """Register a model, if the server has --enable-model-api, and start workers for it."""
    given = {
        "url": url,
        "model_name": name,
        "initial_workers": workers,
        "batch_size": batch_size,
        "max_batch_delay": max_batch_delay,
        "response_timeout": response_timeout,
        "startup_timeout": startup_timeout,
        "handler": handler,
        "synchronous": "true" if wait else "false",
    }
    with server.connect(None) as client, model_api_named():
        tell(client, "POST", "/models", given, f"Registering {shown_url(url)}")


@examples("servescope models list", "servescope models list --json")
@manages
def list_models(server: ManagedServer, as_json: AsJson = False) -> None:
    """List the registered models."""
    from servescope.cli.status import list_models as fetch

    with server.connect() as client:
        found = fetch(client)
    show_list(found, "modelName", "modelUrl", as_json=as_json)


@examples("servescope models describe drowsy", "servescope models describe drowsy --version all --json")
@manages
def describe(
    server: ManagedServer,
    name: Name,
    version: Annotated[str | None, typer.Option("--version", metavar="VERSION", help="A version, or `all`.")] = None,
    customized: Annotated[bool, typer.Option("--customized", help="Ask the handler's own description too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Describe a model: its settings, workers and queue."""
    from servescope.cli.status import describe as fetch
    from servescope.cli.status import with_states

    with server.connect() as client:
        found = fetch(client, name, version, customized)
        if as_json or customized:
            print_json(found)
            return
        found = with_states(found, read_survey(client))
    from servescope.cli import tables

    console = tables.console()
    autoscaler = tables.autoscaler_tables(found, latest=_DECISIONS)
    console.print(tables.models_table(found), tables.workers_table(found), *autoscaler)


@examples(
    "servescope models scale drowsy --min-workers 2",
    "servescope models scale drowsy --version 2.0 --max-workers 4 --no-wait",
    "servescope models scale drowsy --autoscale advise",
)
@manages
def scale(
    server: ManagedServer,
    name: Name,
    min_workers: MinWorkers = None,
    max_workers: MaxWorkers = None,
    autoscale: Annotated[
        str | None,
        typer.Option(
            "--autoscale", metavar="MODE", help="off, advise or act: whether the number of workers follows the load."
        ),
    ] = None,
    version: Version = None,
    wait: Wait = True,
) -> None:
    """Change a model's number of workers, or who decides on it."""
    if min_workers is None and max_workers is None and autoscale is None:
        raise typer.BadParameter("say how many: --min-workers, --max-workers or both; or --autoscale")
    counts = {"min_worker": min_workers, "max_worker": max_workers}
    given = {**counts, "autoscale": autoscale, "synchronous": "true" if wait else "false"}
    with server.connect(None) as client:
        tell(client, "PUT", model_path(name, version), given, f"Scaling {name}")


@examples("servescope models unregister night", "servescope models unregister drowsy --version 1.0")
@manages
def unregister(server: ManagedServer, name: Name, version: Version = None) -> None:
    """Unregister a model; what it has accepted is answered first, and shown until then."""
    from servescope.cli.client.unloading import unload

    connect = partial(server.connect, None)
    with model_api_named():
        answer = unload(connect, name, model_path(name, version), mutter)
    show(answer)


@examples("servescope models set-default drowsy 2.0")
@manages
def set_default(
    server: ManagedServer,
    name: Name,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="The version that unversioned requests shall reach.")
    ],
) -> None:
    """Make a version the one that requests without a version reach."""
    with server.connect() as client:
        tell(client, "PUT", f"{model_path(name, version)}/set-default", {}, f"Switching {name}")
