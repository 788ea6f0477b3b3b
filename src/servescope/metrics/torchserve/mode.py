"""What `metrics_mode` means: whether anything is recorded, which families /metrics shows, which writes are logged.

In: the option's text, checked by `config`. Out: a `MetricsMode`, for `setup` and `server`. The modes are TorchServe's
(contract, section C), with `off` and the pair of prometheus and log added.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from msgspec import Struct

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import Definition

# What TorchServe shows in its legacy mode, all that it had before it knew metrics.yaml; the mode does not log them.
LEGACY = ("ts_inference_requests_total", "ts_inference_latency_microseconds", "ts_queue_latency_microseconds")


class MetricsMode(Struct, frozen=True):
    """One mode. `records`: False where nothing is measured at all. `logs`: metric lines are written.

    `shows_custom`: metrics of handlers appear in /metrics. `only`: the families that /metrics shows, None for all.
    """

    records: bool
    logs: bool
    shows_custom: bool
    only: tuple[str, ...] | None

    @property
    def exposes(self) -> bool:
        """Whether /metrics shows anything."""
        return self.only is None or bool(self.only)

    def shown(self, definitions: Sequence[Definition]) -> tuple[Definition, ...]:
        """Those that /metrics shows."""
        return tuple(one for one in definitions if self.only is None or one.name in self.only)

    def logged(self, definitions: Sequence[Definition]) -> tuple[Definition, ...]:
        """Those whose writes are logged, out of families that TorchServe has."""
        if not self.logs:
            return ()
        return tuple(one for one in definitions if self.only is None or one.name not in self.only)


_MODES: Mapping[str, MetricsMode] = MappingProxyType(
    {
        "prometheus": MetricsMode(records=True, logs=False, shows_custom=True, only=None),
        "log": MetricsMode(records=True, logs=True, shows_custom=False, only=()),
        "legacy": MetricsMode(records=True, logs=True, shows_custom=False, only=LEGACY),
        "prometheus,log": MetricsMode(records=True, logs=True, shows_custom=True, only=None),
        "off": MetricsMode(records=False, logs=False, shows_custom=False, only=()),
    }
)


def metrics_mode(text: str) -> MetricsMode:
    """The mode of this name, as `config` spells it. Raises ConfigurationError where there is none."""
    mode = _MODES.get(text)
    if mode is None:
        raise ConfigurationError(f"metrics_mode={text!r} is no metrics mode: use one of {'; '.join(_MODES)}")
    return mode
