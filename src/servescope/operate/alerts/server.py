"""What keeps the server from being seen: in, Prometheus' own series and the server's health; out, six alerts."""

from servescope.findings.rules.machine import server_rules
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.wording import NUMBER, PERCENT, SERVER
from servescope.operate.alerts.written import written
from servescope.operate.promql import (
    Expression,
    absent,
    avg_over_time,
    count_over_time,
    equal,
    last_over_time,
    max_by,
    max_over_time,
    metric,
    min_by,
    recent,
    rises,
    sum_by,
    sum_gained,
    sum_over_time,
    young,
)
from servescope.operate.recordings.levels import INSTANCE


def server_alerts(thresholds: Thresholds) -> tuple[Alert, ...]:
    """Servers that do not answer, or not always, that restart, or of which Prometheus does not know; collectors that
    fail; series left out.
    """
    return (*_targets(thresholds), _blinking(thresholds), _restarting(thresholds), *_own(thresholds))


def _targets(thresholds: Thresholds) -> tuple[Alert, Alert]:
    up = metric("up").where(equal("job", thresholds.job))
    # One scrape that fails is no end, however rare they are.
    failed = count_over_time(up, "5m") - sum_over_time(up, "5m")
    return (
        Alert(
            name="ServescopeTargetDown",
            severity="page",
            condition=up.now.equals(0).and_on(failed >= 2),
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


def _blinking(thresholds: Thresholds) -> Alert:
    up = metric("up").where(equal("job", thresholds.job))
    answered = avg_over_time(up, "15m")
    return Alert(
        name="ServescopeScrapesFail",
        severity="ticket",
        # That a server answers nothing at all is ServescopeTargetDown's to say.
        condition=(answered < thresholds.scrapes_ratio).and_on(max_over_time(up, "5m") > 0),
        measured=answered,
        lasts=thresholds.scrapes_for,
        summary=f"{SERVER} does not answer each time that Prometheus asks",
        description=(
            f"{SERVER} answered {PERCENT} of Prometheus' scrapes in the last 15 minutes. It restarts, is too busy, or the"
            " network loses what it says."
        ),
    )


def _restarting(thresholds: Thresholds) -> Alert:
    begun = metric("process_start_time_seconds").where(equal("job", thresholds.job))
    restarts = max_by(rises(begun, "15m"), *INSTANCE)
    return Alert(
        name="ServescopeServerRestarts",
        severity="page",
        condition=restarts >= thresholds.server_restarts,
        measured=restarts,
        summary=f"The server {SERVER} ends and is started again and again",
        description=f"The server {SERVER} was started {NUMBER} times in the last 15 minutes.",
    )


def _own(thresholds: Thresholds) -> tuple[Alert, ...]:
    """What the server says of itself."""
    quantities = {
        "front_end_restarts_15m": sum_gained(metric("servescope_front_end_restarts_total"), "15m", *INSTANCE),
        "collector_success": min_by(recent(metric("servescope_collector_success")), *INSTANCE, "collector"),
        "series_dropped_15m": _dropped(),
        "lost_lines_15m": sum_gained(metric("servescope_log_lost_lines_total"), "15m", *INSTANCE, "log"),
    }
    return tuple(written(rule, quantities, thresholds) for rule in server_rules(thresholds))


def _dropped() -> Expression:
    counted = metric("servescope_series_dropped_total")
    by = (*INSTANCE, "family")
    grown = sum_gained(counted, "15m", *by)
    # A family's series begins with what was dropped first, which no growth shows. Who begins to watch an old server knows not when.
    begun = sum_by(recent(counted), *by).unless_on(sum_by(last_over_time(counted, "5m", "15m"), *by))
    watched = last_over_time(metric("process_start_time_seconds"), "5m", "15m").or_else(young("15m"))
    return begun.and_on(watched, *INSTANCE).or_else(grown)
