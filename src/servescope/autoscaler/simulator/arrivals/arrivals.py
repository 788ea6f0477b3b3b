"""What patterns and traces give to the simulator. In, moments; out, the same, with the time that they cover."""

from collections.abc import Sequence
from dataclasses import dataclass

from servescope.errors import ConfigurationError

MOST = 2_000_000


@dataclass(frozen=True)
class Arrivals:
    """`at`: seconds since the beginning, in order; `end_s`: until when requests might have come."""

    at: Sequence[float]
    end_s: float


def check_count(expected: float, name: str) -> None:
    """Raise ConfigurationError, which names `name`, for more requests than the simulator goes through in reasonable time."""
    if expected > MOST:
        raise ConfigurationError(f"{name}: about {expected:,.0f} requests, and at most {MOST:,} can be simulated")
