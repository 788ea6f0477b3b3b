"""Quantities of models: their requests, queues, workers and autoscaler."""

from collections.abc import Callable, Mapping
from typing import Final

from servescope.console.evidence.gathered import Gathered, of
from servescope.console.history.kept import ABLE, WORKERS
from servescope.console.history.memory import numbers
from servescope.console.history.readings import Stretch, last
from servescope.findings.judge import Subject, Table, subject

_FIVE_S: Final = 300.0
_TEN_S: Final = 600.0
_QUARTER_S: Final = 900.0
_ANSWERED_S: Final = 120.0
_MODEL: Final = ("model_name", "model_version")
_MODES: Final = "servescope_autoscaler_mode"
_WITHHELD: Final = "servescope_autoscaler_withheld_workers"


def _refused(stretch: Stretch) -> float:
    return stretch.total("rejected", "queue_full") + stretch.total("rejected", "no_worker")


def _failed(stretch: Stretch) -> float:
    return stretch.total("requests", "5xx")


def _given_up(stretch: Stretch) -> float:
    return stretch.total("given_up")


def _share(part: Callable[[Stretch], float]) -> Callable[[Stretch], float | None]:
    """Of all requests; None where there were none."""

    def read(stretch: Stretch) -> float | None:
        requests = stretch.requests()
        return part(stretch) / requests if requests else None

    return read


def _lately(seconds: float, read: Callable[[Stretch], float | None]) -> Callable[[Gathered], Table]:
    return lambda gathered: gathered.lately(seconds, read)


def _now(family: str, where: tuple[str, str] | None = None) -> Callable[[Gathered], Table]:
    return lambda gathered: gathered.now(family, *_MODEL, where=where)


def _queue_fill(gathered: Gathered) -> Table:
    room = gathered.now("servescope_queue_capacity", *_MODEL)
    depth = gathered.now("servescope_queue_depth", *_MODEL)
    return {one: waiting / room[one] for one, waiting in depth.items() if room.get(one)}


def _able(gathered: Gathered) -> Table:
    """Those that can work; a model that sleeps, or wakes, lacks none."""
    found: dict[Subject, float] = {}
    for (name, version, state), number in numbers(gathered.snapshot, WORKERS).items():
        one = of((name, version))
        found[one] = found.get(one, 0.0) + (number if state in (*ABLE, "asleep", "waking") else 0.0)
    return found


def _lacking(gathered: Gathered) -> Table:
    able, least = _able(gathered), gathered.now("servescope_workers_min", *_MODEL)
    return {one: number - able[one] for one, number in least.items() if one in able}


def _restarts_by_reason(gathered: Gathered) -> Table:
    found = {}
    for track in gathered.tracks():
        for reason, number in last(gathered.memory.hour, track, _QUARTER_S).totals("restarts").items():
            found[of(track) | subject(reason=str(reason))] = number
    return found


def _held(gathered: Gathered) -> Table:
    """For how long every worker has been at one batch, where nobody was answered and no token came meanwhile."""
    at_it: dict[Subject, float] = {}
    for (name, version, _), seconds in numbers(gathered.snapshot, "servescope_worker_batch_seconds").items():
        one = of((name, version))
        at_it[one] = min(seconds, at_it.get(one, seconds))

    def answered(stretch: Stretch) -> float:
        return stretch.total("requests", "2xx") + stretch.total("tokens", "generation")

    # In so many seconds as it has lasted, two minutes at most: sooner, a finished request says nothing against it.
    found = {}
    for track in gathered.tracks():
        seconds = at_it.get(of(track), 0.0)
        if seconds > 0 and not answered(last(gathered.memory.hour, track, min(seconds, _ANSWERED_S))):
            found[of(track)] = seconds
    return found


def _acting(gathered: Gathered) -> Table:
    return gathered.now(_MODES, *_MODEL, where=("mode", "act"))


def _withheld_beyond(gathered: Gathered) -> Table:
    every = gathered.now(_WITHHELD, *_MODEL, "bound")
    return {one: number for one, number in every.items() if ("bound", "max") not in one}


MODELS: Final[Mapping[str, Callable[[Gathered], Table]]] = {
    "requests_5m": _lately(_FIVE_S, Stretch.requests),
    "failed_5m": _lately(_FIVE_S, _failed),
    "failed_ratio_5m": _lately(_FIVE_S, _share(_failed)),
    "refused_5m": _lately(_FIVE_S, _refused),
    "refused_ratio_5m": _lately(_FIVE_S, _share(_refused)),
    "given_up_10m": _lately(_TEN_S, _given_up),
    "given_up_ratio_10m": _lately(_TEN_S, _share(_given_up)),
    "p99_5m": _lately(_FIVE_S, lambda stretch: stretch.quantile("duration", 0.99)),
    "promised_latency": _now("servescope_slo_threshold_seconds", ("slo", "latency")),
    "latency_target": _now("servescope_slo_target_ratio", ("slo", "latency")),
    "queue_fill": _queue_fill,
    "queue_oldest": _now("servescope_queue_oldest_seconds"),
    "waking": _now(WORKERS, ("state", "waking")),
    "in_flight_oldest": _now("servescope_in_flight_oldest_seconds"),
    "held": _held,
    "restarts_15m": _lately(_QUARTER_S, lambda stretch: sum(stretch.totals("restarts").values())),
    "restarts_by_reason_15m": _restarts_by_reason,
    "able": _able,
    "lacking": _lacking,
    "least_workers": _now("servescope_workers_min"),
    "most_workers": _now("servescope_workers_max"),
    "applied": _now("servescope_autoscaler_applied_workers"),
    "acting": _acting,
    "input_age": _now("servescope_autoscaler_input_age_seconds"),
    "withheld_by_max": _now(_WITHHELD, ("bound", "max")),
    "withheld_beyond": _withheld_beyond,
    "kv_cache": _lately(_FIVE_S, lambda stretch: stretch.most("kv_cache")),
    "preempting": _lately(_FIVE_S, lambda stretch: stretch.total("preemptions")),
}
