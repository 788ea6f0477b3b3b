"""What the workers of one model version go through, told to the metrics. In: calls of `fleet.pool`. Out: those of `metrics`."""

from collections import Counter

from servescope.errors import last_line
from servescope.fleet.launch import HandlerMetrics
from servescope.fleet.worker.polled import Polled
from servescope.fleet.worker.worker import Worker
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.recording.recorder import ModelRecorder, Recorder
from servescope.wire.measured.reading import MeasuredReader
from servescope.wire.messages import EngineStats, Stepped


class Troubles:
    """What has gone wrong so far, for `serving.readiness.survey`. `restarts`: by reason, as servescope_worker_restarts_total has
    them. `latest`: the last line of why a worker ended that nobody had ended, "" where none has.
    """

    def __init__(self) -> None:
        self.restarts: Counter[str] = Counter()
        self.latest = ""

    def ended(self, why: str) -> None:
        """A worker's process has ended, or could not be started."""
        self.latest = last_line(why)

    def restarted(self, reason: str) -> None:
        """It is started again."""
        self.restarts[reason] += 1


class WorkerRecords:
    """The records of one pool. The model may not be known to the metrics (any more); then what concerns it is dropped.

    `troubles`: what has gone wrong, for those who look elsewhere than at the metrics.
    """

    def __init__(self, recorder: Recorder, pass_through: PassThrough, name: str, version: str) -> None:
        self._recorder = recorder
        self._pass_through = pass_through
        self._name = name
        self._version = version
        self.troubles = Troubles()
        self._polled: dict[str, Polled] = {}
        self._measured: dict[str, ModelRecorder] = {}  # by worker: the model's may be another one by the worker's end

    @property
    def _model(self) -> ModelRecorder | None:
        return self._recorder.find(self._name, self._version)

    def added(self, worker: Worker) -> None:
        """There is a new worker."""
        hand, polled = worker.hand, self._polled.setdefault(worker.name, Polled())
        self._recorder.workers.added(
            self._name,
            self._version,
            worker.name,
            lambda: hand.busy_s,
            lambda: hand.batch_s,
            lambda: polled.seconds,
        )

    def launched(self, worker: Worker) -> None:
        """It has a process."""
        self._recorder.workers.started(self._name, self._version, worker.name, worker.pid, worker.life.elsewhere)

    def offers(self, worker: Worker, source: HandlerMetrics) -> None:
        """Its handler's own metrics can be had from this."""
        if not isinstance(source, MeasuredReader):
            self._pass_through.attach(worker.name, self._name, self._version, source)
            return
        self._polled[worker.name].began(source)
        if model := self._model:
            self._measured[worker.name] = model
            model.worker_measures(worker.name, source)

    def loaded(self, worker: Worker, seconds: float) -> None:
        """It has loaded the model, so long after the decision to start it."""
        self._recorder.worker_loaded(worker.name, seconds * 1000)
        self._recorder.worker_thread_time(worker.load_command_s * 1000)
        if model := self._model:
            model.loaded(seconds)

    def serves_language_model(self) -> None:
        """A worker has loaded it, and says so."""
        if model := self._model:
            model.serves_language_model()

    def told(self, worker: Worker, message: EngineStats | Stepped) -> None:
        """Its engine is now as it says, or its running batch has had a step."""
        if (model := self._model) is None:
            return
        if isinstance(message, EngineStats):
            model.llm.engine(worker.name, message)
        else:
            model.batching.continuous.stepped(message)

    def ended(self, worker: Worker, why: str) -> None:
        """Its process has ended; `why`, if nobody here had wanted that. What it had measured till then is still there."""
        if why:
            self.troubles.ended(why)
        if polled := self._polled.get(worker.name):
            polled.ended()
        if measured := self._measured.pop(worker.name, None):
            measured.worker_measured(worker.name)
        self._recorder.workers.ended(worker.name)
        self._pass_through.detach(worker.name)
        if model := self._model:
            model.llm.worker_ended(worker.name)

    def restarted(self, reason: str) -> None:
        """A worker that nobody had stopped is started again."""
        self.troubles.restarted(reason)
        if model := self._model:
            model.restarted(reason)

    def gone(self, worker: Worker) -> None:
        """It will not come back."""
        polled = self._polled.pop(worker.name)
        self._recorder.workers.gone(self._name, self._version, worker.name, worker.hand.busy_s, polled.seconds)
        if model := self._model:
            model.llm.worker_gone(worker.name)
