"""What is measured of one model version, as the policy is told it: in, its recorder, queue and pool; out, `Signals`.

Asked once a second by `scaled`, on the loop's thread. It reads counters and numbers that are kept anyway: nothing is rendered, and
what takes longer (sorting service times) is done only when enough is new. What cannot be measured now is None.
"""

import math

from servescope.autoscaler.signals import Room, ServiceTimes, Signals
from servescope.fleet.worker.work import WorkerState
from servescope.metrics.instruments import Histogram
from servescope.scaling.service import service_times
from servescope.serving.model import Model

REMEMBERED = 500
# So many new ones are worth sorting all of them again.
_NEW = 100
# What costs more than a look is done so often at the most.
_EVERY_S = 5.0
_NEVER_S = 1e9  # longer than anybody asks for; a number, as what is infinite is no measurement


class Measures:
    """Of one model version."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._served = model.recorder.requests.remember(REMEMBERED)
        self._service: ServiceTimes | None = None
        self._service_of = 0
        self._service_at = -math.inf
        self._settled_at = -math.inf
        self._load_s: float | None = None
        self._loads = 0
        self._moved: tuple[int, int] | None = None
        self._moved_at = -math.inf

    @property
    def at_once(self) -> int | None:
        """How many requests a worker takes at the same time; None: as many as come."""
        options = self._model.options
        if self._asynchronous:
            return options.max_concurrency
        return self._model.dispatcher.options.batch_size

    @property
    def _asynchronous(self) -> bool:
        return self._model.options.async_communication or bool(self._model.pool.served)

    def read(self, at: float, room: Room | None, gpus: tuple[float | None, ...]) -> Signals:
        """The numbers of this moment, `at` monotonic seconds. What the machine has, `room` and `gpus`, is said."""
        model = self._model
        recorder, dispatcher = model.recorder, model.dispatcher
        arrived, finished = recorder.arrived_count, recorder.requests.finished_count
        self._settle(at)
        workers = [worker for worker in model.pool if not worker.retiring and worker.state is not WorkerState.GAVE_UP]
        at_work = [worker for worker in workers if worker.at_work]
        engines = [worker.engine for worker in at_work] if model.pool.served else []
        waiting = [engine.waiting for engine in engines if engine is not None]
        return Signals(
            at=at,
            arrived=arrived,
            finished=finished,
            late=(recorder.requests.late_count or 0) + recorder.refused_count,
            queued=len(dispatcher),
            workers=len(at_work),
            starting=len(workers) - len(at_work),
            service=self._service_times(at, finished),
            load_s=self._load_time(recorder.load_seconds),
            in_flight=dispatcher.in_hand,
            oldest_s=dispatcher.oldest_s,
            failed_starts=model.pool.loads.failed,
            kv_cache=tuple(None if engine is None else engine.kv_cache_usage for engine in engines),
            waiting=sum(waiting) if len(waiting) == len(engines) else None,
            gpu=gpus,
            room=room,
            idle_s=self._idle(at, arrived, finished, busy=len(workers) > len(at_work) == 0 or model.in_flight > 0),
        )

    def _settle(self, at: float) -> None:
        """Have the requests recorded that are over, now and then: a few at a time they cost several times as much."""
        requests = self._model.recorder.requests
        if requests.unrecorded and (self._service is None or at - self._settled_at >= _EVERY_S):
            requests.settle()
            self._settled_at = at

    def _service_times(self, at: float, finished: int) -> ServiceTimes | None:
        due = finished - self._service_of >= _NEW and at - self._service_at >= _EVERY_S
        if due or self._service is None:
            at_once = self.at_once if self._asynchronous else 1
            self._service, self._service_of, self._service_at = service_times(self._served, at_once), finished, at
        return self._service

    def _load_time(self, loads: Histogram) -> float | None:
        """As the recorder has it, worked out again after each load."""
        if loads.count != self._loads:
            self._loads, self._load_s = loads.count, self._model.recorder.slow_load_s
        return self._load_s

    def _idle(self, at: float, arrived: int, finished: int, *, busy: bool) -> float:
        """Since a request came or was over, or since the first worker was there for those to come; from the first look on.

        A model that was registered without workers sleeps until it is asked.
        """
        if self._moved is None and not (arrived or len(self._model.pool)):
            self._moved, self._moved_at = (0, 0), at - _NEVER_S
        if busy or (arrived, finished) != self._moved:
            self._moved, self._moved_at = (arrived, finished), at
        return at - self._moved_at
