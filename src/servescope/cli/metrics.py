"""`servescope metrics list` and `check`: what the server measures, and whether a metrics.yaml can be used.

In: options; the definitions; a metrics.yaml. Out: a Rich table, Markdown, or a verdict. Added to the application by
`cli.app`.
"""

from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import DEFINITIONS, Definition
from servescope.metrics.reference import render_reference
from servescope.metrics.torchserve import read_metrics_config, select


def list_metrics(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference page, docs/metrics.md.")] = False,
) -> None:
    """List every metric family that the server has."""
    if markdown:
        typer.echo(render_reference(), nl=False)
    else:
        Console().print(metrics_table(DEFINITIONS))


def check(
    file: Annotated[Path, typer.Argument(help="A metrics.yaml, as the option metrics_config takes it.")],
) -> None:
    """Check a metrics.yaml; exit with status 1 and say what is wrong, and where, if the server could not use it."""
    try:
        config = read_metrics_config(file)
        shown = select(config, auto_detect=False)
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    server = "all" if config.ts_metrics is None else len(config.ts_metrics)
    typer.echo(f"{file}: good. {server} server metrics, {len(config.model_metrics)} model metrics.")
    # Easily overlooked: what such a file does not list is not shown.
    names = {definition.name for definition in shown}
    if hidden := [definition.name for definition in DEFINITIONS if definition.name not in names]:
        typer.echo(
            "Not listed, so not shown (metrics of handlers only with model_metrics_auto_detect=false): ", nl=False
        )
        typer.echo(", ".join(hidden))


def metrics_table(definitions: tuple[Definition, ...]) -> Table:
    """A row a family: name, type, unit and labels on the left, the meaning on the right; readable at 80 columns."""
    table = Table(box=box.SIMPLE, title="Metrics", title_justify="left")
    table.add_column("family", no_wrap=True)
    table.add_column("meaning")
    for definition in definitions:
        kind = ", ".join(filter(None, (definition.kind, definition.unit)))
        facts = (f"[bold]{definition.name}[/bold]", f"  {kind}", f"  {', '.join(definition.labels)}".rstrip())
        table.add_row("\n".join(filter(None, facts)), definition.help)
        table.add_row()
    return table
