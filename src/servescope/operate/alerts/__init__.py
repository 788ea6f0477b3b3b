"""Every alert, by topic: in, thresholds and the histograms' form; out, groups of alerts, which `rule_files` writes.

They read what `recordings` records, so that their cost does not depend on how far back they look.
"""

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.autoscaler import autoscaler_alerts
from servescope.operate.alerts.llm import llm_alerts
from servescope.operate.alerts.machine import gpu_alerts, host_alerts
from servescope.operate.alerts.models import model_alerts
from servescope.operate.alerts.queues import queue_alerts
from servescope.operate.alerts.requests import request_alerts
from servescope.operate.alerts.server import server_alerts
from servescope.operate.alerts.slo import slo_alerts
from servescope.operate.alerts.workers import worker_alerts
from servescope.operate.promql import Form
from servescope.operate.recordings import all_recordings
from servescope.operate.rule_group import RuleGroup

__all__ = ["alert_groups"]


def alert_groups(thresholds: Thresholds, form: Form) -> tuple[RuleGroup[Alert], ...]:
    """Every group of alerts; a group's name says which file of the rules it is in."""
    recorded = all_recordings(form)
    topics = {
        "slo": slo_alerts(recorded, thresholds),
        "requests": request_alerts(recorded, thresholds),
        "queues": queue_alerts(recorded, thresholds),
        "workers": worker_alerts(recorded, thresholds),
        "autoscaler": autoscaler_alerts(recorded, thresholds),
        "models": model_alerts(recorded, thresholds),
        "llm": llm_alerts(recorded, thresholds),
        "gpu": gpu_alerts(recorded, thresholds),
        "host": host_alerts(recorded, thresholds),
        "server": server_alerts(thresholds),
    }
    return tuple(RuleGroup(f"servescope-{topic}-alerts", "15s", alerts) for topic, alerts in topics.items())
