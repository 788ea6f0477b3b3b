"""The finished requests of one registered model version, noted as they end and recorded many at a time.

In: one call a request from `web`, when its outcome is known. Out: columns, which `series` adds to its series: after every MOST
requests, when there is time to spare, and before each scrape. This is the hot path of measuring: a call makes a tuple and appends
it. Made by `recorder.Recorder`.
"""

from collections import deque

from servescope.metrics.recording.codes import HUNG_UP
from servescope.metrics.recording.ports.ports import PortRecorder
from servescope.metrics.recording.requests.objectives import ObjectiveCounters
from servescope.metrics.recording.requests.outcome import Answer, RequestOutcome
from servescope.metrics.recording.requests.series import REST, PlainRow, RequestSeries
from servescope.metrics.recording.requests.slow import SlowRequest, SlowRequests
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.metrics.spare_time import SpareTime

# Recording so many takes as long as one request does, and so does folding one of the 14 histograms that they go to: each has its
# turn every 900 requests. To do so sooner costs more, as fewer values fall into each bucket: 2 % of a request with half as many.
MOST = 64
# In which a request that comes alone would not wait for the step before it: the loop would have waited as long for the worker.
ALONE = 16
LISTENER = "inference"

_UNFINISHED = 408
_SPOILT = 400  # as which the unfinished are observed: of themselves, 408 is a deadline that the server missed


class RequestRecorder:
    """What became of a model's requests. `port` counts them among all that was asked on the inference port."""

    __slots__ = ("_calls", "_plain", "_port", "_recorded", "_series", "_spare", "_step", "_unfolded", "batch_sent")

    def __init__(self, series: RequestSeries, port: PortRecorder, spare: SpareTime) -> None:
        self._series = series
        self._port = port
        self._spare = spare
        self._plain: list[PlainRow] = []
        self._calls: list[PlainRow] = []  # of gRPC
        self._recorded = 0
        self._step = MOST
        self._unfolded = 0  # how many were recorded since the last folding
        self.batch_sent = series.batch_sizes.pending.append

    @property
    def finished_count(self) -> int:
        """How many requests came to their end."""
        return self._recorded + self.unrecorded

    @property
    def unrecorded(self) -> int:
        """How many of them are noted and not recorded."""
        return len(self._plain) + len(self._calls)

    @property
    def slow(self) -> SlowRequests:
        """The slowest of those that were answered without an error."""
        return self._series.slow

    @property
    def late_count(self) -> int | None:
        """How many of those that are recorded did not keep to the model's latency; None where it promises none."""
        judge = self._series.objectives
        return None if judge is None or judge.objectives.latency_s is None else judge.late

    def remember(self, batches: int) -> "deque[BatchTimes]":
        """From now on, the times of the last so many requests that a handler answered, a batch's once for each of its own."""
        if self._series.served is None or self._series.served.maxlen != batches:
            self._series.served = deque(maxlen=batches)
        return self._series.served

    def finished_plainly(self, row: PlainRow) -> None:
        """A prediction of the model was answered as a whole, with status 200, by a batch that is `BatchTimes.plain`, and is
        not traced: what `finished` would be told, in less time.
        """
        rows = self._plain
        rows.append(row)
        if len(rows) >= self._step:
            self._spare.later(self._catch_up)

    def called_plainly(self, row: PlainRow) -> None:
        """As `finished_plainly`, of a call of gRPC, which TorchServe's counters of its HTTP ports leave out."""
        rows = self._calls
        rows.append(row)
        if len(rows) >= self._step:
            self._spare.later(self._catch_up)

    def _catch_up(self, alone: bool) -> None:
        """Take one step: record what was noted, or fold as many histograms as keep pace with that."""
        self._step = ALONE if alone else MOST
        if self._unfolded:
            for _ in range(0, self._unfolded, self._step):
                self._series.fold_next()
            self._unfolded = 0
        elif self.unrecorded >= self._step:
            self._unfolded = self.unrecorded
            self.settle()
            self._spare.later(self._catch_up)

    def finished(self, outcome: RequestOutcome) -> None:
        """A request of the model came to its end; this or `finished_plainly` is called exactly once for each."""
        self._recorded += 1
        code, times, ended = outcome.code, outcome.times, outcome.ended
        if outcome.answer is Answer.WHOLE and outcome.transport == REST:
            self._port.response_sent(code)  # TorchServe counts those of its HTTP ports there
        if outcome.way is not None:
            self._port.http_request(LISTENER, *outcome.way, code)
        mark = ("trace_id", outcome.trace_id) if outcome.trace_id else ("request_id", outcome.request_id)
        sizes = (outcome.received_bytes, outcome.sent_bytes)
        self._series.count(outcome.route, code, outcome.transport)
        self._series.observe(code, outcome.duration_s, *sizes, (*mark, ended))
        if code < 400:
            self._series.keep_slow(SlowRequest(*mark, outcome.arrived, ended, times))
        if (judge := self._series.objectives) is not None:
            _judge(judge, outcome)
        self._series.observe_stages(times, outcome.arrived, ended, queued=outcome.queued)
        if handled := outcome.handled:
            self._series.handled(outcome.asked, (outcome.duration_s,), (handled.turn - outcome.arrived,))
        self._series.bound_batch_sizes()

    def refused(self, route: str, code: int, arrived: float, ended: float, received_bytes: int) -> None:
        """A request of the model was over before anything but its path was looked at; its port has counted it."""
        self._recorded += 1
        self._series.count(route, code)
        self._series.observe(code, ended - arrived, received_bytes, 0, ("request_id", "", ended))
        if (judge := self._series.objectives) is not None:
            if code == HUNG_UP:
                judge.hung_up(ended - arrived, served=False)
            else:
                judge.finished(code, ended - arrived)
        self._series.observe_stages(None, arrived, ended, queued=False)

    def generates(self) -> None:
        """It is a language model."""
        self.settle()
        self._series.generates()

    def unfinished(self, route: str, ended: float, received_bytes: int) -> None:
        """A client did not finish its request of the model: nobody failed it, and no objective counts it."""
        self._recorded += 1
        self._series.count(route, _UNFINISHED)
        self._series.observe(_SPOILT, 0.0, received_bytes, 0, ("request_id", "", ended))
        self._series.observe_stages(None, ended, ended, queued=False)

    def settle(self) -> None:
        """Record what was noted."""
        rows, self._plain = self._plain, []
        calls, self._calls = self._calls, []
        if not rows and not calls:
            return
        self._recorded += len(rows) + len(calls)
        self._series.record_plain(rows + calls if calls else rows, len(calls))
        for some, tell in ((rows, self._port.answered), (calls, self._port.called)):
            ways = [row[7] for row in some]
            for way in set(ways):
                tell(LISTENER, *way, ways.count(way))

    def remove(self) -> None:
        """Drop all series of this project's own families. What was noted counts in those of others, which stay."""
        self.settle()
        self._series.remove()


def _judge(judge: ObjectiveCounters, outcome: RequestOutcome) -> None:
    generation = outcome.times.generation if outcome.times is not None else None
    if outcome.hung_up:
        judge.hung_up(outcome.waited_s, served=outcome.first_piece is not None, generation=generation)
    else:
        judge.finished(outcome.code, outcome.duration_s, generation)
