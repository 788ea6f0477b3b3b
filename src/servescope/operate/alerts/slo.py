"""Error budgets that burn too fast: in, recorded shares of requests that missed an objective; out, sixteen alerts.

Four objectives by four pairs of windows, after the Google SRE workbook's chapter on alerting: the long window says that it
matters, the short one that it goes on still, so the alert ends soon after its cause. What a model promises is in the
series, so one rule serves all models, and a model that is gone has no budget to compare with: its alerts end.
"""

from servescope.findings.rules.slo import OBJECTIVES, Objective, Pace, paces, rule_of
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alert import Alert
from servescope.operate.alerts.requests import enough_failed
from servescope.operate.alerts.written import written
from servescope.operate.promql import Expression, Matcher, Recordings, clamp_max, equal, ratio
from servescope.operate.recordings.objectives import BUDGET, ERRORS, GOOD, REQUESTS


def slo_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """The four objectives' alerts, the fastest first."""
    return tuple(
        _alert(recorded, thresholds, objective, pace) for objective in OBJECTIVES for pace in paces(thresholds)
    )


def _alert(recorded: Recordings, thresholds: Thresholds, objective: Objective, pace: Pace) -> Alert:
    only = equal("slo", objective.slo)
    budget = recorded.read(BUDGET).where(only).now
    limit = clamp_max(budget * pace.burn_rate, thresholds.total_failure_ratio)
    long, short = (_missed(recorded, window, only) for window in (pace.long, pace.short))
    good, requests = _counts(recorded, pace.guard, only)
    enough = (requests > thresholds.slo_minimum_requests - 0.5).and_on(
        enough_failed(requests - good, pace.severity, thresholds)
    )
    rule = rule_of(objective, pace, thresholds)
    return written(rule, {rule.measured: long}, thresholds, (long > limit).and_on(short > limit).and_on(enough))


def _missed(recorded: Recordings, window: str, only: Matcher) -> Expression:
    """The share that missed. Of days it is recorded; else it is made of the counts, since vmalert reads whatever it records
    an interval late, and a page shall not wait for it twice.
    """
    if window in ("1d", "3d"):
        return recorded.read(f"{ERRORS}ratio_{window}").where(only).now
    return 1 - ratio(*_counts(recorded, window, only))


def _counts(recorded: Recordings, window: str, only: Matcher) -> tuple[Expression, Expression]:
    """Good ones, and all."""
    good, requests = (recorded.read(f"{name}count{window}").where(only).now for name in (GOOD, REQUESTS))
    return good, requests
