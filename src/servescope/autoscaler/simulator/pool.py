"""A pool of workers in virtual time: requests queue, workers take them in batches, workers come and go as a policy says.

In: arrivals and service times, and a count of workers now and then. Out: when each request was answered, and what the workers cost. Used
by `run`. It follows the server's own dispatcher: first come, first served; a batch leaves when it is full, or `max_batch_delay_s`
after a free worker met its first request. A batch takes as long as the longest of its requests.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

READY, FREE, FILLED = 0, 1, 2


@dataclass(frozen=True)
class PoolOptions:
    """Seconds. `load_s`: from the decision to start a worker until it takes work."""

    load_s: float
    batch_size: int = 1
    max_batch_delay_s: float = 0.0


@dataclass(eq=False, slots=True)
class SimulatedWorker:
    """`since`: when it was asked for; `batch`: requests in hand; `free_at`: when it is done with them."""

    since: float
    ready: bool = False
    retiring: bool = False
    gone: bool = False
    batch: list[int] = field(default_factory=list)
    free_at: float = 0.0


class SimulatedPool:
    """`now` is moved by `run_until`. Requests are numbered in the order of their arrival."""

    def __init__(self, arrivals: Sequence[float], services: Sequence[float], options: PoolOptions, workers: int) -> None:
        self.arrivals = arrivals
        self.services = services
        self.options = options
        self.now = 0.0
        self.finished: list[float] = [0.0] * len(arrivals)
        self.finished_count = 0
        self.busy_s = 0.0  # of batches that are over
        self.worker_seconds = 0.0  # of workers that are gone
        self.next_arrival = 0
        self.queue: deque[int] = deque()
        self.on_finished: Callable[[int, float], None] | None = None
        self._idle: list[SimulatedWorker] = []  # the last one to be free is the next to work
        self.workers: list[SimulatedWorker] = []
        self._events: list[tuple[float, int, int, SimulatedWorker | None]] = []
        self._order = 0
        self._filling = False
        for _ in range(workers):
            worker = SimulatedWorker(0.0, ready=True)
            self.workers.append(worker)
            self._idle.append(worker)

    @property
    def ready(self) -> int:
        """Workers that take work."""
        return sum(worker.ready and not worker.retiring for worker in self.workers)

    @property
    def size(self) -> int:
        """Workers that take work, or will."""
        return sum(not worker.retiring for worker in self.workers)

    @property
    def in_hand(self) -> int:
        """Requests that workers work on."""
        return sum(len(worker.batch) for worker in self.workers)

    @property
    def busy(self) -> int:
        """Workers with a batch."""
        return sum(bool(worker.batch) for worker in self.workers)

    def busy_total_s(self) -> float:
        """Seconds that workers have worked, up to now."""
        return self.busy_s + sum(self.now - worker.free_at_start for worker in ()) if False else self.busy_s

    def oldest_s(self) -> float:
        """How long the head of the queue has waited."""
        return self.now - self.arrivals[self.queue[0]] if self.queue else 0.0

    def cost_s(self) -> float:
        """Worker-seconds up to now, loading and idle ones included."""
        return self.worker_seconds + sum(self.now - worker.since for worker in self.workers)

    def scale(self, count: int) -> None:
        """Have so many. Those that load go first, then those without work; whoever has work finishes it."""
        size = self.size
        for _ in range(count - size):
            worker = SimulatedWorker(self.now)
            self.workers.append(worker)
            self._push(self.now + self.options.load_s, READY, worker)
        if count < size:
            serving = [worker for worker in self.workers if not worker.retiring]
            serving.sort(key=lambda worker: (worker.ready, bool(worker.batch), -worker.since))
            for worker in serving[: size - count]:
                self._retire(worker)

    def _retire(self, worker: SimulatedWorker) -> None:
        worker.retiring = True
        if not worker.batch:
            if worker.ready:
                self._idle.remove(worker)
            self._leave(worker)

    def _leave(self, worker: SimulatedWorker) -> None:
        worker.gone = True
        self.worker_seconds += self.now - worker.since
        self.workers.remove(worker)

    def run_until(self, until: float) -> None:
        """Let everything happen that happens by then."""
        arrivals, events = self.arrivals, self._events
        count = len(arrivals)
        while True:
            arrival = arrivals[self.next_arrival] if self.next_arrival < count else float("inf")
            event = events[0][0] if events else float("inf")
            if min(arrival, event) > until:
                break
            if arrival <= event:
                self.now = arrival
                self.queue.append(self.next_arrival)
                self.next_arrival += 1
                if self._idle:
                    self._pump()
            else:
                self._happen(heapq.heappop(events))
        self.now = until

    def _push(self, at: float, kind: int, worker: SimulatedWorker | None) -> None:
        self._order += 1
        heapq.heappush(self._events, (at, self._order, kind, worker))

    def _happen(self, event: tuple[float, int, int, SimulatedWorker | None]) -> None:
        self.now, _, kind, worker = event
        if kind == FILLED:
            self._filling = False
            if self.queue and self._idle:
                self._take(self._idle.pop())
                self._pump()
            return
        assert worker is not None
        if worker.gone:
            return
        if kind == FREE:
            self._finish(worker)
            if worker.retiring:
                self._leave(worker)
                return
        else:
            worker.ready = True
        self._idle.append(worker)
        if self.queue:
            self._pump()

    def _pump(self) -> None:
        size, delay = self.options.batch_size, self.options.max_batch_delay_s
        while self.queue and self._idle:
            if len(self.queue) < size and delay > 0:
                if not self._filling:
                    self._filling = True
                    self._push(self.now + delay, FILLED, None)
                return
            self._take(self._idle.pop())

    def _take(self, worker: SimulatedWorker) -> None:
        queue, services = self.queue, self.services
        batch = [queue.popleft() for _ in range(min(self.options.batch_size, len(queue)))]
        worker.batch = batch
        took = services[batch[0]] if len(batch) == 1 else max(services[index] for index in batch)
        worker.free_at = self.now + took
        self.busy_s += took
        self._push(worker.free_at, FREE, worker)

    def _finish(self, worker: SimulatedWorker) -> None:
        finished, told = self.finished, self.on_finished
        for index in worker.batch:
            finished[index] = self.now
            if told is not None:
                told(index, self.now)
        self.finished_count += len(worker.batch)
        worker.batch = []
