"""Memory and processor time of workers: with what they started, over restarts, and for a while after their end."""

import subprocess
import sys
from pathlib import Path

import pytest

from metrics.collectors.machine import Machine
from servescope.metrics.collectors.workers import KEPT_S, LOOK_AGAIN, WorkersCollector
from servescope.metrics.recording.processes import Elsewhere, WorkerProcess, WorkerProcesses

ONE = ("m", "1.0", "W-9000-m_1.0")
TWO = ("m", "1.0", "W-9001-m_1.0")
Values = dict[tuple[str, ...], float]


class Bench:
    """A machine, its workers, and a clock that is set by hand."""

    def __init__(self, proc: Path) -> None:
        self.machine = Machine(proc)
        self.workers = WorkerProcesses()
        self.now = 1000.0
        self.collector = WorkersCollector(
            self.workers.snapshot, proc, 100, 4096, lambda: self.now, self.workers.elsewhere
        )

    def start(self, labels: tuple[str, str, str], pid: int) -> None:
        model, version, name = labels
        self.workers.started(name, model, version, pid)

    def sample(self) -> tuple[Values, Values]:
        """Memory in pages and processor time in ticks, by worker."""
        memory: Values = {}
        time: Values = {}
        for reading in self.collector.update():
            if reading.family == "servescope_worker_memory_bytes":
                memory[reading.labels] = reading.value / 4096
            else:
                assert reading.family == "servescope_worker_cpu_seconds_total"
                time[reading.labels] = pytest.approx(reading.value * 100)
        return memory, time

    def seconds(self) -> Values:
        return self.sample()[1]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    bench = Bench(tmp_path)
    bench.machine.run(1, 0, own=9000, pages=9000)
    return bench


def test_gone_workers_make_room(bench: Bench) -> None:
    """Their last times are kept for a scrape to see, but not of all those that came and went since; who runs stays."""
    bench.start(ONE, 9)
    bench.machine.run(9, 1, 9, own=5)
    for number in range(150):
        bench.start(("m", "1.0", f"W-{number}"), 10 + number)
        bench.machine.run(10 + number, 1, 10 + number, own=1)
        bench.sample()
        bench.workers.ended(f"W-{number}")
        bench.now += 1
    kept = [worker for _, _, worker in bench.seconds()]
    assert kept == [ONE[2], *(f"W-{number}" for number in range(50, 150))]


def test_another_machine(bench: Bench) -> None:
    """What is told of a worker elsewhere is shown with the others', over restarts there; its id means another process."""
    told = Elsewhere("far", "0123456789ab")
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=5, pages=7)
    bench.machine.run(11, 1, 11, own=99, pages=99)
    model, version, name = TWO
    bench.workers.started(name, model, version, 11, told)
    assert bench.sample() == ({ONE: 7}, {ONE: 5})
    told.memory_bytes, told.cpu_s = 3 * 4096, 0.5
    assert bench.sample() == ({ONE: 7, TWO: 3}, {ONE: 5, TWO: 50})
    bench.workers.started(name, model, version, 11, Elsewhere("farther", "a0123456789b", 4096, 0.25))
    assert bench.sample() == ({ONE: 7, TWO: 1}, {ONE: 5, TWO: 75})
    bench.workers.ended(name)
    assert bench.sample() == ({ONE: 7}, {ONE: 5, TWO: 75})


def test_gpus_of_another_machine(bench: Bench) -> None:
    """What it has of each is shown with the device's own label there."""
    model, version, name = TWO
    bench.workers.started(name, model, version, 11, Elsewhere("far", "0123456789ab", 4096, 0.5, {"0": 5, "1:1": 7}))
    shown = {reading.labels: reading.value for reading in bench.collector.update() if "gpu" in reading.family}
    assert shown == {(*TWO, "0"): 5, (*TWO, "1:1"): 7}


def test_with_descendants(bench: Bench) -> None:
    """Both workers from one look at the processes; nobody else's counts."""
    bench.start(ONE, 10)
    bench.start(TWO, 20)
    bench.machine.run(10, 1, 10, own=300, pages=50)
    bench.machine.run(11, 10, 10, own=40, pages=5)
    bench.machine.run(12, 11, 12, own=4, pages=1)
    bench.machine.run(20, 1, 20, own=7, pages=3)
    assert bench.sample() == ({ONE: 56, TWO: 3}, {ONE: 344, TWO: 7})


