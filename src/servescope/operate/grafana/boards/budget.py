"""Error budgets: in, the form of the histograms; out, what is left of them, for `overview`, `model` and `llm`.

Of what an objective allows in the time shown, which the reader chooses; alerts look at fixed windows instead.
"""

from typing import Final

from servescope.operate.grafana.narrowed import RANGE, recorded
from servescope.operate.grafana.panel import Step
from servescope.operate.promql import Expression, Form, Matcher, avg_over_time, ratio

BUDGET_STEPS: Final = (Step(0.0, "orange"), Step(0.25, "green"))


def budget_left(form: Form, *matchers: Matcher) -> Expression:
    """1 where nothing of the budget was spent, 0 where it is just spent, below 0 where the objective is missed.

    By job, model, version and objective. It reads means of ten minutes, so that a month of them can be read at once.
    """
    errors = avg_over_time(recorded(form, "model_slo:servescope_slo_errors:mean10m", *matchers), RANGE)
    requests = avg_over_time(recorded(form, "model_slo:servescope_slo_requests:mean10m", *matchers), RANGE)
    missed = ratio(errors, requests)
    return 1 - ratio(missed, recorded(form, "model_slo:servescope_slo_budget:ratio", *matchers).now)
