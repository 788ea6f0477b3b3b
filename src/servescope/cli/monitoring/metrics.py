"""`servescope metrics list` and `check`: what the server measures, and whether a metrics.yaml can be used.

In: options; the definitions; a metrics.yaml. Out: Rich tables, Markdown, JSON, or a verdict. Run by `cli.main`.
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servescope.cli.help.typed import examples
from servescope.errors import ConfigurationError
from servescope.metrics.definitions import BY_NAME, DEFINITIONS, Definition
from servescope.metrics.reference import GROUPS, Group, render_reference
from servescope.metrics.torchserve.metrics_yaml import MetricsConfig, read_metrics_config, select

if TYPE_CHECKING:
    from rich.table import Table


@examples("servescope metrics list", "servescope metrics list --json")
def list_metrics(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference page, docs/metrics.md.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print an array of objects, one a family.")] = False,
) -> None:
    """List every metric family that the server has."""
    if markdown and as_json:
        raise typer.BadParameter("--markdown and --json exclude each other")
    if markdown:
        typer.echo(render_reference(), nl=False)
    elif as_json:
        typer.echo(json.dumps([_described(group, one) for group in GROUPS for one in group.definitions], indent=2))
    else:
        from rich.console import Console

        console = Console()
        for group in GROUPS:
            console.print(metrics_table(group))


@examples("servescope metrics check metrics.yaml")
def check(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A metrics.yaml: which metrics the server shows, and the handlers' own."),
    ],
) -> None:
    """Check a metrics.yaml: say what is wrong, and exit with 1, if the server could not use it."""
    try:
        config = read_metrics_config(file)
        shown = select(config, auto_detect=False)
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    server = "all" if config.ts_metrics is None else len(config.ts_metrics)
    typer.echo(f"{file}: good. {server} server metrics, {len(config.model_metrics)} model metrics.")
    for remark in remarks(config, shown):
        typer.echo(remark)


def remarks(config: MetricsConfig, shown: tuple[Definition, ...]) -> list[str]:
    """What is easily overlooked in a file that can be used: what it hides, and what nobody will write."""
    found = []
    names = {definition.name for definition in shown}
    if hidden := [definition.name for definition in DEFINITIONS if definition.name not in names]:
        text = "Not listed, so not shown (metrics of handlers only with model_metrics_auto_detect=false): "
        found.append(text + ", ".join(hidden))
    if unwritten := [one.name for one in config.ts_metrics or () if one.name not in BY_NAME]:
        found.append("Listed in ts_metrics, but nothing in this server writes it: " + ", ".join(unwritten))
    return found


def metrics_table(group: Group) -> "Table":
    """A row a family: name, type, unit and labels on the left, the meaning on the right; readable at 80 columns."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE, title=group.title, title_justify="left")
    table.add_column("family", no_wrap=True)
    table.add_column("meaning")
    width = max(len(definition.name) for definition in group.definitions)
    for definition in group.definitions:
        kind = ", ".join(filter(None, (definition.kind, definition.unit)))
        facts = (f"[bold]{definition.name}[/bold]", f"  {kind}", *_wrapped(definition.labels, width))
        table.add_row("\n".join(facts), escape(definition.description))
        table.add_row()
    return table


def _wrapped(labels: tuple[str, ...], width: int) -> list[str]:
    """The labels, on as many lines as they need to be no wider than this."""
    lines: list[str] = []
    for label in labels:
        if lines and len(lines[-1]) + len(label) + 2 <= width:
            lines[-1] += f", {label}"
        else:
            lines.append(f"  {label}")
    return lines


def _described(group: Group, definition: Definition) -> dict[str, object]:
    return {
        "name": definition.name,
        "type": definition.kind,
        "unit": definition.unit,
        "labels": definition.labels,
        "help": definition.help,
        "updated": definition.updated,
        "buckets": definition.buckets,
        "group": group.title,
    }
