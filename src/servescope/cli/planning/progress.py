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
    """Something to tell: what is done, at which rate, from which part of the budget on."""
    if not sys.stderr.isatty():
        yield lambda doing, rate, share: mutter(f"{100 * share:3.0f} % {_words(doing, rate)}")
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("planning", total=1.0)
        yield lambda doing, rate, share: bar.update(task, completed=share, description=_words(doing, rate))


def part_of(tell: Tell, index: int, count: int) -> Tell:
    """The same, of which what is told is the part `index` of so many alike."""
    return lambda doing, rate, share: tell(doing, rate, (index + share) / count)


def _words(doing: str, rate: float | None) -> str:
    return doing if rate is None else f"{doing}: {rate:.3g} requests/s"
