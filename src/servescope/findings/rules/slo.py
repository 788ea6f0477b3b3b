"""Error budgets that burn too fast: four objectives by four pairs of windows, after the Google SRE workbook's chapter on alerting.

The long window says that it matters, the short one that it goes on still, so the alert ends soon after its cause. One server
remembers an hour: the pair that begins with it is judged there too, the others are Prometheus'.
"""

from typing import Final, NamedTuple

from servescope.findings.condition import Both, Compare, Condition, Limit
from servescope.findings.rule import MODEL, PERCENT, Rule, Severity, percent
from servescope.findings.rules.requests import enough_failed
from servescope.findings.thresholds.thresholds import Thresholds


class Objective(NamedTuple):
    """What a model may promise, and the words for its being missed."""

    slo: str
    alert: str
    missed: str


class Pace(NamedTuple):
    """A pair of windows; `guard` is the window whose requests, and failures, are counted before anybody is alerted."""

    long: str
    short: str
    guard: str
    burn_rate: float
    severity: Severity


OBJECTIVES: Final = (
    Objective("availability", "ServescopeAvailabilityBudgetBurns", "were answered with a server error or missed their deadline"),
    Objective("latency", "ServescopeLatencyBudgetBurns", "took longer than the model's latency_ms"),
    Objective("ttft", "ServescopeFirstTokenBudgetBurns", "had no first token within the model's ttft_ms"),
    Objective("itl", "ServescopeTokenPaceBudgetBurns", "took longer than the model's itl_ms from token to token"),
)  # fmt: skip


def paces(thresholds: Thresholds) -> tuple[Pace, ...]:
    """The pairs, the fastest first."""
    return (
        Pace("1h", "5m", "1h", thresholds.burn_rate_1h, "page"),
        Pace("6h", "30m", "6h", thresholds.burn_rate_6h, "page"),
        Pace("1d", "2h", "6h", thresholds.burn_rate_1d, "ticket"),
        Pace("3d", "6h", "6h", thresholds.burn_rate_3d, "ticket"),
    )


def slo_rules(thresholds: Thresholds) -> tuple[Rule, ...]:
    """The four objectives' rules, the fastest first."""
    return tuple(rule_of(objective, pace, thresholds) for objective in OBJECTIVES for pace in paces(thresholds))


def rule_of(objective: Objective, pace: Pace, thresholds: Thresholds) -> Rule:
    """One."""
    return Rule(
        name=objective.alert,
        severity=pace.severity,
        role="symptom",
        labels=(("window", pace.long),),
        measured=f"missed_{pace.long}_{objective.slo}",
        condition=_condition(objective, pace) if pace.long == "1h" else None,
        summary=f"{MODEL} spends its error budget for {objective.slo} {pace.burn_rate:g} times as fast as it lasts",
        description=(
            f"{PERCENT} of the requests of {MODEL} in the last {pace.long} {objective.missed}. That and the last"
            f" {pace.short} are above {pace.burn_rate:g} times what its objective allows, or above"
            f" {percent(thresholds.total_failure_ratio)}."
        ),
    )


def _condition(objective: Objective, pace: Pace) -> Condition:
    long, short = (f"missed_{window}_{objective.slo}" for window in (pace.long, pace.short))
    limit = f"burning_{objective.slo}"
    enough = Both(
        Compare(f"asked_{pace.guard}_{objective.slo}", ">", Limit("slo_minimum_requests", less=0.5)),
        enough_failed(f"failed_{pace.guard}_{objective.slo}", pace.severity),
    )
    return Both(Both(Compare(long, ">", limit), Compare(short, ">", limit)), enough)