def test_a_child_that_was_waited_for(bench: Bench) -> None:
    """Its time is its parent's then, once."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=300)
    bench.machine.run(11, 10, 10, own=40)
    assert bench.seconds() == {ONE: 340}
    bench.machine.end(11)
    bench.machine.run(10, 1, 10, own=310, reaped=45)
    assert bench.seconds() == {ONE: 355}


def test_a_child_that_nobody_waited_for(bench: Bench) -> None:
    """The time that it had used stays used."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=300)
    bench.machine.run(11, 10, 10, own=40)
    bench.sample()
    bench.machine.end(11)
    assert bench.seconds() == {ONE: 340}
    bench.machine.run(10, 1, 10, own=302)
    assert bench.seconds() == {ONE: 342}


def test_a_restart_counts_on(bench: Bench) -> None:
    """Whether its end was seen by a sample or not; a smaller or larger figure of the new process adds to the old."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=300, pages=5)
    bench.sample()
    bench.machine.end(10)
    bench.workers.ended(ONE[2])
    assert bench.sample() == ({}, {ONE: 300})
    bench.start(ONE, 11)
    bench.machine.run(11, 1, 11, own=20, pages=6)
    assert bench.sample() == ({ONE: 6}, {ONE: 320})
    bench.machine.end(11)
    bench.start(ONE, 12)
    bench.machine.run(12, 1, 12, own=500)
    assert bench.seconds() == {ONE: 820}


def test_last_counts_are_kept_for_a_while(bench: Bench) -> None:
    """So long that a scrape sees them, then they go, and with them the memory that they take."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=300)
    bench.sample()
    bench.workers.ended(ONE[2])
    bench.now += KEPT_S - 1
    assert bench.seconds() == {ONE: 300}
    bench.now += 1
    assert bench.seconds() == {}


def test_a_worker_without_a_process(bench: Bench) -> None:
    """It ended this moment and nobody has said so yet: no readings, no failure."""
    bench.start(ONE, 10)
    assert bench.sample() == ({}, {})


def test_nobody_runs(tmp_path: Path) -> None:
    """The processes are not even looked at."""
    assert list(WorkersCollector(tuple, tmp_path / "none").update()) == []


def test_a_real_process() -> None:
    """One that computes until it has used half a second, with a child that holds 64 MiB."""
    hold = "import sys; kept = bytearray(b'x') * (64 * 1024**2); print('ready', flush=True); sys.stdin.read()"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', {hold!r}], stdin=subprocess.PIPE)\n"
        "while time.process_time() < 0.5: pass\n"
        "sys.stdin.read()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    worker = WorkerProcess(*ONE, process.pid)
    collector = WorkersCollector(lambda: [worker])
    readings = {"servescope_worker_cpu_seconds_total": 0.0}
    while readings["servescope_worker_cpu_seconds_total"] < 0.5:
        assert process.poll() is None
        readings = {reading.family: reading.value for reading in collector.update()}
    process.communicate()
    assert 64 * 1024**2 < readings["servescope_worker_memory_bytes"] < 256 * 1024**2


def test_ids_that_are_used_again(bench: Bench) -> None:
    """A process that was nobody's is not read again, but its id is, in the end; a new child counts at once."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=0, pages=50)
    bench.machine.run(99, 1, 99, own=0, pages=7)
    assert bench.sample()[0] == {ONE: 50}
    bench.machine.run(11, 10, 10, own=0, pages=5)
    bench.machine.run(99, 10, 10, own=0, pages=7)
    assert bench.sample()[0] == {ONE: 55}
    assert [bench.sample()[0] for _ in range(LOOK_AGAIN)][-1] == {ONE: 62}


def test_a_worker_that_ran_before_it_was_known(bench: Bench) -> None:
    """What was nobody's belongs to the worker that is told of later."""
    bench.start(ONE, 10)
    bench.machine.run(10, 1, 10, own=0, pages=50)
    bench.machine.run(20, 1, 20, own=0, pages=3)
    bench.machine.run(21, 20, 20, own=0, pages=4)
    assert bench.sample()[0] == {ONE: 50}
    bench.start(TWO, 20)
    assert bench.sample()[0] == {ONE: 50, TWO: 7}
