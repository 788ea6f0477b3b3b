"""A workflow's requests and its nodes' attempts become series, from its registration until a while after its end."""

import pytest

from metrics.series import family, series
from servescope.metrics.definitions import ATTEMPT_OUTCOMES
from servescope.metrics.recording.recorder import KEPT_S, Recorder
from servescope.metrics.recording.workflows.recorder import WorkflowOutcome
from servescope.metrics.registry import Registry

NODES = "servescope_workflow_node_seconds"
ATTEMPTS = "servescope_workflow_node_attempts_total"
REQUESTS = "servescope_requests_total"


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def recorder(clock):
    return Recorder(Registry(), "h", clock)


def registry(recorder):
    return recorder._registry


def outcome(code=200, **changes):
    fields = {
        "way": ("POST", "/wfpredict/{workflow_name}"),
        "code": code,
        "answered": code != 499,
        "arrived": 10.0,
        "ended": 12.0,
        "stages": {"queue": 0.5, "handler": 1.25, "respond": 0.25},
        "nodes": {"b": 1.5, "a": 0.5},
        "received_bytes": 3,
        "sent_bytes": 5,
        "request_id": "r",
        "trace_id": "",
    }
    return WorkflowOutcome(**(fields | changes))


def test_from_its_registration_on(recorder):
    """All is there, at zero: rates and alerts work before the first request."""
    recorder.workflows.begin("w", ("a", "b"))
    found = series(registry(recorder), ATTEMPTS)
    assert found == {("w", "workflow", node, outcome): 0.0 for node in "ab" for outcome in ATTEMPT_OUTCOMES}
    assert {key[3] for key in series(registry(recorder), REQUESTS)} == {"workflow"}
    assert series(registry(recorder), "servescope_requests_in_flight") == {("w", "workflow"): 0.0}


def test_a_request(recorder):
    """Once in each family, with its stages and its nodes; and once on its port."""
    made = recorder.workflows.begin("w", ("a", "b"))
    made.arrived()
    made.arrived()
    made.finished(outcome())
    assert series(registry(recorder), "servescope_requests_in_flight") == {("w", "workflow"): 1.0}
    assert series(registry(recorder), REQUESTS)["w", "workflow", "rest", "workflow", "200"] == 1.0
    http = series(registry(recorder), "servescope_http_requests_total")
    assert http == {("inference", "POST", "/wfpredict/{workflow_name}", "200"): 1.0}
    sums = {}
    for name in (NODES, "servescope_request_stage_seconds", "servescope_request_duration_seconds"):
        for labels, one in family(registry(recorder), name).series.items():
            one.fold()
            if one.count:
                sums[labels[-1]] = one.sum
    assert sums == {"a": 0.5, "b": 1.5, "queue": 0.5, "handler": 1.25, "respond": 0.25, "ok": 2.0}


def test_refusals(recorder):
    """Those that came to no node: with their code, and the reason."""
    made = recorder.workflows.begin("w", ("a",))
    made.refused(413, 10.0, 11.0, 99)
    made.refused(408, 10.0, 11.0, 1)
    made.rejected("draining")
    found = series(registry(recorder), REQUESTS)
    assert [found["w", "workflow", "rest", "workflow", code] for code in ("413", "408")] == [1.0, 1.0]
    reasons = {key[2]: value for key, value in series(registry(recorder), "servescope_rejected_total").items()}
    assert reasons == {"too_large": 1.0, "client_timeout": 1.0, "draining": 1.0}


def test_after_its_end(recorder, clock):
    """Gauges go at once, counts a while later; one that comes back before counts on, but for nodes that it has no more."""
    made = recorder.workflows.begin("w", ("a", "b"))
    made.attempted("a", "ok")
    recorder.workflows.forget("w")
    assert series(registry(recorder), "servescope_requests_in_flight") == {}
    again = recorder.workflows.begin("w", ("b", "a"))
    again.attempted("a", "ok")
    assert series(registry(recorder), ATTEMPTS)["w", "workflow", "a", "ok"] == 2.0
    again.rejected("draining")
    again.refused(413, 10.0, 11.0, 99)
    recorder.workflows.forget("w")
    other = recorder.workflows.begin("w", ("b", "c"))
    other.attempted("c", "failed")
    made.attempted("a", "ok")  # of a request that is still on its way through the graph that was
    other.refused(413, 10.0, 11.0, 99)
    assert {labels[2] for labels in series(registry(recorder), ATTEMPTS)} == {"b", "c"}
    assert series(registry(recorder), REQUESTS)["w", "workflow", "rest", "workflow", "413"] == 2.0
    assert recorder.workflows.begin("w", ("a",)) is other
    assert series(registry(recorder), ATTEMPTS)["w", "workflow", "a", "ok"] == 0.0
    recorder.workflows.forget("w")
    clock.now += KEPT_S + 1
    recorder.workflows.sweep()
    for name in (ATTEMPTS, REQUESTS, "servescope_rejected_total"):
        assert series(registry(recorder), name) == {}


def test_a_model_in_its_place(recorder, clock):
    """One that has its name and version, after it or before: the series are whose turn it is, and stay."""
    recorder.workflows.begin("w", ("a",)).refused(413, 10.0, 11.0, 99)
    recorder.workflows.forget("w")
    recorder.model("w", "workflow")
    clock.now += KEPT_S + 1
    recorder.workflows.sweep()
    assert series(registry(recorder), REQUESTS)["w", "workflow", "rest", "predict", "200"] == 0.0
    assert ("w", "workflow", "rest", "workflow", "413") not in series(registry(recorder), REQUESTS)
    recorder.forget("w", "workflow")
    made = recorder.workflows.begin("w", ("a",))
    clock.now += KEPT_S + 1
    recorder.forget("other", "1.0")
    made.refused(413, 10.0, 11.0, 99)
    found = series(registry(recorder), REQUESTS)
    assert {key[3]: value for key, value in found.items() if value} == {"workflow": 1.0}
    assert {key[3] for key in found} == {"workflow"}
