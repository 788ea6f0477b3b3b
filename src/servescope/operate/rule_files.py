"""Files of rules: in, thresholds and the histograms' form; out, the text of each file by its name under `rules/`.

Called by `prometheus`. The same input makes the same text, byte for byte.
"""

from typing import Any, Final

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.metrics.runbook.steps import first_steps
from servescope.operate.alert import Alert
from servescope.operate.alert_board import board_link
from servescope.operate.alerts import alert_groups
from servescope.operate.alerts.wording import server_or
from servescope.operate.discovery import DEFAULT_TARGET
from servescope.operate.promql import Form, Recording
from servescope.operate.recordings import recording_groups
from servescope.operate.rule_group import RuleGroup
from servescope.operate.yaml_text import yaml_text

_HEADER: Final = "# Written by `servescope prometheus`: change thresholds.yml and write it anew.\n"


def rule_files(thresholds: Thresholds, form: Form, first_target: str = DEFAULT_TARGET) -> dict[str, str]:
    """The files: recordings in one, alerts in one for each topic. `first_target`: whom links lead to that are about no server."""
    files = {"recordings.yml": _file([_group(group, _recording) for group in recording_groups(form)])}
    for group in alert_groups(thresholds, form):
        topic = group.name.removeprefix("servescope-").removesuffix("-alerts")
        files[f"{topic}.yml"] = _file([_group(group, lambda alert: _alert(alert, thresholds, first_target))])
    return files


def _file(groups: list[dict[str, Any]]) -> str:
    return _HEADER + yaml_text({"groups": groups})


def _group(group: RuleGroup[Any], render: Any) -> dict[str, Any]:
    return {"name": group.name, "interval": group.interval, "rules": [render(rule) for rule in group.rules]}


def _recording(recording: Recording) -> dict[str, Any]:
    return {"record": recording.name, "expr": str(recording.expression)}


def _alert(alert: Alert, thresholds: Thresholds, first_target: str) -> dict[str, Any]:
    labels = {"severity": alert.severity, **({"role": alert.role} if alert.role else {}), **dict(alert.labels)}
    return {
        "alert": alert.name,
        "expr": str(alert.condition),
        **({"for": alert.lasts} if alert.lasts != "0s" else {}),
        "labels": labels,
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "first_steps": " ".join(f"{number}. {step}" for number, step in enumerate(first_steps(alert.anchor), 1)),
            "runbook_url": f"{_runbook(alert, thresholds, first_target)}#{alert.anchor}",
            **({"dashboard_url": board_link(thresholds.grafana_url, alert)} if thresholds.grafana_url else {}),
        },
    }


def _runbook(alert: Alert, thresholds: Thresholds, first_target: str) -> str:
    """Where its section is read: on its server; on the first one, if it is about all, or relabelling took `instance` away."""
    of_one = "instance" in (alert.condition.labels or ())
    return thresholds.runbook_url.replace("{instance}", server_or(first_target) if of_one else first_target)
