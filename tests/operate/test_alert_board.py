"""Links from alerts to boards, as promtool renders them."""

from dataclasses import replace

import pytest

from operate.alerts.scenario import model, server
from operate.promtool import gauge, given, needs_promtool, series, verdict
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert_board import board_link
from servescope.operate.alerts import alert_groups
from servescope.operate.grafana.files import boards
from servescope.operate.rule_files import rule_files

GRAFANA = "https://grafana.example.org/root"
ALERTS = {alert.name: alert for group in alert_groups(Thresholds(), "classic") for alert in group.rules}


@pytest.mark.parametrize("name", ALERTS)
def test_boards_and_variables_exist(name):
    """Every alert leads to a board of this project, and chooses by variables that it has."""
    address, _, query = board_link(GRAFANA, ALERTS[name]).partition("?")
    (board,) = (one for one in boards("classic") if address == f"{GRAFANA}/d/{one.uid}/{one.uid}")
    chosen = [part.partition("=")[0] for part in query.split("&")]
    assert chosen
    assert set(chosen) <= {f"var-{variable.name}" for variable in board.variables}


def test_there_is_none_by_default():
    """Nobody has told where Grafana is."""
    told = replace(Thresholds(), grafana_url=GRAFANA)
    assert not any("dashboard_url" in text for text in rule_files(Thresholds(), "classic").values())
    texts = {name: text for name, text in rule_files(told, "classic").items() if name != "recordings.yml"}
    assert all(text.count("dashboard_url: ") == text.count("runbook_url: ") for text in texts.values())


@needs_promtool
def test_names_are_escaped(tmp_path):
    """Neither & nor # nor a quote in a model's name ends the parameter."""
    labels = model('a&b=#"é {{', "[::1]:8082")
    alert = ALERTS["ServescopeQueueStalled"]
    link = board_link(GRAFANA, alert)
    rule = {"alert": alert.name, "expr": str(alert.condition), "annotations": {"dashboard_url": link}}
    expected = (
        f"{GRAFANA}/d/servescope-model/servescope-model?var-job=servescope&var-instance=%5B%3A%3A1%5D%3A8082"
        "&var-model=a%26b%3D%23%22%C3%A9+%7B%7B&var-version=1.0"
    )
    inputs = {series("servescope_queue_oldest_seconds", labels): gauge((100, 10)), series("up", server("a")): "1x10"}
    wanted = {"exp_labels": labels, "exp_annotations": {"dashboard_url": expected}}
    test = given("15s", inputs, []) | {
        "alert_rule_test": [{"eval_time": "1m", "alertname": alert.name, "exp_alerts": [wanted]}]
    }
    assert verdict(tmp_path, test, [rule]) == ""
