"""The Typer application: every command but `start` and `llm` runs through it, and these are listed by it.

In: nothing at import; `build_app` is called by `cli.main` and the tests. Out: the application. Each command hands the
process's environment and directory to the function that does the work.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from servescope import __version__
from servescope.cli.archive import archive
from servescope.cli.demo.command import demo
from servescope.cli.models import models_app
from servescope.cli.monitoring.grafana import grafana
from servescope.cli.monitoring.metrics import check, list_metrics
from servescope.cli.monitoring.prometheus import prometheus
from servescope.cli.options import AsJson, CaFile, ManagementAddress, Token, whole
from servescope.cli.stop import WAIT_S
from servescope.config.bounds import MAX_DRAIN_S


def build_app() -> typer.Typer:
    """The application, fresh."""
    app = typer.Typer(
        help="The model server you can see into.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_version)
    # `start` and `llm` read their own options, TorchServe's and vLLM's, so Typer hands them everything, --help too.
    everything = {"ignore_unknown_options": True, "allow_extra_args": True}
    app.command("start", context_settings=everything, add_help_option=False)(_start)
    app.command("llm", context_settings=everything, add_help_option=False)(_llm)
    app.command("stop")(_stop)
    app.command("status")(_status)
    app.add_typer(models_app(), name="models")
    app.command("archive")(archive)
    metrics = typer.Typer(help="The metrics the server has, and checks of a metrics.yaml.", no_args_is_help=True)
    metrics.command("list")(list_metrics)
    metrics.command("check")(check)
    app.add_typer(metrics, name="metrics")
    app.command("prometheus")(prometheus)
    app.command("grafana")(grafana)
    app.command("demo")(demo)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"Servescope {__version__}")
        raise typer.Exit


def _version(
    _asked: Annotated[
        bool, typer.Option("--version", "-v", is_eager=True, callback=_print_version, help="Print the version.")
    ] = False,
) -> None:
    """Hold the options that stand before any command."""


def _start(context: typer.Context) -> None:
    """Start the server, with torchserve's options (servescope start --help)."""
    from servescope.cli.start import start

    raise typer.Exit(start(context.args, os.environ, Path.cwd()))


def _llm(context: typer.Context) -> None:
    """Serve a language model with vLLM's engine, in one command (servescope llm --help)."""
    from servescope.cli.llm.command import llm

    raise typer.Exit(llm(context.args, os.environ, Path.cwd()))


def _stop(
    timeout: Annotated[
        int,
        typer.Option(
            help="Seconds to wait for what is in flight to finish.", parser=whole(0, MAX_DRAIN_S), metavar="N"
        ),
    ] = WAIT_S,
) -> None:
    """Stop the server once what is in flight is answered, and delete its key file."""
    from servescope.cli.stop import stop

    raise typer.Exit(stop(os.environ, typer.echo, timeout))


def _status(
    as_json: AsJson = False,
    management_address: ManagementAddress = None,
    token: Token = None,
    ca_file: CaFile = None,
) -> None:
    """Show models, workers, queues and requests."""
    from servescope.cli.status import status

    status(os.environ, Path.cwd(), management_address, token, ca_file, as_json)
