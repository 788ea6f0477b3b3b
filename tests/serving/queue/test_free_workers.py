"""Whose turn it is among the workers that have room."""

import sys

from servescope.fleet.worker.pace import Pace
from servescope.serving.queue.free_workers import FreeWorkers


class Worker:
    """A worker, as far as turns go."""

    engine = None

    def __init__(self, in_hand=0, most=1, concurrent=False):
        self.in_flight = dict.fromkeys(range(in_hand))
        self.concurrent = concurrent
        self.pace = Pace(sys.maxsize if concurrent else None)
        if not concurrent:
            self.pace.most = most
        self.alive = True

    @property
    def has_room(self):
        return self.alive and len(self.in_flight) < self.pace.most


def line(*workers):
    free = FreeWorkers()
    for worker in workers:
        free.add(worker)
    return free


def test_the_one_that_waits_longest():
    """Those that have no room any more are passed over, and forgotten."""
    gone, first, second = Worker(), Worker(), Worker()
    free = line(gone, first, second)
    gone.alive = False
    assert free.next(full=False) is first
    assert gone not in free.idle
    first.in_flight[1] = None
    free.given(first)
    assert free.next(full=False) is second


def test_only_full_batches_are_sent_ahead():
    """To the worker with the least in hand, while none is idle."""
    more, less, gone = Worker(3, 8), Worker(2, 8), Worker(1, 8)
    free = line(more, less, gone)
    gone.alive = False
    assert free.next(full=False) is None
    assert free.next(full=True) is less
    idle = Worker()
    free.add(idle)
    assert free.next(full=True) is idle


def test_one_without_room_is_let_go():
    """It is added again when it is free, if ever: one that is retired meanwhile must not be held for good."""
    full = Worker()
    free = line(full)
    full.in_flight[1] = None
    held = sys.getrefcount(full)
    free.given(full)
    assert sys.getrefcount(full) == held - 1


def test_one_with_room_stays_in_line_at_its_end():
    """So asynchronous workers with as much in hand take turns."""
    first, second = Worker(concurrent=True), Worker(concurrent=True)
    free = line(first, second)
    turns = []
    for number in range(4):
        worker = free.next(full=False)
        turns.append(worker)
        worker.in_flight[number] = None
        free.given(worker)
    assert turns == [first, second, first, second]
