"""`servescope demo`: trains, packs, serves and measures a real model, and shows what the measurements say.

In: `examples/digits`, `examples/drowsy` and a free run of three ports. Out: the accuracy over the predict API, a table
read back from the server's own /metrics, alerts that come and go where Prometheus and Alertmanager are installed, and
addresses to look at. The server stays up until Ctrl-C; with `--once` it ends at once, and there are no addresses. It is what
`make demo` runs. Everything it writes is in one folder.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from servescope.cli.demo import digits, drowsy
from servescope.cli.demo.server import Place, first_port, place_in, running, samples, wait_until_ready
from servescope.cli.help.typed import examples
from servescope.cli.options import whole

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from servescope.cli.client.scrape import Sample
    from servescope.cli.demo.alerts import Watchers
    from servescope.cli.demo.picture import Picture


PortBase = Annotated[
    int | None,
    typer.Option(
        "--port-base",
        help="First of three ports. Default: 8080, or the next three that are free.",
        parser=whole(1, 65533),
        metavar="N",
    ),
]
Once = Annotated[bool, typer.Option("--once", help="End after the tables instead of waiting for Ctrl-C.")]
Directory = Annotated[Path, typer.Option("--directory", metavar="DIR", help="Folder for all that the demo writes.")]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Write a picture of the tables to this file, as SVG.")
]


@examples("servescope demo", "servescope demo --once --directory /tmp/demo")
def demo(port_base: PortBase = None, once: Once = False, directory: Directory = Path(".demo"), svg: Svg = None) -> None:
    """Train a small digit classifier, serve it with two workers, and show what the server measured."""
    from rich.console import Console

    from servescope.cli.demo.picture import Picture, check_picture

    if svg is not None:
        check_picture(svg, os.environ.get("PATH"))
    console, picture = Console(highlight=False), Picture()
    example = digits.example_folder()
    place = place_in(directory.resolve(), first_port(port_base))
    _make_models(console, example, place.folder)
    with running(place) as server, ExitStack() as stack:
        look = "" if once else f"; look at {place.metrics}/console"  # with --once it will be gone
        console.print(f"3. Server: process {server.pid} with two workers{look}", soft_wrap=True)
        _measure(console, server, place, picture)
        found = _alerts(console, place, stack, picture)
        if svg is not None:
            picture.write(svg)
        if not once:  # afterwards there is nothing to look at
            _addresses(console, place, found)
            _stay(console, server)


def _make_models(console: "Console", example: Path, folder: Path) -> None:
    """Train, and pack both models into the folder's store."""
    with console.status("Training on scikit-learn's digits …"):
        said = digits.train(example, folder)
    console.print(f"1. Model: {said}, {folder / 'model.pt'}", soft_wrap=True)
    archive = digits.pack(example, folder, folder / "store")
    drowsy.pack(folder / "store")
    console.print(f"2. Archive: {archive}", soft_wrap=True)


def _measure(console: "Console", server: subprocess.Popen[bytes], place: Place, picture: "Picture") -> None:
    """Send the held-out images and show how many were read rightly, and what the server says of it."""
    from rich.progress import Progress

    url = f"{place.inference}/predictions/{digits.NAME}"
    images = digits.held_out(place.folder / "heldout")
    with console.status("Waiting for the workers to load the model …"):
        wait_until_ready(server, place)
    digits.ask(url, images[: digits.CLIENTS], digits.CLIENTS, lambda: None)  # not measured: whatever is done once
    before = samples(place)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Sending the held-out images", total=len(images))
        answers = digits.ask(url, images, digits.CLIENTS, lambda: progress.advance(task))
    if answers.answered < answers.sent:
        failed = answers.sent - answers.answered
        raise digits.DemoError(f"{failed} of {answers.sent} images got no answer; see {place.folder}/logs")
    share = f"[bold]{answers.right / answers.sent:.1%}[/bold]"
    accuracy = f"Accuracy: {answers.right} of {answers.sent} held-out images read rightly, {share}\n"
    table = _red(before, samples(place), answers.elapsed_s)
    console.print(f"4. {accuracy}")
    console.print(table)
    picture.add(accuracy, table)


def _red(before: "Sequence[Sample]", after: "Sequence[Sample]", elapsed_s: float) -> "Table":
    from servescope.cli.red import red_rows
    from servescope.cli.tables import red_table

    # The model that is slowed later has had no requests yet.
    return red_table([row for row in red_rows(before, after, elapsed_s) if row.requests])


def _alerts(console: "Console", place: Place, stack: ExitStack, picture: "Picture") -> "Watchers | None":
    """Show alerts, from programs that run until `stack` closes; None, and a word about it, where there are none."""
    from servescope.cli.demo.alerts import show_alerts, watchers
    from servescope.cli.demo.alerts_table import alerts_table
    from servescope.cli.demo.programs import find_programs
    from servescope.cli.demo.rules import SPEED

    programs = find_programs(os.environ.get("PATH"))
    if isinstance(programs, str):
        console.print(f"5. Alerts: left out, since {programs}\n", soft_wrap=True)
        return None
    with console.status("Starting Prometheus and Alertmanager …"):
        found = stack.enter_context(watchers(programs, place.folder, place.metrics))
    quick = f"{SPEED} times as fast as it is written, so 5 minutes are {300 // SPEED} s"
    console.print(f"5. Alerts: what `servescope prometheus` writes, {quick}", soft_wrap=True)
    tracks = show_alerts(console, found, place.inference, place.folder)
    picture.add(alerts_table(tracks))
    console.print()
    return found


def _addresses(console: "Console", place: Place, found: "Watchers | None") -> None:
    image = digits.held_out(place.folder / "heldout")[0].path
    # The command as it was called, since `make demo` puts it on nobody's PATH.
    command = sys.argv[0] if Path(sys.argv[0]).name == "servescope" else "servescope"
    alerts = f"  {found.prometheus}/alerts\n  {found.alertmanager}/#/alerts\n" if found else ""
    console.print(
        "Look at\n"
        f"{alerts}"
        f"  {place.metrics}/console\n"
        f"  {place.metrics}/metrics\n"
        f"  {place.management}/models/{digits.NAME}\n"
        f"  {place.inference}/api-description\n"
        f"  curl -T {image} {place.inference}/predictions/{digits.NAME}\n"
        f"  TEMP={place.folder} {command} status",
        soft_wrap=True,
    )


def _stay(console: "Console", server: subprocess.Popen[bytes]) -> None:
    console.print("\nAll of it stays up. Ctrl-C ends it.")
    try:
        status = server.wait()
    except KeyboardInterrupt:
        return
    raise digits.DemoError(f"the server ended by itself with status {status}")
