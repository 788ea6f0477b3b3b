"""Writes added up in shared memory: one entry a series, in bounded memory, whoever writes from wherever."""

import copy
import os
import pickle
import signal
import threading

import pytest
from ts.metrics.dimension import Dimension

from servescope.wire.measured.folded import FoldedReader
from servescope.wire.measured.memory import private
from servescope.wire.measured.records import RecordReader
from servescope.wire.messages import Measuring
from servescope.worker.measuring.arguments import MetricTypes
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.folding import Folding


class Worker:
    """A handler's metrics, and what the front end reads of them."""

    def __init__(self, **measuring):
        self.memory = private()
        self.sink = Folding(self.memory, "m", Measuring(**measuring))
        self.metrics = CustomMetrics("m", sink=self.sink)
        self.take = FoldedReader(self.memory).take

    def told(self):
        """Value by name and dimensions."""
        return {(one.name, *one.values): one.value for one in self.take()}


@pytest.fixture
def worker():
    return Worker(series=3)


def test_a_million_writes_are_one_entry(worker):
    """However many there are, the memory is that of one."""
    for _ in range(100_000):
        worker.metrics.add_counter("Many", 1)
    assert len(RecordReader(worker.memory).new()) == 1
    assert worker.told() == {("Many", "m", "Model"): 100_000.0}


def test_the_same_dimensions_in_another_order_are_the_same_series(worker):
    """Under the names in the order that came first; another unit or another type is another series."""
    stage, route = Dimension("Stage", "decode"), Dimension("Route", "fast")
    worker.metrics.add_counter("Steps", 1, None, [stage, route])
    worker.metrics.add_counter("Steps", 1, None, [route, stage])
    assert worker.told() == {("Steps", "decode", "fast", "m", "Model"): 2.0}
    worker = Worker()
    worker.metrics.add_time("T", 5, None, "ms")
    worker.metrics.add_time("T", 7, None, "s")
    worker.metrics.add_time("T", 9, None, "s", None, MetricTypes.COUNTER)
    assert [(one.kind, one.unit, one.value) for one in worker.take()] == [
        ("gauge", "Milliseconds", 5.0),
        ("gauge", "Seconds", 7.0),
        ("counter", "Seconds", 9.0),
    ]


def test_values_beyond_the_budget_are_one_series(worker):
    """Whose sum is whole, and of which it is told how many writes it stands for."""
    for _ in range(2):
        for number in range(50):
            worker.metrics.add_counter("Users", 1, None, [Dimension("user", number)])
    updates = worker.take()
    assert {one.values[0]: (one.value, one.writes, one.folded) for one in updates} == {
        **{str(number): (2.0, 2, False) for number in range(3)},
        "other": (94.0, 94, True),
    }
    assert {tuple(one.values[1:]) for one in updates} == {("m", "Model")}


def test_metrics_beyond_the_budget_are_dropped_and_counted(worker, caplog):
    """With a line each; the others go on."""
    for _ in range(2):
        for number in range(10):
            worker.metrics.add_counter(f"C{number}", 1)
    *counted, dropped = worker.take()
    assert [(one.name, one.value) for one in counted] == [("C0", 2.0), ("C1", 2.0), ("C2", 2.0)]
    assert (dropped.kind, dropped.unit, dropped.value) == ("dropped", "room", 14.0)
    assert len(caplog.records) == 7
    assert "there are 3 metrics already" in caplog.text


def test_refusals_are_counted_beyond_the_budget_too(worker):
    """Under one name for the rest."""
    for number in range(10):
        worker.metrics.add_counter(f"C{number}", -1)
    assert worker.told() == {("C0",): 1.0, ("C1",): 1.0, ("C2",): 1.0, ("other",): 7.0}


def test_a_memory_that_is_full_is_told(caplog):
    """What has its place goes on to be counted."""
    worker = Worker(series=10_000)
    long = "n" * 15_000
    for number in range(1200):
        worker.metrics.add_counter(f"C{number}{long}", 1)
    worker.metrics.add_counter(f"C0{long}", 1)
    updates = worker.take()
    assert (updates[0].value, updates[-1].kind, updates[-1].unit) == (2.0, "dropped", "room")
    assert updates[-1].value == 1200 - (len(updates) - 1)
    assert "the memory for measurements is full" in caplog.text


@pytest.mark.parametrize("where", ["name", "value", "dimension"])
def test_texts_without_end_are_refused(worker, caplog, where):
    """One that long is a mistake, and would take everybody's room."""
    long = "n" * 1_000_000
    if where == "name":
        worker.metrics.add_counter(long, 1)
    else:
        worker.metrics.add_counter(
            "C", 1, None, [Dimension(long, "v") if where == "dimension" else Dimension("d", long)]
        )
    assert [(one.kind, one.unit) for one in worker.take()] == [("dropped", "room")]
    assert len(caplog.text) < 2000


def test_a_metric_in_several_units_or_under_several_names_of_dimensions_is_one(worker):
    """Of the few that there may be; but it is not written in ever more of them."""
    for unit in ("ms", "s"):
        for name in "ABC":
            worker.metrics.add_time(name, 1, None, unit, [Dimension("way", 1)] if unit == "s" else None)
    assert len(worker.told()) == 6
    for number in range(5):
        worker.metrics.add_counter("Ways", 1, None, [Dimension(f"way{number}", 1)])
    assert worker.told() == {("other",): 5.0}
    worker = Worker(series=3)
    for number in range(5):
        worker.metrics.add_counter("Ways", 1, None, [Dimension(f"way{number}", 1)])
    assert worker.told() == {("Ways", "1", "m", "Model"): 1.0, ("other",): 2.0}


