"""Quantities of objectives: what was asked and what missed in the last hour and the last minutes, and how much is too much."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from servescope.console.evidence.gathered import Gathered
from servescope.console.history.readings import Stretch
from servescope.findings.judge import Table
from servescope.findings.rules.slo import paces
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.definitions import SLOS

_WINDOWS: Final = {"1h": 3600.0, "5m": 300.0}
_MODEL: Final = ("model_name", "model_version")


def _asked(slo: str, stretch: Stretch) -> float:
    return stretch.total("slo", slo)


def _failed(slo: str, stretch: Stretch) -> float:
    return max(0.0, stretch.total("slo", slo) - stretch.total("slo_good", slo))


def _missed(slo: str, stretch: Stretch) -> float | None:
    asked = _asked(slo, stretch)
    return _failed(slo, stretch) / asked if asked else None


def _lately(window: str, read: Callable[[Stretch], float | None], gathered: Gathered) -> Table:
    return gathered.lately(_WINDOWS[window], read)


def _burning(slo: str, gathered: Gathered) -> Table:
    """The share of requests above which the budget burns too fast, of each model that promises this."""
    thresholds = Thresholds()
    fast, *_ = paces(thresholds)
    targets = gathered.now("servescope_slo_target_ratio", *_MODEL, where=("slo", slo))
    return {one: min((1 - target) * fast.burn_rate, thresholds.total_failure_ratio) for one, target in targets.items()}


def _all() -> dict[str, Callable[[Gathered], Table]]:
    found: dict[str, Callable[[Gathered], Table]] = {}
    for slo in SLOS:
        found[f"burning_{slo}"] = partial(_burning, slo)
        found[f"asked_1h_{slo}"] = partial(_lately, "1h", partial(_asked, slo))
        found[f"failed_1h_{slo}"] = partial(_lately, "1h", partial(_failed, slo))
        for window in _WINDOWS:
            found[f"missed_{window}_{slo}"] = partial(_lately, window, partial(_missed, slo))
    return found


SLO: Final[Mapping[str, Callable[[Gathered], Table]]] = _all()
