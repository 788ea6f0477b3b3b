"""How a model is driven: in, what `command` has read; out, a `Live`. Used by `live`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from servescope.planner.load.lengths import Lengths


@dataclass(frozen=True)
class Live:
    """How the model is driven. `counts`: of workers, tried one after the other; empty: as many as there are. `lengths`: of a
    language model's requests; with them there are no payloads. `batches`: sizes, tried one after the other; empty: as it is.
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
    batches: Sequence[int] = ()

    @property
    def steps(self) -> int:
        """Counts of workers, at each batch size."""
        return len(self.counts) or 1

    @property
    def sizes(self) -> int:
        """Batch sizes."""
        return len(self.batches) or 1
