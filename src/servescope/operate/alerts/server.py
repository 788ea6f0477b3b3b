"""What keeps the server from being seen: in, Prometheus' own series and the server's health; out, four alerts."""

from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import NUMBER, SERVER
from servescope.operate.promql import absent, equal, increase, metric, min_by, sum_by
from servescope.operate.recordings.levels import INSTANCE
from servescope.operate.thresholds import Thresholds


def server_alerts(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Servers that do not answer, or of which Prometheus does not know; collectors that fail; series left out."""
    return (*_targets(thresholds), _collectors(thresholds), _series())


def _targets(thresholds: Thresholds) -> tuple[Alert, Alert]:
    up = metric("up").where(equal("job", thresholds.job))
    return (
        Alert(
            name="ServescopeTargetDown",
            severity="page",
            condition=up.now.equals(0),
            measured=up.now,
            lasts=thresholds.target_down_for,
            summary=f"{SERVER} does not answer Prometheus",
            description=(
                f"Prometheus gets no metrics from {SERVER}: the server is gone, hangs, or cannot be reached. No other"
                " alert about it can fire."
            ),
        ),
        Alert(
            name="ServescopeNoTargets",
            severity="page",
            condition=absent(up),
            measured=up.now,
            lasts=thresholds.targets_absent_for,
            summary="Prometheus knows of no server",
            description="The job {{ $labels.job }} has no targets, so no other alert can fire.",
        ),
    )


def _collectors(thresholds: Thresholds) -> Alert:
    success = min_by(metric("servescope_collector_success").now, *INSTANCE, "collector")
    return Alert(
        name="ServescopeCollectorFailing",
        severity="ticket",
        condition=success.equals(0),
        measured=success,
        lasts=thresholds.collector_failing_for,
        summary=f"The collector {{{{ $labels.collector }}}} of {SERVER} fails",
        description=(
            f"The collector {{{{ $labels.collector }}}} of {SERVER} fails, so its series are absent, and alerts on them"
            " cannot fire."
        ),
    )


def _series() -> Alert:
    dropped = sum_by(increase(metric("servescope_series_dropped_total"), "15m"), *INSTANCE, "family")
    return Alert(
        name="ServescopeSeriesDropped",
        severity="ticket",
        condition=dropped > 0,
        measured=dropped,
        summary=f"{SERVER} leaves out series of {{{{ $labels.family }}}}",
        description=(
            f"{NUMBER} updates of {{{{ $labels.family }}}} on {SERVER} in 15 minutes had label values above the series"
            " budget of their model, and were counted as other or dropped."
        ),
    )
