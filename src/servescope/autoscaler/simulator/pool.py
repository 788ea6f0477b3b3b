"""A pool of workers in virtual time: requests queue, workers take them in batches, workers come and go as a policy says.

In: arrivals and service times, and a count of workers now and then. Out: when each request was answered, and what the workers
cost. Moved on by `replay`, looked at by policies. It follows the server's own dispatcher: first come, first served; a batch
leaves when it is full, or `max_batch_delay_s` after a free worker met its first request; the worker that has been free longest is
next. A batch takes as long as the longest of its requests. Of things at the same moment arrivals come first, the others in the
order in which they were caused.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from math import inf, nan


@dataclass(frozen=True)
class PoolOptions:
    """Seconds. `load_s`: from the decision to start a worker until it takes work."""

    load_s: float
    batch_size: int = 1
    max_batch_delay_s: float = 0.0


@dataclass(eq=False, slots=True)
class SimulatedWorker:
    """`since`: when it was asked for; `batch`: requests in hand, from `began` until `free_at`."""

    since: float
    ready: bool = False
    retiring: bool = False
    gone: bool = False
    batch: list[int] = field(default_factory=list)
    began: float = 0.0
    free_at: float = 0.0


class SimulatedPool:
    """`now` is moved by `run_until`. Requests are numbered in the order of their arrival; `finished` is NaN of one that is not."""

    def __init__(
        self, arrivals: Sequence[float], services: Sequence[float], options: PoolOptions, workers: int
    ) -> None:
        """`arrivals` in seconds, in order. The first `workers` are ready at once."""
        self.arrivals = arrivals
        self.services = services
        self.options = options
        self.now = 0.0
        self.next_arrival = 0  # how many have arrived
        self.queue: deque[int] = deque()
        self.finished: list[float] = [nan] * len(arrivals)
        self.finished_count = 0
        self.on_finished: Callable[[int, float], None] | None = None
        self.workers: dict[
            SimulatedWorker, None
        ] = {}  # in the order in which they were asked for, retiring ones included
        self.in_hand = 0  # requests that workers work on
        self._idle: dict[SimulatedWorker, None] = {}  # the first has been free longest
        self._retiring = 0
        self._ready = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._caused = 0
        self._filling = 0  # which wait for a full batch it is; odd while one is under way
        # Sums, so that integrals up to any moment take one subtraction.
        self._worked_s = 0.0
        self._gone_s = 0.0
        self._waited_s = 0.0
        for _ in range(workers):
            worker = SimulatedWorker(0.0, ready=True)
            self.workers[worker] = self._idle[worker] = None
            self._ready += 1

    @property
    def ready(self) -> int:
        """Workers that take work."""
        return self._ready

    @property
    def size(self) -> int:
        """Workers that take work, or will."""
        return len(self.workers) - self._retiring

    @property
    def busy(self) -> int:
        """Workers with a batch, retiring ones included."""
        return sum(bool(worker.batch) for worker in self.workers)

    @property
    def concurrency(self) -> int:
        """Requests that wait or are worked on."""
        return len(self.queue) + self.in_hand

    @property
    def concurrency_s(self) -> float:
        """The integral of `concurrency` up to now, in request-seconds; a mean over a while is a difference of it."""
        return self._waited_s + self.concurrency * self.now

    @property
    def busy_s(self) -> float:
        """Seconds that workers have worked, up to now."""
        return self._worked_s + sum(self.now - worker.began for worker in self.workers if worker.batch)

    @property
    def oldest_s(self) -> float:
        """How long the head of the queue has waited."""
        return self.now - self.arrivals[self.queue[0]] if self.queue else 0.0

    def cost_s(self) -> float:
        """Worker-seconds up to now: from the decision to start each until it is gone, loading and idling included."""
        return self._gone_s + sum(self.now - worker.since for worker in self.workers)

    def scale(self, count: int) -> None:
        """Have so many. Those that load go first, then those without work, the youngest first; whoever has work finishes it."""
        for _ in range(count - self.size):
            worker = SimulatedWorker(self.now)
            self.workers[worker] = None
            self._at(self.now + self.options.load_s, partial(self._loaded, worker))
        if count < self.size:
            serving = [worker for worker in reversed(self.workers) if not worker.retiring]
            serving.sort(key=lambda worker: (worker.ready, bool(worker.batch)))
            for worker in serving[: self.size - count]:
                self._retire(worker)

    def run_until(self, until: float) -> None:
        """Let everything happen that happens by then."""
        arrivals, events = self.arrivals, self._events
        count = len(arrivals)
        while True:
            arrival = arrivals[self.next_arrival] if self.next_arrival < count else inf
            event = events[0][0] if events else inf
            if arrival > until and event > until:
                break
            if arrival <= event:
                self.now = arrival
                self._waited_s -= arrival
                self.queue.append(self.next_arrival)
                self.next_arrival += 1
                if self._idle:
                    self._pump()
            else:
                self.now, _, happen = heapq.heappop(events)
                happen()
        self.now = until

    def finish(self) -> None:
        """Let time pass until every request is answered; there must be a worker, or one on its way."""
        while self.finished_count < len(self.arrivals):
            upcoming = [self.arrivals[self.next_arrival]] if self.next_arrival < len(self.arrivals) else []
            upcoming += [self._events[0][0]] if self._events else []
            if not upcoming:
                raise RuntimeError(f"{len(self.queue)} requests wait, and no worker will ever come")
            self.run_until(min(upcoming))

    def _at(self, moment: float, happen: Callable[[], None]) -> None:
        self._caused += 1
        heapq.heappush(self._events, (moment, self._caused, happen))

    def _loaded(self, worker: SimulatedWorker) -> None:
        if not worker.gone:
            worker.ready = True
            self._ready += 1
            self._free(worker)

    def _free(self, worker: SimulatedWorker) -> None:
        self._idle[worker] = None
        if self.queue:
            self._pump()

    def _retire(self, worker: SimulatedWorker) -> None:
        worker.retiring = True
        self._retiring += 1
        self._ready -= worker.ready
        if not worker.batch:
            self._idle.pop(worker, None)
            self._leave(worker)

    def _leave(self, worker: SimulatedWorker) -> None:
        worker.gone = True
        self._retiring -= 1
        self._gone_s += self.now - worker.since
        del self.workers[worker]

    def _pump(self) -> None:
        """Send out every batch that is due."""
        size, delay = self.options.batch_size, self.options.max_batch_delay_s
        while self.queue and self._idle:
            if len(self.queue) < size and delay > 0:
                if self._filling % 2 == 0:
                    self._filling += 1
                    self._at(self.now + delay, partial(self._delay_over, self._filling))
                return
            self._take()

    def _delay_over(self, wait: int) -> None:
        if wait != self._filling:
            return  # the batch has left full
        if self.queue and self._idle:
            self._take()
            self._pump()
        else:
            self._filling += 1

    def _take(self) -> None:
        """The worker that has been free longest takes a batch."""
        worker = next(iter(self._idle))
        del self._idle[worker]
        queue, services = self.queue, self.services
        if self.options.batch_size == 1:
            batch = [queue.popleft()]
            took = services[batch[0]]
        else:
            batch = [queue.popleft() for _ in range(min(self.options.batch_size, len(queue)))]
            took = max([services[index] for index in batch])
            self._filling += self._filling % 2
        worker.batch = batch
        worker.began = self.now
        worker.free_at = self.now + took
        self.in_hand += len(batch)
        self._at(worker.free_at, partial(self._finish, worker))

    def _finish(self, worker: SimulatedWorker) -> None:
        batch, now = worker.batch, self.now
        worker.batch = []
        self._worked_s += now - worker.began
        self._waited_s += now * len(batch)
        self.in_hand -= len(batch)
        self.finished_count += len(batch)
        for index in batch:
            self.finished[index] = now
            if self.on_finished is not None:
                self.on_finished(index, now)
        if worker.retiring:
            self._leave(worker)
        else:
            self._free(worker)
