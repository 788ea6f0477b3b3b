"""Slow requests with their stages: in, the rows that become exemplars; out, for each bucket of the durations the latest of them.

Kept by `series` beside the exemplars, which have room for no more than an id; shown by the console.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from msgspec import Struct

from servescope.metrics.recording.requests.times import BatchTimes, stage_times


class SlowRequest(Struct, frozen=True):
    """One. `label`: what `id` is, trace_id or request_id. `arrived`, `ended`: monotonic seconds. `times`: its batch's."""

    label: str
    id: str
    arrived: float
    ended: float
    times: BatchTimes | None

    @property
    def duration_s(self) -> float:
        """From its arrival to its end."""
        return self.ended - self.arrived

    @property
    def stages(self) -> dict[str, float]:
        """Where its time went."""
        return stage_times(self.times, self.arrived, self.ended, queued=True)


class SlowRequests:
    """Of one model version."""

    def __init__(self) -> None:
        self._by_bucket: dict[int, SlowRequest] = {}

    def keep(self, bounds: Sequence[float], request: SlowRequest) -> None:
        """In the place of the one before of its bucket."""
        self._by_bucket[bisect_left(bounds, request.duration_s)] = request

    def __iter__(self) -> Iterator[SlowRequest]:
        """The slowest first."""
        return iter(sorted(self._by_bucket.values(), key=lambda one: -one.duration_s))
