"""For how many more of a model's workers there is room: in, what the machine has left and how large the model's own workers are;
out, `Room`, with what is scarcest, and how busy its GPUs are.

Asked by `loop` for each model once a second. A worker's size is the largest of those that are measured; where none is, nothing is
known, and nothing bound. Workers that load have yet to take what they will.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from math import floor
from typing import Final

from msgspec import Struct

from servescope.autoscaler.signals import Room
from servescope.fleet.worker.worker import Worker
from servescope.metrics.registry import Registry
from servescope.scaling.host import UNKNOWN, Host, HostState
from servescope.serving.model import Model

# Of what is left, so much is nobody's: other processes grow too, and the kernel kills without asking.
SPARED: Final = 0.05
_MEASURED_S: Final = 30.0  # of processors, over at least so long: the collectors look every few seconds


class _Spent(Struct):
    """What a worker had spent of processors, and how long it had been busy, when that was last looked at; cores until then, and
    while it was busy.
    """

    at: float
    cpu_s: float
    busy_s: float
    cores: float = 0.0
    cores_busy: float | None = None


class Rooms:
    """For all models. `registry` has how large workers are, by the collectors; `clock` is monotonic seconds, `own` those of
    processors that this process has taken.
    """

    def __init__(
        self, registry: Registry, host: Host, clock: Callable[[], float], own: Callable[[], float] = time.process_time
    ) -> None:
        self._memory = registry.gauge("servescope_worker_memory_bytes")
        self._cpu = registry.counter("servescope_worker_cpu_seconds_total")
        self._host = host
        self._clock = clock
        self._own = own
        self._own_spent = _Spent(clock(), own(), 0.0)
        self._spent: dict[Worker, _Spent] = {}
        self._loading: dict[Model, float] = {}  # bytes that workers which load will take, by model

    def of(self, model: Model) -> Room | None:
        """None: nothing that bounds it is known, as of one whose workers run on a Ray cluster, which itself says what there is."""
        state = self._host.state
        if state is UNKNOWN or model.options.ray is not None:
            return None
        workers = [worker for worker in model.pool if not worker.retiring]
        at_work = [worker for worker in workers if worker.at_work]
        loading = len(workers) - len(at_work)
        found = [Room(max(0, more), what) for more, what in self._mores(model, at_work, loading, state)]
        return min(found, key=lambda room: room.more, default=None)

    def note(self, model: Model) -> None:
        """Its count may have changed: what its workers that load will take is no longer there for other models."""
        if self._host.state is UNKNOWN or model.options.ray is not None:
            return
        workers = [worker for worker in model.pool if not worker.retiring]
        at_work = [worker for worker in workers if worker.at_work]
        loading = len(workers) - len(at_work)
        self._loading[model] = loading * self._size(model, at_work) if loading else 0.0

    def busy(self, model: Model) -> tuple[float | None, ...]:
        """How busy each of the GPUs is that its workers use, a share of 1; None: not known."""
        used = {device for worker in model.pool if worker.at_work for device in _devices(worker)}
        return tuple([self._host.state.busy.get(device) for device in sorted(used)])

    def look(self, models: Sequence[Model]) -> None:
        """Look at the machine, if it is time, and at what all workers have spent of processors; once a second."""
        self._host.look(often=any(model.options.autoscale.gpu_target is not None for model in models))
        if len(self._loading) > len(models):
            self._loading = {model: size for model, size in self._loading.items() if model in models}
        if self._host.state.cores is not None:
            self._look_at_processors(models)

    def close(self) -> None:
        """Look at nothing any more."""
        self._host.close()

    def _look_at_processors(self, models: Sequence[Model]) -> None:
        at = self._clock()
        there = {worker: model for model in models for worker in model.pool if worker.at_work and worker.here}
        self._spent = {worker: spent for worker, spent in self._spent.items() if worker in there}
        for worker, model in there.items():
            series = self._cpu.series.get((model.name, model.version, worker.name))
            if series is not None:
                _spend(self._spent, worker, at, series.value, worker.hand.busy_s)
        _note(self._own_spent, at, self._own(), 0.0)

    def _mores(self, model: Model, at_work: list[Worker], loading: int, state: HostState) -> Iterator[tuple[int, str]]:
        size = self._size(model, at_work)
        if size:
            promised = sum(self._loading.values()) - self._loading.get(model, 0.0) + loading * size
            for left, what in ((state.available, "memory"), (state.left, "container_memory")):
                if left is not None:
                    yield floor((left * (1.0 - SPARED) - promised) / size), what
        if state.free and (more := _gpu_room(model, at_work, state)) is not None:
            yield more - loading, "gpu_memory"
        if state.cores is not None and (cores := self._cores(at_work)):
            used = self._own_spent.cores + sum(spent.cores for spent in self._spent.values())
            yield floor((state.cores - used) / cores) - loading, "container_cpu"

    def _size(self, model: Model, at_work: list[Worker]) -> float:
        series = self._memory.series
        keys = ((model.name, model.version, worker.name) for worker in at_work)
        return max((series[key].value for key in keys if key in series), default=0.0)

    def _cores(self, at_work: list[Worker]) -> float | None:
        """What the busiest of them takes while it is at something."""
        spent = (self._spent[worker].cores_busy for worker in at_work if worker in self._spent)
        return max((cores for cores in spent if cores is not None), default=None)


def _devices(worker: Worker) -> list[str]:
    if worker.devices.visible:
        return worker.devices.visible.split(",")
    return [] if worker.devices.gpu_id is None else [str(worker.devices.gpu_id)]


def _gpu_room(model: Model, at_work: list[Worker], state: HostState) -> int | None:
    """How many more fit on the GPUs that it may use; None where its workers' sizes are not known."""
    keys = [(model.name, model.version, worker.name) for worker in at_work]
    sizes = [size for key in keys for size in state.worker_bytes.get(key, {}).values()]
    if not sizes or not max(sizes):
        return None
    ids = model.options.device_ids
    level = max(1, model.options.parallel_level)
    fit = [
        floor(max(0.0, free * (1.0 - SPARED)) / max(sizes))
        for device, free in state.free.items()
        if ids is None or device in map(str, ids)
    ]
    return sum(fit) // level


def _spend(all_: dict[Worker, _Spent], worker: Worker, at: float, cpu_s: float, busy_s: float) -> None:
    spent = all_.get(worker)
    if spent is None:
        all_[worker] = _Spent(at, cpu_s, busy_s)
    else:
        _note(spent, at, cpu_s, busy_s)


def _note(spent: _Spent, at: float, cpu_s: float, busy_s: float) -> None:
    """Its shares of a processor, once enough time has passed."""
    passed, cpu, busy = at - spent.at, cpu_s - spent.cpu_s, busy_s - spent.busy_s
    if passed < _MEASURED_S:
        return
    spent.cores = max(0.0, cpu / passed)
    if busy > 0.1 * passed:
        spent.cores_busy = max(0.0, cpu / busy)
    spent.at, spent.cpu_s, spent.busy_s = at, cpu_s, busy_s
