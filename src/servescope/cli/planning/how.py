"""How a model is driven: in, what `command` has read; out, a `Live`. Used by `live`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servescope.planner.load.lengths import Lengths


@dataclass(frozen=True)
class Live:
    """How the model is driven. `counts`: of workers, tried one after the other; empty: as many as there are. `lengths`: of a
    language model's requests; with them there are no payloads.
    """

    payloads: Sequence[Path]
    version: str | None
    budget_s: float
    counts: Sequence[int] = ()
    yes: bool = False
    shadow: bool = False
    path: str | None = None
    seed: int = 1
    lengths: Sequence[Lengths] = ()
