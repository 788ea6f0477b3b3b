"""The lines on the cards: in, the ring of the last hour; out, ten minutes of it as columns; only what is new is worked out.

A step that is over does not change, until a clock was set back and it is written again: its values are kept while they are shown.
Used by `card`; its readers by `past` too.
"""

from collections.abc import Callable
from typing import Any, Final

from servescope.console.history.kept import Track
from servescope.console.history.readings import Stretch
from servescope.console.history.ring import Ring

STEPS: Final = 120
Reader = Callable[[Stretch], float | None]


def moment(stretch: Stretch) -> float:
    """When it ends, in seconds since 1970."""
    return stretch.steps[-1] * stretch.ring.step_s


def total_rate(stretch: Stretch) -> float | None:
    """Requests a second."""
    return stretch.rate(*[("requests", which) for which in stretch.totals("requests")])


LINES: dict[str, Reader] = {
    "rate": total_rate,
    "error_rate": lambda piece: piece.rate(("requests", "5xx")),
    "p99": lambda piece: piece.quantile("duration", 0.99),
    "queue": lambda piece: piece.most("queue"),
    "workers": lambda piece: piece.most("workers"),
}


class Lines:
    """Of all models."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._known: dict[Track, dict[int, dict[str, float | None]]] = {}
        self._latest = ring.latest

    def of(self, track: Track) -> dict[str, list[Any]]:
        """One model version's, from the first step on that the server was there for."""
        ring = self._ring
        if ring.latest < self._latest:
            self._known = {}
        self._latest = ring.latest
        known = self._known.get(track, {})
        there = [step for step in ring.steps(STEPS) if ring.has(step)]
        shown = (
            {step: known.get(step) or self._worked_out(track, step) for step in range(there[0], ring.latest + 1)}
            if there
            else {}
        )
        self._known[track] = shown
        columns = {name: [values[name] for values in shown.values()] for name in LINES}
        return {"at": [step * ring.step_s for step in shown]} | columns

    def forget(self, tracks: set[Track]) -> None:
        """Keep those of these models alone."""
        self._known = {track: known for track, known in self._known.items() if track in tracks}

    def _worked_out(self, track: Track, step: int) -> dict[str, float | None]:
        piece = Stretch(self._ring, track, (step,))
        return {name: read(piece) for name, read in LINES.items()}
