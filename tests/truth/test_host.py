"""The host's and the processes' figures against /proc, read at the same moments.

The collectors run once a second on a thread of the server; a change of a collector's own duration says that it ran between
two looks, so that /proc was read by us just before and just after it.
"""

import shutil
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import psutil
import pytest

from integration.scrape import read
from integration.server import PATIENCE_S
from truth.client import Ask, load

pytestmark = pytest.mark.integration

RAN = "servescope_collector_duration_seconds"
MIB, GIB = 1024**2, 1024**3


def around_a_run(server, collector, look, *names):
    """What `look` gave just before and just after a run of a collector, and the samples of `names` that it left."""
    last, before = read(server, RAN).value(RAN, collector=collector), look()
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        ran, after = read(server, RAN).value(RAN, collector=collector), look()
        if ran != last:
            # Read anew: what was written while a page was rendered is on that page from some family on.
            return before, after, read(server, *names)
        before = after
    raise AssertionError(f"the collector {collector} did not run")


def assert_between(value, before, after, share=0.02):
    """Within 2 % of what was read just before and just after."""
    low, high = min(before, after), max(before, after)
    assert low * (1 - share) <= value <= high * (1 + share), f"{value} is not in {low}..{high}, ±{share:.0%}"


def ticks():
    """Processor time since boot: not idle, and all."""
    fields = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def memory():
    """MemAvailable and MemTotal, in MiB."""
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return [int(lines[key].split()[0]) * 1024 / MIB for key in ("MemAvailable", "MemTotal")]


@pytest.fixture
def busy_processor():
    """One processor with nothing but work, so that a share that is a little off shows."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        yield
        process.kill()


@pytest.mark.usefixtures("busy_processor")
def test_cpu(truth_server):
    """CPUUtilization is the share of busy ticks in /proc/stat between two runs, to two percentage points."""
    before, after, _ = around_a_run(truth_server, "cpu", ticks)
    for _ in range(2):
        later, latest, now = around_a_run(truth_server, "cpu", ticks, "CPUUtilization")
        pairs = product((before, after), (later, latest))
        shares = [100 * (end[0] - start[0]) / (end[1] - start[1]) for start, end in pairs]
        value = now.value("CPUUtilization")
        assert min(shares) - 2 <= value <= max(shares) + 2, f"{value} against {shares}"
        before, after = later, latest


def test_memory(truth_server):
    """MemoryAvailable, MemoryUsed and MemoryUtilization are MemAvailable and what is left of MemTotal."""
    names = ("MemoryAvailable", "MemoryUsed", "MemoryUtilization")
    before, after, now = around_a_run(truth_server, "memory", memory, *names)
    assert_between(now.value("MemoryAvailable"), before[0], after[0])
    assert_between(now.value("MemoryUsed"), before[1] - before[0], after[1] - after[0])
    assert_between(now.value("MemoryUtilization"), *(100 * (1 - free / whole) for free, whole in (before, after)))


def test_disk(truth_server):
    """Disk figures are the root file system's."""

    def look():
        found = shutil.disk_usage("/")
        return found.used / GIB, found.free / GIB, 100 * found.used / (found.used + found.free)

    names = ("DiskUsage", "DiskAvailable", "DiskUtilization")
    before, after, now = around_a_run(truth_server, "disk", look, *names)
    for name, early, late in zip(names, before, after, strict=True):
        assert_between(now.value(name), early, late)


def cpu_seconds(pid):
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def test_the_front_end(truth_server):
    """process_resident_memory_bytes and process_cpu_seconds_total are those of its pid."""
    pid = truth_server.process.pid

    def look():
        return psutil.Process(pid).memory_info().rss, cpu_seconds(pid)

    names = ("process_resident_memory_bytes", "process_cpu_seconds_total")
    before, after, now = around_a_run(truth_server, "process", look, *names)
    for name, early, late in zip(names, before, after, strict=True):
        assert_between(now.value(name), early, late)


def test_a_worker(truth_server, model_of):
    """Its memory and processor time are those of its pid, which the management API names."""
    model = model_of()
    (pid,) = model.pids()
    load(truth_server.ports["inference"], [Ask(model.path)] * 5)

    def look():
        return psutil.Process(pid).memory_info().rss, cpu_seconds(pid)

    names = ("servescope_worker_memory_bytes", "servescope_worker_cpu_seconds_total")
    before, after, now = around_a_run(truth_server, "workers", look, *names)
    assert model.pids() == [pid]
    for name, early, late in zip(names, before, after, strict=True):
        assert_between(now.value(name, model_name=model.name), early, late)
