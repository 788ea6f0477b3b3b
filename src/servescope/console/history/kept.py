"""What is kept of a snapshot: in, families; out, two tables a track, one of what only grows and one of what goes up and down.

A track is a model version, or HOST. A column is a name and, of a histogram, the bucket's upper bound, or of a counter a label's
value. Called by `memory` for every step; docs/console.md lists the columns for people.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from servescope.metrics.snapshot import FamilyState, HistogramState, Snapshot

Track = tuple[str, str]
Column = tuple[str, str | float]

HOST: Final[Track] = ("", "")
# The label in which a track's own values are told apart; of the requests they are put together by their class.
COUNTERS: Final = {
    "servescope_rejected_total": ("rejected", "reason"),
    "servescope_worker_restarts_total": ("restarts", "reason"),
    "servescope_slo_requests_total": ("slo", "slo"),
    "servescope_slo_good_total": ("slo_good", "slo"),
    "servescope_llm_tokens_total": ("tokens", "kind"),
    "servescope_llm_preemptions_total": ("preemptions", ""),
    "servescope_worker_busy_seconds_total": ("busy", ""),
}
HISTOGRAMS: Final = {
    "servescope_batch_size": "batch",
    "servescope_llm_time_to_first_token_seconds": "ttft",
    "servescope_llm_inter_token_seconds": "itl",
}
MEANS: Final = ("duration", "batch")
# name, and how those of several workers become one.
GAUGES: Final = {
    "servescope_queue_depth": ("queue", "max"),
    "servescope_queue_oldest_seconds": ("oldest", "max"),
    "servescope_requests_in_flight": ("in_flight", "max"),
    "servescope_workers_wanted": ("wanted", "max"),
    "servescope_llm_requests_running": ("running", "sum"),
    "servescope_llm_requests_waiting": ("waiting", "sum"),
    "servescope_llm_kv_cache_usage_ratio": ("kv_cache", "max"),
}
ABLE: Final = ("ready", "busy")
GIVEN_UP: Final = ("408", "499")
REQUESTS: Final = "servescope_requests_total"
DURATIONS: Final = "servescope_request_duration_seconds"
STAGES: Final = "servescope_request_stage_seconds"
WORKERS: Final = "servescope_workers"


class Sample(Struct, frozen=True):
    """One track now. `counters` only grow, `gauges` do not. `bounds`: of histograms, by name."""

    counters: dict[Column, float] = field(default_factory=lambda: defaultdict(float))
    gauges: dict[Column, float] = field(default_factory=dict)
    bounds: dict[str, tuple[float, ...]] = field(default_factory=dict)


def reading(snapshot: Snapshot, found: dict[Track, Sample]) -> Iterator[None]:
    """Every track's sample, by its model and version, into `found`: family by family, with others let run in between."""
    samples: defaultdict[Track, Sample] = defaultdict(Sample)
    for family in snapshot.families.values():
        if family.labels[:2] == ("model_name", "model_version"):
            _read_model(family, samples)
            yield
    found.update(samples)


def _read_model(family: FamilyState, found: Mapping[Track, Sample]) -> None:
    if family.name == REQUESTS:
        _read_requests(family, found)
    elif family.name == WORKERS:
        _read_workers(family, found)
    elif family.kind == "histogram":
        _read_histograms(family, found)
    elif family.name in COUNTERS:
        name, label = COUNTERS[family.name]
        for track, value, which in _numbers(family, label):
            found[track].counters[name, which] += value
    elif family.name in GAUGES:
        _read_gauges(family, found)


def _numbers(family: FamilyState, label: str) -> Iterator[tuple[Track, float, str]]:
    place = family.place(label) if label else -1
    for values, value in family.numbers.items():
        yield (values[0], values[1]), value, values[place] if label else ""


def _read_requests(family: FamilyState, found: Mapping[Track, Sample]) -> None:
    """By class of their code; those that waited in vain besides, and those that were told that there is no such thing."""
    for track, value, code in _numbers(family, "code"):
        counters = found[track].counters
        counters["requests", f"{code[:1]}xx"] += value
        if code in GIVEN_UP:
            counters["given_up", ""] += value


def _read_workers(family: FamilyState, found: Mapping[Track, Sample]) -> None:
    for track, value, state in _numbers(family, "state"):
        gauges = found[track].gauges
        gauges["workers", ""] = gauges.get(("workers", ""), 0.0) + (value if state in ABLE else 0.0)


def _read_gauges(family: FamilyState, found: Mapping[Track, Sample]) -> None:
    name, how = GAUGES[family.name]
    for track, value, _ in _numbers(family, ""):
        gauges = found[track].gauges
        before = gauges.get((name, ""), 0.0)
        gauges[name, ""] = before + value if how == "sum" else max(before, value)


def _read_histograms(family: FamilyState, found: Mapping[Track, Sample]) -> None:
    for values, state in family.histograms.items():
        sample = found[values[0], values[1]]
        counters = sample.counters
        if family.name == STAGES:
            counters["stage", values[2]] += state.sum
            if values[2] == "queue":
                counters["queued", ""] += state.count
        elif family.name == DURATIONS and values[2] == "ok":
            put(sample, "duration", state)
        elif family.name in HISTOGRAMS:
            put(sample, HISTOGRAMS[family.name], state)


def put(sample: Sample, name: str, state: HistogramState) -> None:
    """A histogram as columns: its buckets by their upper bounds, and its sum, where its mean is shown."""
    counters = sample.counters
    sample.bounds[name] = state.bounds
    for bound, count in zip((*state.bounds, math.inf), state.counts, strict=True):
        counters[name, bound] += count
    if name in MEANS:
        counters[f"{name}_sum", ""] += state.sum
