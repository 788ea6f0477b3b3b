"""Models that get more than they can do: in, queues and refusals; out, three alerts."""

from servescope.findings.rules.queues import queue_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.requests import counted_requests
from servescope.operate.alerts.written import written
from servescope.operate.promql import Recordings, equal, max_by, metric, recent, share, sum_by
from servescope.operate.recordings.levels import INSTANCE_MODEL


def queue_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """A queue that is nearly full, one that stands still, and requests that are refused."""
    counted = counted_requests(recorded)
    refused = recorded.read("model:servescope_requests_refused:count5m").now
    quantities = {
        **counted,
        "refused_5m": refused,
        "refused_ratio_5m": share(refused, counted["requests_5m"]),
        "queue_fill": recorded.read("instance_model:servescope_queue:fill_ratio").now,
        "queue_oldest": max_by(recent(metric("servescope_queue_oldest_seconds")), *INSTANCE_MODEL),
        "waking": sum_by(recent(metric("servescope_workers").where(equal("state", "waking"))), *INSTANCE_MODEL),
    }
    return tuple(written(rule, quantities, thresholds) for rule in queue_rules(thresholds))
