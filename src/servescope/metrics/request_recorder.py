"""The finished requests of one registered model version, noted as they end and recorded many at a time.

In: one call a request from `web`, when its outcome is known. Out: rows, which `request_series` makes series of: after every
MOST requests, and before each scrape. This is the hot path of measuring: a call makes a tuple and appends it. Made by
`recorder.Recorder`.
"""

from servescope.metrics.request_series import RequestSeries, Row
from servescope.metrics.request_times import BatchTimes

# Recording so many takes 0.1 ms, and folding one of the 14 histograms that they go to twice that: each has its turn every
# 900 requests. Folding them sooner costs more, as fewer values fall into each bucket.
MOST = 64
FOLDED = 1


class RequestRecorder:
    """What became of a model's requests."""

    __slots__ = ("_recorded", "_rows", "_series", "batch_sent")

    def __init__(self, series: RequestSeries) -> None:
        self._series = series
        self._rows: list[Row] = []
        self._recorded = 0
        self.batch_sent = series.batch_sizes.pending.append

    @property
    def finished_count(self) -> int:
        """How many requests came to their end."""
        return self._recorded + len(self._rows)

    @property
    def unrecorded(self) -> int:
        """How many of them are noted and not recorded."""
        return len(self._rows)

    def finished(
        self,
        route: str,
        code: int,
        arrived: float,
        ended: float,
        times: BatchTimes | None,
        queued: bool,
        received_bytes: int,
        sent_bytes: int,
        label: str,
        mark: str,
    ) -> None:
        """A request of the model came to its end; called exactly once for each.

        `route`: predict, explain or openai. `code`: the answer's status, 499 where the client hung up. `arrived`, `ended`:
        monotonic seconds. `times`: its batch's, None where it never was in one. `queued`: it was taken into the queue.
        `received_bytes`, `sent_bytes`: of its body and its answer's. `label`, `mark`: the exemplar, `trace_id` or `request_id`
        and its value.
        """
        rows = self._rows
        rows.append((route, code, arrived, ended, times, queued, received_bytes, sent_bytes, label, mark))
        if len(rows) >= MOST:
            self.settle()
            self._series.fold(FOLDED)

    def settle(self) -> None:
        """Record what was noted."""
        rows, self._rows = self._rows, []
        if rows:
            self._recorded += len(rows)
            self._series.record(rows)

    def remove(self) -> None:
        """Drop all series."""
        self._series.remove()
