"""What `vllm bench serve --save-result` writes: in, its JSON; out, a `Run`. Pure; called by `points`.

Its ITL is each gap between two tokens; the mean of a request's gaps, which an objective on itl is about, is its TPOT.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from servescope.planner.measured.run import Run, number_or, positive
from servescope.planner.objective import Of

_OF: Final[Mapping[str, Of]] = {"e2el": "latency", "ttft": "ttft", "tpot": "itl"}
_KEY: Final = re.compile(r"(?:p(?P<percent>[0-9]{1,2}(?:\.[0-9]{1,4})?)|median)_(?P<of>e2el|ttft|tpot)_ms")


def is_vllm(document: Mapping[str, Any]) -> bool:
    """Whether it looks like one."""
    return "completed" in document and "duration" in document


def read_vllm(document: Mapping[str, Any], name: str) -> Run:
    """Raises ConfigurationError where its rate, or what it counted, is missing."""
    percentiles: dict[Of, dict[float, float]] = {}
    for key, value in document.items():
        match = _KEY.fullmatch(key)
        seconds = number_or(value, math.nan) / 1e3
        if match is not None and seconds > 0:
            percentiles.setdefault(_OF[match["of"]], {})[float(match["percent"] or 50) / 100] = seconds
    rate = positive(document.get("request_throughput"), name, "request_throughput")
    completed = positive(document.get("completed"), name, "completed")
    failed = number_or(document.get("failed"), math.nan)
    if math.isnan(failed):  # older ones tell how many there were to be
        failed = max(0.0, number_or(document.get("num_prompts"), completed) - completed)
    tokens = number_or(document.get("output_throughput"), 0.0)
    # "inf" is all at once; with max_concurrency a request waits for another.
    offered = number_or(document.get("request_rate"), 0.0) if document.get("max_concurrency") is None else 0.0
    return Run(name, rate, offered or None, failed / (failed + completed), percentiles, tokens or None)
