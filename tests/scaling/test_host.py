"""What the machine has left."""

import asyncio
import logging

from clock import Clock
from servescope.metrics.collectors.reading import PartlyFailed, Reading
from servescope.scaling.host import BELIEVED, EVERY_S, OFTEN_S, UNKNOWN, Host, HostState, collectors, state_of

MIB = 1024**2


class Collector:
    """Gives what it is told, or raises it; counts how often."""

    def __init__(self, *readings: Reading, name: str = "memory") -> None:
        self.name = name
        self.readings = readings
        self.error: Exception | None = None
        self.times = 0

    def update(self):
        self.times += 1
        if self.error is not None:
            raise self.error
        return self.readings


MEMORY = Reading("MemoryAvailable", ("Host", "h"), 100.0)


def test_what_readings_say():
    """In bytes and cores, by device."""
    gpu = ("0", "uuid", "name")
    state = state_of(
        [
            MEMORY,
            Reading("servescope_cgroup_memory_limit_bytes", (), 50 * MIB),
            Reading("servescope_cgroup_memory_bytes", (), 20 * MIB),
            Reading("servescope_cgroup_cpu_limit_cores", (), 1.5),
            Reading("servescope_gpu_utilization_ratio", gpu, 0.7),
            Reading("servescope_gpu_memory_total_bytes", gpu, 80.0),
            Reading("servescope_gpu_memory_used_bytes", gpu, 30.0),
            Reading("servescope_worker_gpu_memory_bytes", ("m", "1.0", "W", "0"), 20.0),
        ]
    )
    assert state == HostState(
        available=100.0 * MIB,
        left=30.0 * MIB,
        cores=1.5,
        busy={"0": 0.7},
        free={"0": 50.0},
        worker_bytes={("m", "1.0", "W"): {"0": 20.0}},
    )
    assert state_of([]) == UNKNOWN


def test_a_collector_that_fails(caplog):
    """Costs its own numbers, and a line once until it works again."""
    well, ill = Collector(MEMORY), Collector(name="cgroup")
    host = Host([ill, well], Clock(0.0))
    ill.error = ValueError("no number")
    with caplog.at_level(logging.WARNING):
        assert host.read().available == host.read().available == 100.0 * MIB
    assert [record.getMessage() for record in caplog.records] == [
        "Autoscaler: cgroup cannot be read, and bounds nothing: no number"
    ]
    ill.error = PartlyFailed([Reading("servescope_cgroup_cpu_limit_cores", (), 2.0)], "one GPU")
    assert host.read().cores == 2.0


async def looked(host, clock, collector):
    async def look(at, *, often=False):
        clock.now = at
        host.look(often=often)
        if host._reading is not None:
            await host._reading

    assert host.state == UNKNOWN
    await look(0.0)
    assert host.state.available == 100.0 * MIB
    await look(EVERY_S - 1)
    assert collector.times == 1
    await look(EVERY_S)
    assert collector.times == 2
    await look(EVERY_S + OFTEN_S, often=True)
    assert collector.times == 3
    clock.now += BELIEVED * EVERY_S
    assert host.state == UNKNOWN


def test_it_is_read_now_and_then():
    """Every few seconds, often where GPUs matter; what is old is not believed."""
    clock, collector = Clock(0.0), Collector(MEMORY)
    asyncio.run(looked(Host([collector], clock), clock, collector))


def test_this_machine():
    """Its memory can be read; GPUs only where workers are dealt some."""
    assert Host(collectors("h", tuple, gpus=False), Clock(0.0)).read().available
    assert [one.name for one in collectors("h", tuple, gpus=True)] == ["memory", "cgroup", "gpu"]
