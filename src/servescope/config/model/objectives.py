"""A model's objectives: in, the `slo` section of its model-config.yaml; out, `Objectives` in seconds and ratios.

Called by `config`; read by `metrics.recording.requests.objectives`, which counts by them. The section is this project's own, so a
mistake in it is refused, where one in TorchServe's keys is warned about and ignored.
"""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from msgspec import Struct

from servescope.config.bounds import MAX_TIMEOUT_MS
from servescope.config.model.yaml_values import shown
from servescope.config.nearest import nearest
from servescope.errors import BadRequest

DEFAULT_TIME_TARGET: Final = 99
DEFAULT_PATIENCE_S: Final = 5.0
_PATIENCE: Final = 10  # times the latency that is promised
SLO_KEYS: Final[Mapping[str, str]] = {
    "availability_target": "Percent of the requests, but for those that the client spoilt (4xx), that shall be"
    " answered without a server error.",
    "abandoned_after_ms": "Milliseconds after which a client that leaves without an answer was failed, for availability_target,"
    " which needs to be there; ten times latency_ms where it is not given, or 5000 without that.",
    "latency_ms": "Milliseconds that a request shall take at most. A client that leaves later than that without an answer was"
    " failed.",
    "latency_target": "Percent of the answers without an error that shall keep to latency_ms; 99 where it is not given.",
    "ttft_ms": "Milliseconds until a language model's first token, from the request's arrival. A client that leaves later than"
    " that without one was failed.",
    "ttft_target": "Percent of its answers that shall keep to ttft_ms; 99 where it is not given.",
    "itl_ms": "Mean milliseconds between the tokens of a language model's answer.",
    "itl_target": "Percent of its answers with more than one token that shall keep to itl_ms; 99 where it is not given.",
}


class Threshold(NamedTuple):
    """One objective: the label `slo`, the longest time that meets it (None for availability), the share that shall."""

    slo: str
    seconds: float | None
    target: float


class Objectives(Struct, frozen=True, kw_only=True):
    """What a model promises, None where nothing. Targets are ratios between 0 and 1, times are in seconds.

    A time and its target are both there or both None. `abandoned_after_s` is None where it was not given.
    """

    availability_target: float | None = None
    abandoned_after_s: float | None = None
    latency_s: float | None = None
    latency_target: float | None = None
    ttft_s: float | None = None
    ttft_target: float | None = None
    itl_s: float | None = None
    itl_target: float | None = None

    @property
    def patience_s(self) -> float:
        """How long a client must have waited for nothing, if its leaving is to count against availability."""
        if self.abandoned_after_s is not None:
            return self.abandoned_after_s
        return DEFAULT_PATIENCE_S if self.latency_s is None else _PATIENCE * self.latency_s

    @property
    def thresholds(self) -> tuple[Threshold, ...]:
        """The objectives that were asked for, each as (slo, seconds or None, target)."""
        objectives = (
            ("availability", None, self.availability_target),
            ("latency", self.latency_s, self.latency_target),
            ("ttft", self.ttft_s, self.ttft_target),
            ("itl", self.itl_s, self.itl_target),
        )
        return tuple(Threshold(slo, seconds, target) for slo, seconds, target in objectives if target is not None)


def parse_objectives(section: Any, where: str) -> Objectives | None:
    """Read what YAML made of `slo`; None where it asks for nothing. `where` names model and file in the messages.

    Raises BadRequest, which names the key and its value: an unknown key, a value that is no number or out of range, a
    target without its time.
    """
    if section is None:
        return None
    if not isinstance(section, dict):
        raise BadRequest(f"{where}: slo={shown(section)} is no mapping: its keys are {', '.join(SLO_KEYS)}")
    _refuse_unknown(section, where)
    if not section:
        return None
    key = "availability_target"
    availability_target = _ratio(section[key], key, where) if key in section else None
    abandoned_after_s = _abandoned_after(section, where)
    latency_s, latency_target = _timed(section, "latency", where)
    ttft_s, ttft_target = _timed(section, "ttft", where)
    itl_s, itl_target = _timed(section, "itl", where)
    return Objectives(
        availability_target=availability_target,
        abandoned_after_s=abandoned_after_s,
        latency_s=latency_s,
        latency_target=latency_target,
        ttft_s=ttft_s,
        ttft_target=ttft_target,
        itl_s=itl_s,
        itl_target=itl_target,
    )


def _refuse_unknown(section: Mapping[Any, Any], where: str) -> None:
    for key, value in section.items():
        if key not in SLO_KEYS:
            near = nearest(key, SLO_KEYS)
            hint = f"did you mean {near}?" if near else f"its keys are {', '.join(SLO_KEYS)}"
            name = key if isinstance(key, str) and len(key) <= 100 else shown(key)
            raise BadRequest(f"{where}: slo: {name}={shown(value)} is no known key; {hint}")


def _timed(section: Mapping[str, Any], slo: str, where: str) -> tuple[float | None, float | None]:
    """The seconds of `latency_ms` and the ratio of `latency_target`, or those of ttft or itl."""
    time, target = f"{slo}_ms", f"{slo}_target"
    if time not in section:
        if target in section:
            raise _refusal(where, target, section[target], f"needs {time} beside it, the time that is to be kept to")
        return None, None
    return _seconds(section, time, where), _ratio(section.get(target, DEFAULT_TIME_TARGET), target, where)


def _abandoned_after(section: Mapping[str, Any], where: str) -> float | None:
    key, target = "abandoned_after_ms", "availability_target"
    if key not in section:
        return None
    if target not in section:
        raise _refusal(where, key, section[key], f"needs {target} beside it, which it is about")
    return _seconds(section, key, where)


def _seconds(section: Mapping[str, Any], key: str, where: str) -> float:
    """The seconds of a key in milliseconds that is there."""
    seconds = _scaled(section[key], -3, key, where)
    if seconds <= 0:
        raise _refusal(where, key, section[key], "is no number of milliseconds above 0")
    if seconds * 1000 > MAX_TIMEOUT_MS:
        raise _refusal(where, key, section[key], f"is above {MAX_TIMEOUT_MS}")
    return seconds


def _ratio(value: Any, key: str, where: str) -> float:
    ratio = _scaled(value, -2, key, where)
    if ratio >= 1:
        raise _refusal(where, key, value, "leaves no error budget: give a percentage below 100")
    if ratio <= 0:
        raise _refusal(where, key, value, "asks for nothing: give a percentage above 0")
    return ratio


def _scaled(value: Any, power: int, key: str, where: str) -> float:
    """The number times 10**power, in decimal: 99.9 % is 0.999, where 99.9 / 100 is 0.9990000000000001.

    So a threshold of 2.5 ms is the very float of the bucket bound 0.0025, and adds no second one beside it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(where, key, value, "is no number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refusal(where, key, value, "is no finite number")
    return float(Decimal(repr(number)).scaleb(power))


def _refusal(where: str, key: str, value: Any, why: str) -> BadRequest:
    return BadRequest(f"{where}: slo: {key}={shown(value)} {why}")
