"""A real Alertmanager with the example configuration: causes silence symptoms of their own model, and never a page by a
ticket.
"""

import subprocess
from pathlib import Path

import httpx
import pytest

from integration.server import PATIENCE_S, free_ports, wait_until
from programs import needs
from servescope.findings.covering import covers
from servescope.findings.rules import all_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alertmanager import alertmanager_file

pytestmark = [pytest.mark.integration, needs("prometheus-alertmanager")]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """One that runs by itself, where nothing else listens."""
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    (folder / "alertmanager.yml").write_text(alertmanager_file())
    (port,) = free_ports(1)
    words = ["prometheus-alertmanager", f"--config.file={folder / 'alertmanager.yml'}", "--cluster.listen-address="]
    words += [f"--storage.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}"]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT)

    def ready():
        try:
            return httpx.get(f"http://127.0.0.1:{port}/-/ready").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(ready, (folder / "log").read_text())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def alert(name, severity, model, role="", **labels):
    of_model = {"job": "servescope", "model_name": model, "model_version": "1.0"} if model else {"job": "servescope"}
    return {"alertname": name, "severity": severity, **({"role": role} if role else {}), **of_model, **labels}


ALERTS = [
    # A page's cause: both symptoms are silent, those of another model are not.
    alert("ServescopeModelNotReady", "page", "broken", "cause", instance="a"),
    alert("ServescopeRequestsRefused", "page", "broken", "symptom"),
    alert("ServescopeSlow", "ticket", "broken", "symptom"),
    alert("ServescopeRequestsRefused", "page", "other", "symptom"),
    # A ticket's cause: only the ticket is silent.
    alert("ServescopeKvCacheFull", "ticket", "llm", "cause", instance="a"),
    alert("ServescopeFirstTokenBudgetBurns", "ticket", "llm", "symptom", window="3d"),
    alert("ServescopeManyErrors", "page", "llm", "symptom"),
    # A page of an objective or of errors: no ticket as well.
    alert("ServescopeLatencyBudgetBurns", "page", "burning", "symptom", window="1h"),
    alert("ServescopeLatencyBudgetBurns", "ticket", "burning", "symptom", window="3d"),
    alert("ServescopeAvailabilityBudgetBurns", "ticket", "burning", "symptom", window="3d"),
    alert("ServescopeManyErrors", "page", "failing", "symptom"),
    alert("ServescopeErrors", "ticket", "failing", "symptom"),
    # Of no model: nothing silences it, nor does it silence.
    alert("ServescopeTargetDown", "page", "", instance="a"),
    alert("ServescopeMemoryNearlyFull", "page", "", instance="a"),
]
SILENT = {
    ("ServescopeRequestsRefused", "page", "broken"),
    ("ServescopeSlow", "ticket", "broken"),
    ("ServescopeFirstTokenBudgetBurns", "ticket", "llm"),
    ("ServescopeLatencyBudgetBurns", "ticket", "burning"),
    ("ServescopeErrors", "ticket", "failing"),
}
RULES = {(rule.name, rule.severity): rule for rule in all_rules(Thresholds())}


def key(labels):
    return labels["alertname"], labels["severity"], labels.get("model_name")


def test_who_silences_whom(address):
    """Every alert above is sent; exactly these are inhibited; pages and tickets have their receivers."""
    sent = httpx.post(f"{address}/api/v2/alerts", json=[{"labels": labels} for labels in ALERTS])
    assert sent.status_code == 200, sent.text

    def found():
        alerts = httpx.get(f"{address}/api/v2/alerts").json()
        inhibited = {key(one["labels"]) for one in alerts if one["status"]["inhibitedBy"]}
        return alerts if len(alerts) == len(ALERTS) and len(inhibited) >= len(SILENT) else None

    alerts = wait_until(found, "all alerts")
    assert {key(one["labels"]) for one in alerts if one["status"]["inhibitedBy"]} == SILENT
    for one in alerts:
        receivers = [each["name"] for each in one["receivers"]]
        assert receivers == (["pages"] if one["labels"]["severity"] == "page" else ["tickets"])


def test_groups_are_of_a_model(address):
    """What a model has at a time is one notification."""
    test_who_silences_whom(address)
    groups = wait_until(lambda: httpx.get(f"{address}/api/v2/alerts/groups").json(), "groups")
    assert all(set(group["labels"]) <= {"job", "model_name"} for group in groups)
    assert {group["labels"].get("model_name") for group in groups} >= {"broken", "llm"}


def test_the_console_goes_by_the_same():
    """What Alertmanager inhibits is what stands behind something else in the console."""
    known = [
        (key(labels), RULES[labels["alertname"], labels["severity"]]) for labels in ALERTS if "model_name" in labels
    ]
    behind = {
        one
        for one, rule in known
        for other, worse in known
        if one[2] == other[2] and one != other and covers(worse, rule)
    }
    assert behind == SILENT
