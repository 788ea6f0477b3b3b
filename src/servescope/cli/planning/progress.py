"""How far a plan is: in, what is done and the part of the budget; out, a bar on standard error, or a line a load where that is
no terminal. Called by `command`.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from servescope.cli.voice import mutter
from servescope.planner.search.search import Tell


@contextmanager
def progress() -> Iterator[Tell]:
    """Something to tell."""
    if not sys.stderr.isatty():
        yield lambda doing, rate, share: mutter(f"{100 * share:3.0f} % {doing}: {rate:.3g} requests/s")
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("planning", total=1.0)
        yield lambda doing, rate, share: bar.update(
            task, completed=share, description=f"{doing}: {rate:.3g} requests/s"
        )
