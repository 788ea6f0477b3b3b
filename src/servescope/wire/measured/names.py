"""The names under which metrics of handlers are shown: a worker needs them to find what the settings say of a metric.

In: names that handlers chose. Out: names that fit Prometheus' formats. Used by both ends.
"""

import re

METRIC_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_NOT_METRIC = re.compile(r"[^a-zA-Z0-9_:]")


def metric_name(name: str) -> str:
    """A valid Prometheus metric name: other characters become `_`, a leading digit gets one before it, "" becomes
    `_`.
    """
    clean = _NOT_METRIC.sub("_", name)
    return clean if METRIC_NAME.fullmatch(clean) else "_" + clean
