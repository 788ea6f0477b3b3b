"""Which numbers are missing: in, signals as they were measured; out, the same with None for what cannot be true, and its names.

Missing are None, NaN, infinite and negative numbers, and shares of more than 1. What the model has no use for is not missed.
"""

from operator import attrgetter
from typing import NamedTuple

from msgspec.structs import replace

from servescope.autoscaler.guards.clock import MISSED
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Measured, Room, ServiceTimes, Signals

_NUMBERS = ("arrived", "finished", "late", "queued", "in_flight", "oldest_s", "waiting", "load_s", "idle_s")
_values = attrgetter(*_NUMBERS)
_ROUNDING = 0.01
# No count or time is as large as this, nor a service time as short.
_ABSURD = 1e12
_SHORTEST_S = 1e-9


class Numbers(NamedTuple):
    """`missing`: names of signals. `usable`: whether what is left says anything at all."""

    signals: Signals
    missing: tuple[str, ...]
    usable: bool


def checked(signals: Signals, options: PolicyOptions, workers: int) -> Numbers:
    """What of these can be believed. `workers`: how many there are if they do not say so."""
    old = not _valid(signals.age_s) or signals.age_s > MISSED * options.sample_s
    changed: dict[str, object] = {}
    missing = []
    for name, value in zip(_NUMBERS, _values(signals), strict=True):
        if old or value is None or not 0 <= value < _ABSURD:  # as `_valid`, nine times a second and model
            if value is not None:
                changed[name] = None
            if _wanted(name, value, options):
                missing.append(name)
    for name in ("kv_cache", "gpu"):
        told = getattr(signals, name)
        shares = _shares(told, old) if told else told
        if shares is not told:
            changed[name] = shares
        if (shares is None or None in shares) and (name != "gpu" or options.gpu_target is not None):
            missing.append(name)
    if signals.service is not None and (old or not _true(signals.service)):
        changed["service"] = None
        missing.append("service")
    counted = _count(signals, workers, changed)
    if not counted:
        missing.append("workers")
    believed = replace(signals, **changed) if changed else signals
    return Numbers(believed, tuple(missing), counted and _usable(believed, options))


def _count(signals: Signals, workers: int, changed: dict[str, object]) -> bool:
    """Whether the workers are known. What else is counted of them is put right."""
    counted = _valid(signals.workers) and _valid(signals.starting)
    if not counted:
        changed["workers"], changed["starting"] = workers, 0
    if not _valid(signals.failed_starts):
        changed["failed_starts"] = 0
    room = signals.room
    if room is not None and not _valid(room.more):
        changed["room"] = Room(0, room.scarcest) if room.more < 0 else None
    return counted


class Totals(NamedTuple):
    """The counters as they were known last. None: they never were."""

    arrived: float | None = None
    finished: float | None = None
    late: float | None = None

    def after(self, signals: Signals) -> "Totals":
        """With what is known now."""
        return Totals(
            self.arrived if signals.arrived is None else signals.arrived,
            self.finished if signals.finished is None else signals.finished,
            self.late if signals.late is None else signals.late,
        )

    def fell(self, before: "Totals") -> bool:
        """Whether one is lower than it was: somebody began to count anew."""
        return (
            _fell(self.arrived, before.arrived)
            or _fell(self.finished, before.finished)
            or _fell(self.late, before.late)
        )


def measured(
    signals: Signals, totals: Totals, service: ServiceTimes | None, load_s: float, objective: bool
) -> Measured | None:
    """What the policy can do with: the arrivals must be known. What else is missing is taken for as little as it can be; nothing is
    taken away meanwhile. Without an objective nothing can be late.
    """
    late = totals.late if objective else 0.0
    if signals.arrived is None or totals.finished is None or late is None:
        return None
    return Measured(
        signals.at,
        signals.arrived,
        totals.finished,
        late,
        signals.queued or 0,
        signals.workers,
        signals.starting,
        service,
        load_s,
    )


def _fell(value: float | None, before: float | None) -> bool:
    return value is not None and before is not None and value < before


def _wanted(name: str, value: float | None, options: PolicyOptions) -> bool:
    """Whether it is a loss that this is not known."""
    if name == "late":
        return options.objective_s > 0
    if name == "idle_s":
        return options.to_zero_after_s is not None
    return name != "load_s" or value is not None


def _valid(value: float | None) -> bool:
    return value is not None and 0 <= value < _ABSURD  # which NaN is not either


def _shares(shares: tuple[float | None, ...], old: bool) -> tuple[float | None, ...] | None:
    if old:
        return None
    return tuple(min(1.0, share) if share is not None and 0 <= share <= 1.0 + _ROUNDING else None for share in shares)


def _true(service: ServiceTimes) -> bool:
    times = service.quantiles_s
    return bool(times) and min(times) >= 0 and _valid(service.total_s) and _SHORTEST_S <= service.mean_s < _ABSURD


def _usable(signals: Signals, options: PolicyOptions) -> bool:
    flows = (signals.arrived, signals.queued, signals.in_flight)
    shares = (*(signals.kv_cache or ()), *((signals.gpu or ()) if options.gpu_target is not None else ()))
    return any(number is not None for number in (*flows, *shares))
