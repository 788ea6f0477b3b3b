"""On the same samples Prometheus and VictoriaMetrics record the same within 1 %, and the same alerts fire at the same time."""

import pytest

from operate.promtool import needs_promtool
from operate.victoria.comparison import Comparison
from operate.victoria.history import history_of
from operate.victoria.processes import needs_victoria, victoria

pytestmark = [pytest.mark.integration, needs_promtool, needs_victoria]

# What the history is to make fire, and what it is not: (alert, model or server).
FIRES = {
    ("ServescopeAutoscalerAtMaximum", "ill"),
    ("ServescopeAutoscalerAtMaximum", "steady"),
    ("ServescopeAutoscalerInputStale", "uneven"),
    ("ServescopeAutoscalerLacksWorkers", "impatient"),
    ("ServescopeAutoscalerLacksWorkers", "steady"),
    ("ServescopeAvailabilityBudgetBurns", "five errors"),
    ("ServescopeAvailabilityBudgetBurns", "ill"),
    ("ServescopeAvailabilityBudgetBurns", "replaced"),
    ("ServescopeClientsGiveUp", "impatient"),
    ("ServescopeDiskNearlyFull", "a:8082"),
    ("ServescopeErrors", "ill"),
    ("ServescopeManyErrors", "ill"),
    ("ServescopeModelStuck", "hung"),
    ("ServescopeModelStuck", "too late"),
    ("ServescopeModelsMissing", "nosuch"),
    ("ServescopeRequestsRefused", "shared"),
    ("ServescopeScrapesFail", "b:8082"),
    ("ServescopeSeriesDropped", "a:8082"),
    ("ServescopeServerRestarts", "b:8082"),
    ("ServescopeSlow", "ill"),
    ("ServescopeUnknownModels", "b:8082"),
    ("ServescopeWorkersRestart", "ill"),
}
SILENT = {
    ("ServescopeAutoscalerAtMaximum", "uneven"),
    ("ServescopeAvailabilityBudgetBurns", "one error"),
    ("ServescopeAvailabilityBudgetBurns", "met late"),
    ("ServescopeAvailabilityBudgetBurns", "met quiet"),
    ("ServescopeUnknownModels", "a:8082"),
    ("ServescopeWorkersRestart", "met late"),
}


@pytest.mark.parametrize(("shift_s", "steps"), [(0, 500), (5, 280)], ids=["at the scrapes", "between scrapes"])
def test_records_and_alerts(tmp_path, shift_s, steps):
    """Young models, counters that are met late, restarts, a pod that is replaced, bursts, single errors; rules in step with the
    scrapes and not.
    """
    both = Comparison(tmp_path, history_of(steps), shift_s)
    with victoria(tmp_path) as storage:
        told = both.in_victoria(storage)
    fired = {(labels["alertname"], name) for labels in alerts(told) for name in named(labels)}
    assert FIRES - fired == set()
    assert SILENT & fired == set()
    assert both.differences(told) == ""


def alerts(told):
    """The labels of those that fired at some time."""
    return [dict(labels) for labels in told if dict(labels)["__name__"] == "ALERTS"]


def named(labels):
    """The model and the server that an alert tells of."""
    return [labels[label] for label in ("model_name", "instance") if label in labels]
