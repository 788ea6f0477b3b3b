"""Looking at Prometheus and Alertmanager again and again; the real ones are in tests/integration/commands/test_demo_alerts.py."""

import io

import httpx
import pytest
from rich.console import Console

from servescope.cli.demo.alerts import _HEALTHY_S, Watchers, _Watch
from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.drowsy import Load
from servescope.cli.demo.screen import Screen

FOUND = Watchers("http://prometheus.test", "http://alertmanager.test")
SLOW = {"alertname": "ServescopeSlow", "model_name": "drowsy"}
PENDING = {"labels": SLOW, "annotations": {}, "state": "pending"}


@pytest.fixture
def watch():
    """A watch of programs that list these alerts and have these values of what is measured."""
    clients = []

    def make(alerts=(), values=(), status=200):
        def answer(request):
            kind = "alerts" if request.url.path.endswith("/alerts") else "result"
            listed = {"alerts": list(alerts), "result": list(values)}[kind]
            return httpx.Response(status, json=[] if "/v2/" in request.url.path else {"data": {kind: listed}})

        clients.append(httpx.Client(transport=httpx.MockTransport(answer)))
        return _Watch(clients[-1], FOUND, Load(()), Screen(Console(file=io.StringIO())))

    yield make
    for client in clients:
        client.close()


def test_it_looks_until_it_is_so(watch, monkeypatch):
    """At least once, and no longer."""
    monkeypatch.setattr("servescope.cli.demo.alerts._POLL_S", 0)
    watched, looks = watch([PENDING]), iter([False, False, True])
    watched.until("The model is slow now", lambda: next(looks))
    assert [track.prometheus for track in watched.tracks] == ["pending", "inactive"]
    assert next(looks, None) is None


def test_what_does_not_come_is_told(watch, monkeypatch):
    """With the phase, each alert's state, and where to look."""
    monkeypatch.setattr("servescope.cli.demo.alerts._PATIENCE_S", -1.0)
    said = (
        r"The model is slow now, and after -1 s ServescopeSlow is pending, ServescopeLatencyBudgetBurns \(1h\) is inactive;"
        r" look at http://prometheus.test/alerts"
    )
    with pytest.raises(DemoError, match=said):
        watch([PENDING]).until("The model is slow now", lambda: False)


def test_a_program_that_fails_is_told(watch):
    """With its URL."""
    with pytest.raises(DemoError, match=r"http://prometheus.test/api/v1/alerts does not answer: .*500"):
        watch(status=500).until("The model answers in time", lambda: True)


@pytest.mark.parametrize(
    ("alerts", "values", "age_s", "healthy"),
    [
        ([], [{}], _HEALTHY_S + 1, True),
        ([], [{}], 0.0, False),
        ([], [], _HEALTHY_S + 1, False),
        ([PENDING], [{}], _HEALTHY_S + 1, False),
    ],
)
def test_health(watch, monkeypatch, alerts, values, age_s, healthy):
    """After some seconds, once the rules have values, and while no alert is active."""
    watched = watch(alerts, values)
    watched.until("The model answers in time", lambda: True)
    began = watched._began
    monkeypatch.setattr("time.monotonic", lambda: began + age_s)
    assert watched.healthy() is healthy
