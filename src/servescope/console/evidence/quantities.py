"""Every quantity that findings compare, by its name. Each is worked out once for a moment, and only if somebody asks."""

from collections.abc import Callable, Mapping
from typing import Final

from servescope.console.evidence.gathered import Gathered
from servescope.console.evidence.machine import MACHINE
from servescope.console.evidence.models import MODELS
from servescope.console.evidence.slo import SLO
from servescope.findings.judge import Table

QUANTITIES: Final[Mapping[str, Callable[[Gathered], Table]]] = {**MODELS, **SLO, **MACHINE}


def reader(gathered: Gathered) -> Callable[[str], Table]:
    """What asks for them at this moment."""
    known: dict[str, Table] = {}

    def read(name: str) -> Table:
        if name not in known:
            known[name] = QUANTITIES[name](gathered)
        return known[name]

    return read
