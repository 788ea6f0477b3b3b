"""For how many more workers there is room."""

import pytest

from clock import Clock
from fleet.clock import run, settle
from fleet.scripted import Life, silent
from servescope.autoscaler.signals import Room
from servescope.fleet.gpus import GpuCounter, ModelDevices
from servescope.scaling.host import Host, HostState
from servescope.scaling.room import Rooms
from servescope.wire.messages import Load, ToWorker
from serving.parts import Served, model_of

GIB = 1024.0**3


class Machine:
    """A model of so many workers, on a machine in this state. To be made while the loop runs."""

    def __init__(self, state: HostState, workers: int = 2, script=silent, devices=None, **options) -> None:
        self.clock = Clock(0.0)
        self.served = Served(script, workers=workers, devices=devices)
        self.model = model_of(served=self.served, **options)
        host = Host([], self.clock)
        host._state, host._read_at = state, float("inf")  # it stays as it is
        self.own_s = 0.0
        self.rooms = Rooms(self.served.registry, host, self.clock, lambda: self.own_s)

    def weigh(self, *sizes: float) -> None:
        """The collectors say how large the workers are."""
        for worker, size in zip(self.model.pool, sizes, strict=False):
            self.served.registry.gauge("servescope_worker_memory_bytes").labels("m", "1.0", worker.name).value = size

    def spend(self, *seconds: float) -> None:
        """The collectors say what the workers have taken of processors."""
        for worker, spent in zip(self.model.pool, seconds, strict=True):
            self.served.registry.counter("servescope_worker_cpu_seconds_total").labels(
                "m", "1.0", worker.name
            ).value = spent


async def memory(state, sizes, expected):
    machine = Machine(state)
    await settle()
    machine.weigh(*sizes)
    assert machine.rooms.of(machine.model) == expected


@pytest.mark.parametrize(
    ("state", "sizes", "expected"),
    [
        (HostState(available=10 * GIB), (GIB, 2 * GIB), Room(4, "memory")),
        (HostState(available=10 * GIB, left=5 * GIB), (GIB, GIB), Room(4, "container_memory")),
        (HostState(available=3 * GIB, left=50 * GIB), (GIB, GIB), Room(2, "memory")),
        (HostState(available=0.5 * GIB), (GIB, GIB), Room(0, "memory")),
        (HostState(left=-1.0), (GIB, GIB), Room(0, "container_memory")),
        (HostState(), (GIB, GIB), None),
        (HostState(available=10 * GIB), (), None),
    ],
)
def test_memory(state, sizes, expected):
    """By the largest of its own workers, with a little left over; nothing where sizes or limits are not known."""
    run(memory(state, sizes, expected))


def first_loads(life: Life, message: ToWorker) -> None:
    """Only the first worker of the pool gets to work."""
    if not isinstance(message, Load) or life.pid == 1000:
        silent(life, message)


async def loading():
    machine = Machine(HostState(available=10 * GIB), 4, first_loads)
    await settle()
    machine.weigh(GIB, GIB, GIB, GIB)
    assert machine.rooms.of(machine.model) == Room(9 - 3, "memory")


def test_workers_that_load_have_yet_to_take_their_room():
    """They are counted as if they had."""
    run(loading())


async def many_models():
    machine = Machine(HostState(available=10 * GIB))
    await settle()
    machine.weigh(GIB, GIB)
    other = Machine(HostState(available=10 * GIB), 4, first_loads)
    await settle()
    other.weigh(GIB, GIB, GIB, GIB)
    other.rooms._memory = machine.rooms._memory  # of one server
    assert machine.rooms.of(machine.model) == Room(9, "memory")
    machine.rooms.note(other.model)
    assert machine.rooms.of(machine.model) == Room(6, "memory")
    machine.rooms.look([machine.model])
    assert machine.rooms.of(machine.model) == Room(6, "memory")
    machine.rooms.note(machine.model)
    machine.rooms.look([machine.model])
    assert machine.rooms.of(machine.model) == Room(9, "memory")


def test_what_others_are_about_to_take():
    """Models that grow in the same second do not take the same room; one that has gone takes none."""
    run(many_models())


async def on_gpus(options, devices, free, expected):
    machine = Machine(HostState(free=free), devices=ModelDevices(GpuCounter(4), "gpu", *devices), **options)
    await settle()
    sizes = {("m", "1.0", worker.name): {"0": 20.0} for worker in machine.model.pool}
    machine.rooms._host._state = HostState(free=free, worker_bytes=sizes)
    assert machine.rooms.of(machine.model) == expected


@pytest.mark.parametrize(
    ("options", "devices", "free", "expected"),
    [
        ({}, (None, 0), {"0": 50.0, "1": 80.0, "2": 10.0}, Room(2 + 3, "gpu_memory")),
        ({"device_ids": (1,)}, ((1,), 0), {"0": 50.0, "1": 80.0}, Room(3, "gpu_memory")),
        ({"parallel_level": 2}, (None, 2), {"0": 50.0, "1": 50.0, "2": 30.0}, Room(2, "gpu_memory")),
    ],
)
def test_gpu_memory(options, devices, free, expected):
    """On the GPUs that the model may use; a worker over two of them needs room on both."""
    run(on_gpus(options, devices, free, expected))


async def busy_gpus():
    machine = Machine(HostState(busy={"1": 0.5}), devices=ModelDevices(GpuCounter(3), "gpu", None, 0))
    await settle()
    assert machine.rooms.busy(machine.model) == (0.5, None)
    cpu = Machine(HostState(busy={"1": 0.5}))
    await settle()
    assert cpu.rooms.busy(cpu.model) == ()


def test_how_busy_its_gpus_are():
    """Each that its workers use; None of one that is not measured, none of a model without."""
    run(busy_gpus())


async def processors():
    machine = Machine(HostState(cores=4.0))
    await settle()
    machine.spend(0.0, 0.0)
    machine.rooms.look([machine.model])
    assert machine.rooms.of(machine.model) is None
    for worker in machine.model.pool:
        worker.hand._busy_s += 20.0
    machine.clock.now, machine.own_s = 40.0, 20.0
    machine.spend(20.0, 16.0)
    machine.rooms.look([machine.model])
    # 0.5 + 0.4 cores of workers, of which one takes a whole core while it is busy, and 0.5 of the front end.
    assert machine.rooms.of(machine.model) == Room(2, "container_cpu")


def test_the_containers_processors():
    """What is left of them, by what the busiest of its workers takes while it is busy."""
    run(processors())
