"""Quantities of the machine and of the server as a whole."""

from collections.abc import Callable, Mapping
from typing import Final

from servescope.console.evidence.gathered import Gathered
from servescope.console.history.host import GPU_TOTAL, GPU_USED, memory_ratio
from servescope.findings.judge import Table, subject

_TEN_S: Final = 600.0
_QUARTER_S: Final = 900.0
_SERVER: Final = subject()


def _memory(gathered: Gathered) -> Table:
    share = memory_ratio(gathered.snapshot)
    return {} if share is None else {_SERVER: share}


def _gpu_memory(gathered: Gathered) -> Table:
    labels = ("device", "name")
    total = gathered.now(GPU_TOTAL, *labels)
    return {one: used / total[one] for one, used in gathered.now(GPU_USED, *labels).items() if total.get(one)}


def _disk(gathered: Gathered) -> Table:
    labels = ("mount", "directories")
    used, left = (gathered.now(f"servescope_disk_{what}_bytes", *labels) for what in ("used", "available"))
    return {one: size / (size + left[one]) for one, size in used.items() if one in left and size + left[one]}


def _unknown(gathered: Gathered) -> Table:
    """A handler may answer 404 as well: what the models' own counters have of that code is taken off."""
    recent = gathered.machine(_TEN_S)
    return {_SERVER: max(0.0, recent.total("not_found") - recent.total("own_not_found"))}


def _unknown_ratio(gathered: Gathered) -> Table:
    every = gathered.machine(_TEN_S).total("predictions")
    return {_SERVER: _unknown(gathered)[_SERVER] / every} if every else {}


def _dropped(gathered: Gathered) -> Table:
    grown = gathered.machine(_QUARTER_S).totals("dropped").items()
    return {subject(family=str(family)): number for family, number in grown if number}


def _lost_lines(gathered: Gathered) -> Table:
    grown = gathered.machine(_QUARTER_S).totals("lost_lines").items()
    return {subject(log=str(log)): number for log, number in grown if number}


def _front_ends(gathered: Gathered) -> Table:
    restarts = gathered.machine(_QUARTER_S).total("front_end_restarts")
    return {_SERVER: restarts} if restarts else {}


MACHINE: Final[Mapping[str, Callable[[Gathered], Table]]] = {
    "memory": _memory,
    "gpu_memory": _gpu_memory,
    "disk": _disk,
    "unknown_10m": _unknown,
    "unknown_ratio": _unknown_ratio,
    "models_missing": lambda gathered: gathered.now("servescope_models_missing", "model_name", "reason"),
    "collector_success": lambda gathered: gathered.now("servescope_collector_success", "collector"),
    "front_end_restarts_15m": _front_ends,
    "series_dropped_15m": _dropped,
    "lost_lines_15m": _lost_lines,
}