@pytest.mark.parametrize("kind", ["counter", "histogram"])
def test_no_sum_becomes_infinite(worker, kind):
    """Of which no rate can be told ever after."""
    for _ in range(2):
        worker.metrics.add_metric("Big", 1e308, "u", None, None, kind)
    assert worker.told()["Big", "m", "Model"] == 1e308


def test_bounds_are_by_name_then_by_unit():
    """Whatever the letter case; so counts are by the bounds that the registry has."""
    worker = Worker(bounds_by_name={"mysize": [1.0, 10.0]}, bounds_by_unit={"milliseconds": [5.0]}, bounds=[0.5])
    for name, unit in (("MySize", "ms"), ("Took", "ms"), ("Far", "km")):
        worker.metrics.add_metric(name, 7, unit, None, None, MetricTypes.HISTOGRAM)
    assert {one.name: one.distribution.bounds for one in worker.take()} == {
        "MySize": (1.0, 10.0),
        "Took": (5.0,),
        "Far": (0.5,),
    }


def test_a_copied_context_writes_to_the_same_memory(worker):
    """Also after the first write, which has been remembered with its lock."""
    worker.metrics.add_counter("C", 1)
    copy.deepcopy(worker.metrics).add_counter("C", 1)
    pickle.loads(pickle.dumps(worker.metrics)).add_counter("C", 1)
    assert worker.told() == {("C", "m", "Model"): 2.0}


def test_from_many_threads(worker):
    """Nothing is lost."""

    def write():
        for number in range(5000):
            worker.metrics.add_counter("C", 1)
            worker.metrics.add_metric("H", number % 7, "u", None, None, MetricTypes.HISTOGRAM)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    counter, histogram = worker.take()
    assert (counter.value, histogram.writes, histogram.value) == (40_000.0, 40_000, 8 * sum(n % 7 for n in range(5000)))


def test_from_a_signals_handler(worker):
    """In the midst of another write, as often as not: nothing waits for itself, and nothing is lost."""
    rung = 0

    def ring(*_):
        nonlocal rung
        rung += 1
        worker.metrics.add_counter("Rung", 1)
        worker.metrics.add_metric("H", 1, "u", None, None, MetricTypes.HISTOGRAM)

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        written = 0
        while rung < 50:
            worker.metrics.add_metric("H", 2, "u", None, None, MetricTypes.HISTOGRAM)
            written += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    found = {one.name: one for one in worker.take(final=True)}
    assert found["Rung"].value == rung
    assert (found["H"].writes, found["H"].value) == (written + rung, written * 2.0 + rung)


@pytest.mark.parametrize("values", [0, 3], ids=["a series", "one that is folded"])
def test_from_a_signals_handler_while_a_series_is_made(worker, values):
    """The first write of all, and another one in the midst of it: one series has both."""
    for number in range(values):
        worker.metrics.add_counter("Rung", 1, None, [Dimension("by", f"earlier {number}")])
        worker.metrics.add_metric("H", 1, "u", [Dimension("by", f"earlier {number}")], None, MetricTypes.HISTOGRAM)
    worker.take(final=True)
    append = worker.sink._records.append
    depth = 0

    def both():
        worker.metrics.add_counter("Rung", 1, None, [Dimension("by", "hand")])
        worker.metrics.add_metric("H", 3, "u", [Dimension("by", "hand")], None, MetricTypes.HISTOGRAM)

    def interrupted(head):
        nonlocal depth
        depth += 1
        if depth == 1:
            both()
        depth -= 1
        return append(head)

    worker.sink._records.append = interrupted
    both()
    worker.sink._records.append = append
    found = {(one.kind, one.value, one.writes) for one in worker.take(final=True)}
    assert found == {("counter", 2.0, 2), ("histogram", 6.0, 2)}
    for name in ("another", "a third"):  # a metric may have three sets of dimensions, of which one is taken once
        worker.metrics.add_counter("Rung", 1, None, [Dimension(name, "x")])
    assert [one.kind for one in worker.take(final=True)] == ["counter", "counter"]


def test_a_child_counts_nothing_twice(worker, capfd):
    """It shares the parent's memory: its writes are dropped with a line, and the parent's go on."""
    worker.metrics.add_counter("C", 1)
    pid = os.fork()
    if not pid:
        worker.sink.leave()
        worker.metrics.add_counter("C", 1)
        worker.metrics.add_counter("New", 1)
        os._exit(0)
    os.waitpid(pid, 0)
    worker.metrics.add_counter("C", 1)
    assert worker.told() == {("C", "m", "Model"): 2.0}


def test_a_child_does_not_wait_for_a_lock_that_its_parent_had(worker):
    """Another thread of the parent's had it when the child was made."""
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with worker.sink._place.lock:
            held.set()
            let_go.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    pid = os.fork()
    if not pid:
        worker.sink.leave()
        worker.metrics.add_counter("C", 1)
        os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    let_go.set()
    thread.join()
