"""How much work a pod has, in PromQL: in, whether workers have several requests in hand; out, KEDA's query and the adapter's.

Both ask for requests in hand a worker. Of workers that take one request at a time that is how many are busy, by the rate of their
counters, which knows what happened between two scrapes, and what waits; of others, what is in flight. Of a pod that was scraped
once there is no rate yet, and what is in flight stands in. Of several models it is the one that has most.
"""

from dataclasses import dataclass, replace
from typing import Final

from servescope.operate.promql import (
    Expression,
    Matcher,
    Selector,
    avg_by,
    avg_over_time,
    clamp_min,
    differs,
    equal,
    last_over_time,
    max_by,
    metric,
    rate,
    sum_by,
)

# What the operator's scrape configuration puts on all series, and `monitor` on top of it.
DEPLOYMENT: Final = "deployment"
_ADDED: Final = frozenset({"namespace", "pod", DEPLOYMENT})
_WINDOW: Final = "1m"
_MODEL: Final = ("model_name", "model_version")
_POD: Final = ("pod", *_MODEL)
_WANTED: Final = "servescope_workers_wanted"
# The adapter fills in which pods, and by what: it is written so where there is nothing to fill in.
_PODS: Final = equal("namespace", "pods"), equal("pod", "pods")
_PODS_TEXT: Final = ",".join(map(str, _PODS))


@dataclass(frozen=True, slots=True)
class AdapterQuery:
    """prometheus-adapter's words: which series say that a pod has the metric, and the query, a template."""

    series: str
    family: str
    query: str


def work_query(namespace: str, deployment: str, *, several_at_once: bool) -> Expression:
    """Work of all pods in pods' worth: requests in hand over the workers of one pod. Exactly one element, while one pod is scraped.

    Without any model it is 0; where Prometheus has lost all pods it has no element, which is not the same.
    """
    pods = equal("namespace", namespace), equal(DEPLOYMENT, deployment)
    work = sum_by(_in_hand(pods, several_at_once), *_MODEL) / avg_by(_workers(pods), *_MODEL)
    idle = 0 * max_by(last_over_time(_series("servescope_build_info", pods), _WINDOW))
    return max_by(work).or_else(idle)


def adapter_query(*, several_at_once: bool) -> AdapterQuery:
    """Requests in hand a worker, pod by pod."""
    work = max_by(_in_hand(_PODS, several_at_once) / max_by(_workers(_PODS), *_POD), "pod")
    text = str(work).replace(_PODS_TEXT, "<<.LabelMatchers>>")
    series = _series(_WANTED, tuple(differs(label, "") for label in ("namespace", "pod", DEPLOYMENT)))
    return AdapterQuery(str(series), _WANTED, text.replace("by (pod", "by (<<.GroupBy>>"))


def metric_name(*, several_at_once: bool) -> str:
    """What the custom metrics API calls it."""
    return "servescope_in_flight_per_worker" if several_at_once else "servescope_work_per_worker"


def _in_hand(pods: tuple[Matcher, ...], several_at_once: bool) -> Expression:
    in_flight = _series("servescope_requests_in_flight", pods)
    if several_at_once:
        return sum_by(avg_over_time(in_flight, _WINDOW), *_POD)
    busy = sum_by(rate(_series("servescope_worker_busy_seconds_total", pods), _WINDOW), *_POD)
    waiting = sum_by(avg_over_time(_series("servescope_queue_depth", pods), _WINDOW), *_POD)
    return (busy + waiting).or_else(sum_by(in_flight.now, *_POD))


def _workers(pods: tuple[Matcher, ...]) -> Expression:
    """Those that a pod should have; one that failed is no reason to ask the others for more."""
    return clamp_min(last_over_time(_series(_WANTED, pods), _WINDOW), 1)


def _series(family: str, matchers: tuple[Matcher, ...]) -> Selector:
    found = metric(family)
    return replace(found, labels=found.labels | _ADDED).where(*matchers)
