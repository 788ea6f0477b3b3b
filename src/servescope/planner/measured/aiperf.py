"""What AIPerf writes, profile_export_aiperf.json: in, its JSON; out, a `Run`. Pure; called by `points`."""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

from servescope.errors import ConfigurationError
from servescope.planner.measured.run import Run, number_or, positive
from servescope.planner.objective import Of

_OF: Final[Mapping[str, Of]] = {
    "request_latency": "latency",
    "time_to_first_token": "ttft",
    "inter_token_latency": "itl",
}
_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "seconds": 1.0}
_KEY: Final = re.compile(r"p([0-9]{1,2}(?:\.[0-9]{1,4})?)")


def is_aiperf(document: Mapping[str, Any]) -> bool:
    """Whether it looks like one."""
    return any(isinstance(_records(document).get(key), dict) for key in ("request_throughput", *_OF))


def read_aiperf(document: Mapping[str, Any], name: str) -> Run:
    """Raises ConfigurationError where its rate, or what it counted, is missing, or a unit is none."""
    records = _records(document)
    rate = positive(_mean(records.get("request_throughput")), name, "request_throughput")
    answered = positive(_mean(records.get("request_count")), name, "request_count")
    failed = number_or(_mean(records.get("error_request_count")), math.nan)
    if math.isnan(failed):
        failed = _errors(document)
    tokens = number_or(_mean(records.get("output_token_throughput")), 0.0)
    percentiles = {of: _percentiles(records[key], name, key) for key, of in _OF.items() if records.get(key)}
    return Run(name, rate, _offered(document), failed / (failed + answered), percentiles, tokens or None)


def _records(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Older versions have the metrics in a room of their own."""
    records = document.get("records")
    return records if isinstance(records, dict) else document


def _mean(value: Any) -> Any:
    return value.get("avg") if isinstance(value, dict) else value


def _percentiles(told: Any, name: str, key: str) -> dict[float, float]:
    unit = told.get("unit") if isinstance(told, dict) else told
    if not isinstance(told, dict) or not isinstance(unit, str) or unit not in _UNITS:
        raise ConfigurationError(f"{name}: {key} is in {unit!r}, and not in one of {', '.join(_UNITS)}")
    found = {1.0: number_or(told.get("max"), math.nan)}
    for word, value in told.items():
        if match := _KEY.fullmatch(word):
            found[float(match[1]) / 100] = number_or(value, math.nan)
    return {share: value * _UNITS[unit] for share, value in found.items() if not math.isnan(value)}


def _errors(document: Mapping[str, Any]) -> float:
    summary = document.get("error_summary")
    rows = summary if isinstance(summary, list) else []
    return math.fsum(number_or(row.get("count"), 0.0) for row in rows if isinstance(row, dict))


def _offered(document: Mapping[str, Any]) -> float | None:
    """The schedule's rate, where one sent them and no bound on those in flight held it back."""
    config = document.get("input_config")
    generated = config.get("loadgen") if isinstance(config, dict) else None
    if not isinstance(generated, dict) or generated.get("concurrency"):
        return None
    return number_or(generated.get("request_rate"), 0.0) or None
