"""Memory and processor time of each worker: of its process and everything that descends from it.

In: the running workers and one pass over /proc. Out: two readings a worker. Called by `sampler`.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from servescope.metrics.collectors.process_table import ProcessStat, owner_of, read_processes
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.recording.processes import RemoteProcess, WorkerProcess
from servescope.metrics.recording.workers import MOST_GONE

# The last counts of a worker that ended are shown so long that a scrape sees them, and a restart counts on from them.
KEPT_S = 300.0
# All of the host's processes are looked through at every so many samples, once a minute.
LOOK_AGAIN = 12


class _Spent(Struct):
    """A worker's ticks: of `process`, whatever tells it from others, as last seen, and what is no longer found in /proc."""

    seen_at: float
    process: object = None
    last: int = 0
    before: int = 0

    def add(self, process: object, ticks: int, now: float) -> None:
        """`ticks` fall when a process is replaced, or a descendant ends that nobody waits for; the time was spent."""
        if process != self.process:
            self.before += self.last
            self.last = 0
            self.process = process
        self.before += max(0, self.last - ticks)
        self.last = ticks
        self.seen_at = now


class WorkersCollector:
    """`running` gives the workers of this machine, `elsewhere` those of others; `clock` monotonic seconds; `ticks_per_s` and
    `page_size`, in bytes, are the kernel's units.
    """

    name = "workers"

    def __init__(
        self,
        running: Callable[[], Sequence[WorkerProcess]],
        proc: Path = Path("/proc"),
        ticks_per_s: int | None = None,
        page_size: int | None = None,
        clock: Callable[[], float] = time.monotonic,
        elsewhere: Callable[[], Sequence[RemoteProcess]] = tuple,
    ) -> None:
        self._running = running
        self._elsewhere = elsewhere
        self._proc = proc
        self._ticks_per_s = ticks_per_s or os.sysconf("SC_CLK_TCK")
        self._page_size = page_size or os.sysconf("SC_PAGE_SIZE")
        self._clock = clock
        self._spent: dict[tuple[str, str, str], _Spent] = {}
        self._foreign: set[int] = set()
        self._known: set[int] = set()
        self._passes = 0

    def update(self) -> Iterable[Reading]:
        """Resident memory of those that run; processor time of these and, for five minutes, of those that did.

        What a worker does between the last sample and its end is not counted.
        """
        now = self._clock()
        workers = {worker.pid: worker for worker in self._running()}
        readings = []
        for worker in self._elsewhere():
            if worker.told.memory_bytes is not None:
                readings.append(Reading("servescope_worker_memory_bytes", worker.labels, worker.told.memory_bytes))
                readings += [
                    Reading("servescope_worker_gpu_memory_bytes", (*worker.labels, device), size)
                    for device, size in worker.told.gpu_bytes.items()
                ]
                ticks = round(worker.told.cpu_s * self._ticks_per_s)
                self._spent.setdefault(worker.labels, _Spent(now)).add((worker.told.node, worker.pid), ticks, now)
        for pid, family in self._families(workers).items():
            labels = workers[pid].labels
            pages = sum(stat.resident_pages for stat in family)
            readings.append(Reading("servescope_worker_memory_bytes", labels, pages * self._page_size))
            # What a waited-for child had used is its parent's from then on, so the sum keeps it.
            ticks = sum(stat.own_ticks + stat.reaped_ticks for stat in family)
            self._spent.setdefault(labels, _Spent(now)).add(pid, ticks, now)
        self._forget_gone(now)
        for labels, spent in self._spent.items():
            seconds = (spent.before + spent.last) / self._ticks_per_s
            readings.append(Reading("servescope_worker_cpu_seconds_total", labels, seconds))
        return readings

    def _forget_gone(self, now: float) -> None:
        """Those that went long enough ago, or before MOST_GONE others."""
        gone = [labels for labels, spent in self._spent.items() if spent.seen_at != now]
        for number, labels in enumerate(gone, MOST_GONE - len(gone)):
            if number < 0 or now - self._spent[labels].seen_at >= KEPT_S:
                del self._spent[labels]

    def _families(self, workers: dict[int, WorkerProcess]) -> dict[int, list[ProcessStat]]:
        """The processes of each worker that has any, by the worker's process id."""
        families: dict[int, list[ProcessStat]] = {}
        self._forget_foreign(set(workers))
        processes = read_processes(self._proc, self._foreign) if workers else {}
        for pid, stat in processes.items():
            leader = owner_of(pid, processes.get, workers)
            if leader is not None:
                families.setdefault(leader, []).append(stat)
            else:
                self._foreign.add(pid)
        return families

    def _forget_foreign(self, pids: set[int]) -> None:
        """A process that is no worker's will be none's, so it is not read again: a host may have thousands.

        But ids are used again in time, and whose processes a new worker has is told once it is known.
        """
        if self._passes % LOOK_AGAIN == 0 or pids != self._known:
            self._foreign.clear()
        self._passes += 1
        self._known = pids
