"""Alerts that fire, as series: in, matchers; out, a `Selector` of `ALERTS`, which Prometheus writes of each alert rule.

Read by `encode`, for the marks on every board, and by panels that count. The labels are those of this project's alerts;
an alert that lacks one of them has it empty, which `.*`, what `All` stands for, matches too.
"""

from typing import Final

from servescope.operate.promql import Matcher, Selector, equal, like

_LABELS: Final = frozenset({"alertname", "alertstate", "severity", "job", "instance", "model_name", "model_version"})
BY_INSTANCE: Final = like("instance", "$instance")
BY_MODEL: Final = (like("model_name", "$model"), like("model_version", "$version"))


def firing(*matchers: Matcher) -> Selector:
    """The alerts of this project that fire, of those that match."""
    ours = (like("alertname", "Servescope.+"), equal("alertstate", "firing"))
    return Selector("ALERTS", _LABELS, "gauge").where(*ours, *matchers)
