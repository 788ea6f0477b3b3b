"""How a model's workers are autoscaled: `Autoscale`, one field a key of the `autoscale` section, with its bounds and meaning.

Nothing flows in. Made by `autoscale_values`, which reads the section and the server's `autoscale_…` keys; read by `scaling`, which
makes the policy's options of it. The defaults are the policy's (`autoscaler.options`, which a test compares): they stand here too
so that what contradicts them is refused at registration.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from servescope.config.bounds import MAX_INTERVAL_S, MAX_QUEUE, MAX_TIMEOUT_S

_SMALLEST: Final = 0.01  # of what counts are divided by: no pool is a hundred times what its load fills


class Mode(StrEnum):
    """What the autoscaler does: nothing; decide, record and log; or apply what it decides, too."""

    OFF = "off"
    ADVISE = "advise"
    ACT = "act"


class AutoscaleKey(Struct, frozen=True):
    """One key, as it is spelt, the least and the most it may be, and what it means."""

    name: str
    meaning: str
    least: float = 0.0
    most: float = math.inf

    def read(self, value: Any) -> float:
        """The number. Raises ValueError, which says what is wrong with it."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("is no number")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ValueError("is no finite number")
        if number < self.least:
            raise ValueError(f"is below {self.least:g}")
        if number > self.most:
            raise ValueError(f"is above {self.most:g}")
        return number


def _key(name: str, meaning: str, least: float, most: float) -> dict[str, AutoscaleKey]:
    return {"key": AutoscaleKey(name, meaning, least, most)}


@dataclass(frozen=True, kw_only=True)
class Autoscale:
    """How one model version is autoscaled. Times in seconds, shares of 1, counts of requests."""

    mode: Mode = Mode.OFF
    target_per_worker: float | None = field(
        default=None,
        metadata=_key(
            "target_per_worker",
            "Requests that a worker shall have, in hand and queued; learnt from what is measured where it is not given.",
            _SMALLEST, MAX_QUEUE,
        ),
    )  # fmt: skip
    window_s: float = field(
        default=60.0,
        metadata=_key("window_s", "Seconds over which concurrency is averaged.", 1, MAX_INTERVAL_S),
    )
    panic_s: float = field(
        default=6.0,
        metadata=_key("panic_s", "Seconds over which a sudden rise is seen; at most window_s.", 1, MAX_INTERVAL_S),
    )
    longest_hold_s: float = field(
        default=600.0,
        metadata=_key(
            "longest_hold_s",
            "Seconds for which what was needed is kept, at first and at most; after four minutes a shorter time may be learnt.",
            0, MAX_INTERVAL_S,
        ),
    )  # fmt: skip
    lookback_s: float = field(
        default=300.0,
        metadata=_key(
            "lookback_s",
            "Seconds in which the highest recommendation of concurrency, of KV caches and of GPUs holds: the model has no fewer"
            " workers than that.",
            0, MAX_INTERVAL_S,
        ),
    )  # fmt: skip
    tolerance: float = field(
        default=0.1,
        metadata=_key("tolerance", "Share of the count by which a wish must differ to change it.", 0, 1),
    )
    kv_high: float = field(
        default=0.8,
        metadata=_key(
            "kv_high",
            "Share of a language model's KV cache in use above which it wants another replica.",
            _SMALLEST,
            1,
        ),
    )
    kv_low: float = field(
        default=0.6,
        metadata=_key(
            "kv_low",
            "Share below which each of the remaining replicas must stay for one to be taken away; at most kv_high.",
            _SMALLEST, 1,
        ),
    )  # fmt: skip
    gpu_target: float | None = field(
        default=None,
        metadata=_key(
            "gpu_target",
            "Share of the time that the model's GPUs shall be busy. Not looked at where it is not given: a GPU that is always busy"
            " may still be in time.",
            _SMALLEST, 1,
        ),
    )  # fmt: skip
    stale_after_s: float = field(
        default=300.0,
        metadata=_key(
            "stale_after_s",
            "Seconds without numbers after which the model goes to the last count that was decided on fresh ones.",
            1, MAX_INTERVAL_S,
        ),
    )  # fmt: skip
    to_zero_after_s: float | None = field(
        default=None,
        metadata=_key(
            "scaleToZeroAfterSec",
            "Seconds without requests after which the model has no workers any more, whatever minWorkers is; never where it is not"
            " given.",
            1, MAX_TIMEOUT_S,
        ),
    )  # fmt: skip

    @property
    def on(self) -> bool:
        """Whether anything is decided at all."""
        return self.mode is not Mode.OFF


_MODE: Final = AutoscaleKey(
    "mode",
    "off; advise: decide, record and log, but change nothing; act: change the number of workers, between minWorkers and"
    " maxWorkers. off unless it is given.",
)
# The field of a key that is spelt otherwise, and of all others.
FIELDS: Final = {slot.metadata["key"].name: slot.name for slot in fields(Autoscale) if "key" in slot.metadata}
AUTOSCALE_KEYS: Final[Mapping[str, AutoscaleKey]] = {
    "mode": _MODE,
    **{slot.metadata["key"].name: slot.metadata["key"] for slot in fields(Autoscale) if "key" in slot.metadata},
}
_PAIRS: Final = (("panic_s", "window_s"), ("kv_low", "kv_high"))


def default_of(name: str) -> Any:
    """What holds where nobody gives a key of this name."""
    return getattr(Autoscale(), FIELDS.get(name, name))


def contradiction(autoscale: Autoscale) -> tuple[str, str] | None:
    """The first key that is above another one which it may not be above, and that other; None where there is none."""
    return next((pair for pair in _PAIRS if getattr(autoscale, pair[0]) > getattr(autoscale, pair[1])), None)
