"""The front end's own process, and resident memory of any."""

import gc
import os
from pathlib import Path

import psutil
import pytest

from metrics.collectors.machine import Machine
from servescope.metrics.collectors.process import (
    ProcessCollector,
    ProcessMemory,
    began_s,
    parse_boot_time,
    parse_max_fds,
)

GENERATIONS = [
    {"collections": 9, "collected": 90, "uncollectable": 0},
    {"collections": 2, "collected": 20, "uncollectable": 1},
]


def values(collector: ProcessCollector) -> dict[tuple[str, ...], float]:
    return {(reading.family, *reading.labels): reading.value for reading in collector.update()}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A process with three descriptors, and the one that is open while they are listed."""
    machine = Machine(tmp_path)
    machine.run(77, own=250, reaped=9999, pages=50)
    (tmp_path / "self").symlink_to("77")
    (tmp_path / "77/fd").mkdir()
    for number in range(4):
        (tmp_path / f"77/fd/{number}").touch()
    (tmp_path / "77/limits").write_text(
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        "Max open files            1024                 524288               files     \n"
    )
    (tmp_path / "stat").write_text("cpu  1 2 3 4\nbtime 1700000000\nprocesses 5\n")
    return machine


def test_figures(machine: Machine) -> None:
    """Own processor time, without that of children; times in seconds, memory in bytes."""
    assert values(ProcessCollector(lambda: GENERATIONS, machine.proc, ticks_per_s=100, page_size=4096)) == {
        ("process_cpu_seconds_total",): 2.5,
        ("process_resident_memory_bytes",): 50 * 4096,
        ("process_virtual_memory_bytes",): 65536,
        ("process_start_time_seconds",): 1700000007.0,
        ("process_open_fds",): 3,
        ("process_max_fds",): 1024,
        ("python_gc_collections_total", "0"): 9,
        ("python_gc_collections_total", "1"): 2,
        ("python_gc_objects_collected_total", "0"): 90,
        ("python_gc_objects_collected_total", "1"): 20,
        ("python_gc_objects_uncollectable_total", "0"): 0,
        ("python_gc_objects_uncollectable_total", "1"): 1,
    }


def test_a_clock_that_is_set(machine: Machine) -> None:
    """Moves the boot time that the kernel tells, but the process has not started anew."""
    collector = ProcessCollector(lambda: GENERATIONS, machine.proc, ticks_per_s=100, page_size=4096)
    before = values(collector)
    (machine.proc / "stat").write_text("cpu  1 2 3 4\nbtime 1700003600\nprocesses 5\n")
    assert values(collector) == before


def test_no_limit_on_files(machine: Machine) -> None:
    """The figure is left out."""
    (machine.proc / "77/limits").write_text(
        "Max open files            unlimited            unlimited            files\n"
    )
    assert ("process_max_fds",) not in values(ProcessCollector(list, machine.proc))


def test_unusable(tmp_path: Path) -> None:
    """What /proc does not say is an error that says so, not a figure."""
    with pytest.raises(ValueError, match="no line `btime`"):
        parse_boot_time("cpu 1 2 3\n")
    with pytest.raises(ValueError, match="no line `Max open files`"):
        parse_max_fds("Max cpu time 1 1 seconds\n")
    with pytest.raises(FileNotFoundError, match="self/stat cannot be read"):
        ProcessCollector(list, tmp_path).update()


def test_this_process_as_psutil_sees_it() -> None:
    """Read one right after the other."""
    collector = ProcessCollector(gc.get_stats)
    ours, theirs = values(collector), psutil.Process()
    times = theirs.cpu_times()
    assert ours["process_cpu_seconds_total",] == pytest.approx(times.user + times.system, abs=0.1)
    assert ours["process_resident_memory_bytes",] == pytest.approx(theirs.memory_info().rss, rel=0.05)
    assert ours["process_virtual_memory_bytes",] == pytest.approx(theirs.memory_info().vms, rel=0.02)
    assert ours["process_start_time_seconds",] == pytest.approx(theirs.create_time(), abs=2.0)
    assert ours["process_max_fds",] == os.sysconf("SC_OPEN_MAX")
    assert ours["python_gc_collections_total", "2"] <= gc.get_stats()[2]["collections"]


def test_open_descriptors() -> None:
    """A pipe is two more."""
    collector = ProcessCollector(gc.get_stats)
    before = values(collector)["process_open_fds",]
    ends = os.pipe()
    after = values(collector)["process_open_fds",]
    for end in ends:
        os.close(end)
    assert after - before == 2


def test_resident_memory(machine: Machine) -> None:
    """In bytes."""
    assert ProcessMemory(machine.proc, page_size=4096).resident_bytes(77) == 50 * 4096


@pytest.mark.parametrize("pid", [0, -1, 4712])
def test_no_such_process(tmp_path: Path, pid: int) -> None:
    """A worker that is gone has no memory, and its description no error."""
    assert ProcessMemory(tmp_path).resident_bytes(pid) == 0


def test_resident_memory_as_psutil_sees_it() -> None:
    """Read one right after the other."""
    assert ProcessMemory().resident_bytes(os.getpid()) == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)


def test_when_this_process_began():
    """It is what psutil says, by whom the run file's reader tells it from another of the same id."""
    assert began_s() == pytest.approx(psutil.Process().create_time(), abs=0.1)
