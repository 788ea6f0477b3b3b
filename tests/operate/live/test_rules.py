"""Every recording, and what every alert measures, has data in a real Prometheus that scrapes a live server, in either form;
and Prometheus has nothing to say against any rule.
"""

import re
from collections import Counter

import pytest

from integration.server import wait_until
from metrics.collectors.nvml.stand_in import needs_gcc
from operate.live.waiting import wait_for_all
from operate.promtool import needs_promtool
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alerts import alert_groups
from servescope.operate.promql import FORMS
from servescope.operate.recordings import all_recordings
from servescope.operate.recordings.autoscaler import IN_VAIN
from servescope.operate.recordings.stuck import HELD, LEFT, WINDOWS

pytestmark = [pytest.mark.integration, needs_gcc, needs_promtool]

# The recordings that have no data on some machines: the family that they are of, whose series are then not there.
MAY_BE_EMPTY = {"instance:servescope_cgroup_cpu_throttled:rate5m": "servescope_cgroup_cpu_throttled_seconds_total"}
# Those of models that answer nobody, or whose workers do not come, of which there are none here.
SELDOM = {HELD, IN_VAIN, *(f"{LEFT}{window}" for window, _ in WINDOWS)}
WRONG_SAMPLES = (
    "prometheus_target_scrapes_sample_duplicate_timestamp_total",
    "prometheus_target_scrapes_sample_out_of_order_total",
    "prometheus_target_scrapes_sample_out_of_bounds_total",
)
FAILURES = "prometheus_rule_evaluation_failures_total"
SAME_TICK = "different value but same timestamp"
EVALUATIONS = "prometheus_rule_evaluations_total"


def every_alert(form):
    """All alerts with the place where each stands."""
    return [alert for group in alert_groups(Thresholds(), form) for alert in group.rules]


@pytest.mark.parametrize("form", FORMS)
def test_every_recording_has_data(live, form):
    """But for those of families that this machine has not, and of models that hang, which are few and named."""
    names = set(all_recordings(form))
    assert names >= MAY_BE_EMPTY.keys() | SELDOM
    lacking = {name for name, family in MAY_BE_EMPTY.items() if live.server.metrics(family) is None}
    wait_for_all(live.told[form], {name: name for name in names - lacking - SELDOM}, live.busy)


@pytest.mark.parametrize("form", FORMS)
def test_what_every_alert_measures_has_data(live, form):
    """The expressions without thresholds and guards."""
    measured = {(alert.name, alert.labels): str(alert.measured) for alert in every_alert(form)}
    assert len(measured) == len(every_alert(form))
    wait_for_all(live.told[form], measured, live.busy)


@pytest.mark.parametrize("form", FORMS)
def test_no_rule_fails(live, form):
    """Each has been evaluated, and is in good health; no sample was there twice, and no warning is in the log."""
    told = live.told[form]

    found = [(group["name"], rule) for group in told.ask("rules")["groups"] for rule in group["rules"]]
    assert len(found) == len(all_recordings(form)) + len(every_alert(form))
    ill = {(group, rule["query"]) for group, rule in found}

    def all_well():
        for group in told.ask("rules")["groups"]:
            well = {rule["query"] for rule in group["rules"] if rule["health"] == "ok" and not rule.get("lastError")}
            ill.difference_update((group["name"], query) for query in well)
        return not ill

    try:
        wait_until(all_well, "each rule to be in good health")
    finally:
        print(*ill, sep="\n")
    own = told.own(FAILURES, EVALUATIONS, *WRONG_SAMPLES)
    evaluations = own.pop(EVALUATIONS)
    assert evaluations >= len(found)
    assert own == dict.fromkeys((FAILURES, *WRONG_SAMPLES), 0)
    complaints = told.complaints()
    # On a busy machine Prometheus may take two ticks of so short an interval for the same one. A rule that writes a series
    # twice would do so at each evaluation.
    twice = Counter(re.findall(rf"name=(\S+) .*{SAME_TICK}", "\n".join(complaints)))
    assert all(count < 0.2 * evaluations / len(found) for count in twice.values()), twice
    assert [line for line in complaints if SAME_TICK not in line] == []
