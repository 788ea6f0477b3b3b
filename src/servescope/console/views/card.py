"""One model version in short: in, what is measured of it; out, its card on the overview, with which its own page begins too."""

from typing import Any, Final

from servescope.console.history.kept import DURATIONS, REQUESTS, WORKERS, Track
from servescope.console.history.memory import WINDOW_S, Memory
from servescope.console.history.readings import Stretch, last
from servescope.console.views.lines import Lines, total_rate
from servescope.metrics.definitions import STAGES
from servescope.metrics.snapshot import Snapshot
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.survey import standing_of

PERCENTILES: Final = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
_HOUR_S: Final = 3600.0


def card(model: Model, catalog: Catalog, memory: Memory, snapshot: Snapshot, lines: Lines) -> dict[str, Any]:
    """See the module. `lines`: of the last ten minutes."""
    track = (model.name, model.version)
    recent = last(memory.hour, track, WINDOW_S)
    return {
        "name": model.name,
        "version": model.version,
        "default": catalog.is_default(model),
        "state": str(standing_of(model)),
        "language_model": bool(model.pool.served),
        **rates(recent),
        "stages": stages(recent),
        "queue": {
            "depth": snapshot.number("servescope_queue_depth", *track),
            "capacity": snapshot.number("servescope_queue_capacity", *track),
            "oldest_s": snapshot.number("servescope_queue_oldest_seconds", *track),
        },
        "in_flight": snapshot.number("servescope_requests_in_flight", *track),
        "in_flight_oldest_s": snapshot.number("servescope_in_flight_oldest_seconds", *track),
        "workers": _workers(track, snapshot),
        "objectives": _objectives(track, memory, snapshot),
        "counts": _counts(track, snapshot),
        "lines": lines.of(track),
        "llm": language_model(track, recent, snapshot) if model.pool.served else None,
    }


def rates(stretch: Stretch) -> dict[str, float | None]:
    """Requests, errors and percentiles of a stretch."""
    requests, failed = stretch.requests(), stretch.total("requests", "5xx")
    return {
        "rate": total_rate(stretch),
        "error_rate": stretch.rate(("requests", "5xx")),
        "error_ratio": failed / requests if requests else None,
        **percentiles(stretch, "duration"),
    }


def percentiles(stretch: Stretch, name: str) -> dict[str, float | None]:
    """A histogram's, by their names."""
    shares = dict(PERCENTILES)
    return dict(zip(shares, stretch.quantiles(name, *shares.values()), strict=True))


def stages(stretch: Stretch) -> dict[str, float | None]:
    """The mean seconds of a request in each stage, of those that were taken into the queue: the refused spend no time anywhere."""
    queued = stretch.total("queued")
    return {stage: stretch.total("stage", stage) / queued if queued else None for stage in STAGES}


def _workers(track: Track, snapshot: Snapshot) -> dict[str, Any]:
    states = {key[2]: int(value) for key, value in snapshot.of_model(WORKERS, *track).items()}
    named = {name: snapshot.number(f"servescope_workers_{name}", *track) for name in ("wanted", "min", "max")}
    return {"states": states, **named}


def _objectives(track: Track, memory: Memory, snapshot: Snapshot) -> list[dict[str, Any]]:
    hour = last(memory.hour, track, _HOUR_S)
    found = []
    for key, target in snapshot.of_model("servescope_slo_target_ratio", *track).items():
        slo = key[2]
        requests, good = hour.total("slo", slo), hour.total("slo_good", slo)
        missed = 1 - good / requests if requests else None
        found.append({
            "slo": slo,
            "target": target,
            "threshold_s": snapshot.number("servescope_slo_threshold_seconds", *key),
            "requests": requests,
            "good": good,
            "good_ratio": None if missed is None else 1 - missed,
            "budget_left": None if missed is None or target >= 1 else 1 - missed / (1 - target),
            "requests_total": snapshot.number("servescope_slo_requests_total", *key),
            "good_total": snapshot.number("servescope_slo_good_total", *key),
        })  # fmt: skip
    return found


def _counts(track: Track, snapshot: Snapshot) -> dict[str, Any]:
    """Since the series began: what a scrape says at this moment. None where a metrics.yaml leaves the family out."""
    by_code: dict[str, float] = {}
    family = snapshot.families.get(REQUESTS)
    for key, value in snapshot.of_model(REQUESTS, *track).items():
        if family is not None and value:
            code = key[family.place("code")]
            by_code[code] = by_code.get(code, 0.0) + value
    answered = snapshot.histogram(DURATIONS, *track, "ok")
    return {
        "requests_total": None if family is None else sum(by_code.values()),
        "by_code": dict(sorted(by_code.items())),
        "duration_count": None if answered is None else answered.count,
        "duration_sum": None if answered is None else answered.sum,
    }


def language_model(track: Track, recent: Stretch, snapshot: Snapshot) -> dict[str, Any]:
    """What a language model's figures are."""

    def of_workers(name: str) -> list[float]:
        return list(snapshot.of_model(name, *track).values())

    kinds = ("prompt", "cached_prompt", "generation")
    finished = snapshot.of_model("servescope_llm_finished_total", *track).items()
    return {
        "ttft": percentiles(recent, "ttft"),
        "itl": percentiles(recent, "itl"),
        "tokens_per_s": {kind: recent.rate(("tokens", kind)) for kind in kinds},
        "running": sum(of_workers("servescope_llm_requests_running")),
        "waiting": sum(of_workers("servescope_llm_requests_waiting")),
        "kv_cache_ratio": max(of_workers("servescope_llm_kv_cache_usage_ratio"), default=None),
        "preemptions_total": sum(of_workers("servescope_llm_preemptions_total")),
        "finished": {key[2]: value for key, value in finished},
    }
