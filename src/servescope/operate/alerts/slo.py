"""Error budgets that burn too fast: in, recorded shares of requests that missed an objective; out, sixteen alerts.

Four objectives by four pairs of windows, after the Google SRE workbook's chapter on alerting: the long window says that it
matters, the short one that it goes on still, so the alert ends soon after its cause. What a model promises is in the
series, so one rule serves all models, and a model that is gone has no budget to compare with: its alerts end.
"""

from typing import Final, NamedTuple

from servescope.operate.alert import Alert, Severity
from servescope.operate.alerts.requests import enough_failed
from servescope.operate.alerts.wording import MODEL, PERCENT, percent
from servescope.operate.promql import Expression, Matcher, Recordings, clamp_max, equal, ratio
from servescope.operate.recordings.objectives import BUDGET, ERRORS, GOOD, REQUESTS
from servescope.operate.thresholds.thresholds import Thresholds


class _Objective(NamedTuple):
    slo: str
    alert: str
    missed: str


class _Pace(NamedTuple):
    """A pair of windows; `guard` is the window whose requests, and failures, are counted before anybody is alerted."""

    long: str
    short: str
    guard: str
    burn_rate: float
    severity: Severity


_OBJECTIVES: Final = (
    _Objective("availability", "ServescopeAvailabilityBudgetBurns", "were answered with a server error or missed their deadline"),
    _Objective("latency", "ServescopeLatencyBudgetBurns", "took longer than the model's latency_ms"),
    _Objective("ttft", "ServescopeFirstTokenBudgetBurns", "had no first token within the model's ttft_ms"),
    _Objective("itl", "ServescopeTokenPaceBudgetBurns", "took longer than the model's itl_ms from token to token"),
)  # fmt: skip


def slo_alerts(recorded: Recordings, thresholds: Thresholds) -> tuple[Alert, ...]:
    """The four objectives' alerts, the fastest first."""
    paces = (
        _Pace("1h", "5m", "1h", thresholds.burn_rate_1h, "page"),
        _Pace("6h", "30m", "6h", thresholds.burn_rate_6h, "page"),
        _Pace("1d", "2h", "6h", thresholds.burn_rate_1d, "ticket"),
        _Pace("3d", "6h", "6h", thresholds.burn_rate_3d, "ticket"),
    )
    return tuple(_alert(recorded, thresholds, objective, pace) for objective in _OBJECTIVES for pace in paces)


def _alert(recorded: Recordings, thresholds: Thresholds, objective: _Objective, pace: _Pace) -> Alert:
    only = equal("slo", objective.slo)
    budget = recorded.read(BUDGET).where(only).now
    limit = clamp_max(budget * pace.burn_rate, thresholds.total_failure_ratio)
    long, short = (_missed(recorded, window, only) for window in (pace.long, pace.short))
    good, requests = _counts(recorded, pace.guard, only)
    failed = requests - good
    enough = (requests > thresholds.slo_minimum_requests - 0.5).and_on(enough_failed(failed, pace.severity, thresholds))
    return Alert(
        name=objective.alert,
        severity=pace.severity,
        role="symptom",
        labels=(("window", pace.long),),
        condition=(long > limit).and_on(short > limit).and_on(enough),
        measured=long,
        summary=f"{MODEL} spends its error budget for {objective.slo} {pace.burn_rate:g} times as fast as it lasts",
        description=(
            f"{PERCENT} of the requests of {MODEL} in the last {pace.long} {objective.missed}. That and the last"
            f" {pace.short} are above {pace.burn_rate:g} times what its objective allows, or above"
            f" {percent(thresholds.total_failure_ratio)}."
        ),
    )


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
