"""The lines of all logs meet in order of their time, none is lost, and what is not settled waits."""

import io
import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.logs.access import MAX_LINES, AccessLog
from servescope.logs.junction import Junction
from servescope.logs.metric import MetricLog
from servescope.logs.sinks import Console, RollingFile


class Bench:
    """An access log, a metrics log and records over a junction; a clock that stands still until it is set. Times from 0."""

    def __init__(self, folder, settle_s=0.0):
        self.now = 0.0
        self.console = io.StringIO()
        self.folder = folder
        self.server, self.access_file, self.metric_file, self.own = (
            RollingFile(folder / f"{name}.log", print)
            for name in ("ts_log", "access_log", "model_metrics", "model_log")
        )
        self.junction = Junction(Console(self.console), self.server, settle_s, lambda: self.now)
        self.access = AccessLog(self.access_file, "text", lambda: self.now)
        self.metrics = MetricLog(self.metric_file, "MODEL_METRICS", "text", lambda: self.now)
        self.junction.join(self.access, copied=True)
        self.junction.join(self.metrics, copied=True)

    def request(self, path, at):
        self.now = at
        self.access.write((None, "GET", path.encode(), "1.1", 200), 1, "")

    def record(self, line, at, own=None, urgent=False):
        self.junction.record(at, line + "\n", own, copied=True, urgent=urgent)

    def read(self, name="ts_log"):
        return (self.folder / f"{name}.log").read_text()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_record_comes_after_what_was_held_before_it(bench):
    """Held lines are written first, and those that follow it later."""
    bench.request("a", 0.1)
    bench.record("x - b", 0.2)
    bench.request("c", 0.3)
    bench.junction.flush()
    places = [bench.read().index(word) for word in ("GET a ", "x - b", "GET c ")]
    assert places == sorted(places)
    assert bench.console.getvalue() == bench.read()


def test_logs_of_several_kinds_are_merged(bench):
    """Each line is at its time, though each kind is taken at once."""
    for at in range(10):
        bench.request(f"a{at}", at)
        bench.metrics.write(f"m{at} ", at=at + 0.5)
    bench.junction.flush()
    text = bench.read()
    places = [text.index(word) for at in range(10) for word in (f"GET a{at} ", f" m{at} ")]
    assert places == sorted(places)
    assert text.count("\n") == 20
    assert bench.read("access_log").count("\n") == bench.read("model_metrics").count("\n") == 10


def test_what_is_not_settled_waits(tmp_path):
    """A metric that is read later than younger lines still comes before them, in its own file and where all meet."""
    bench = Bench(tmp_path, settle_s=1.0)
    bench.request("young", 10.5)
    bench.record("x - record", 10.6, bench.own)
    bench.now = 11.0
    bench.junction.flush()
    assert bench.read() == bench.read("access_log") == bench.read("model_log") == ""
    bench.metrics.write("old ", at=10.2)
    bench.now = 11.7
    bench.junction.flush()
    text = bench.read()
    assert text.index(" old ") < text.index("GET young") < text.index("x - record")
    assert bench.read("model_log") == "x - record\n"


def test_what_is_urgent_does_not_wait(tmp_path):
    """It is there at once, with all that was before it."""
    bench = Bench(tmp_path, settle_s=1.0)
    bench.request("a", 10.5)
    bench.record("x - fatal", 10.6, urgent=True)
    assert bench.read().index("GET a") < bench.read().index("x - fatal")


def test_the_end_writes_everything(tmp_path):
    """Settled or not."""
    bench = Bench(tmp_path, settle_s=1.0)
    bench.request("a", 10.5)
    bench.record("x - b", 10.6)
    bench.junction.flush(everything=True)
    assert bench.read().count("\n") == 2


def test_a_full_log_brings_the_others_along(bench):
    """So that their lines stay in order."""
    bench.metrics.write("m ", at=-1.0)
    for number in range(MAX_LINES):
        bench.request(f"a{number}", number)
    assert bench.read().index(" m ") < bench.read().index("GET a0 ")


@given(st.lists(st.tuples(st.sampled_from("amr"), st.integers(1, 20), st.booleans()), max_size=30))
def test_any_order_of_writes_and_flushes(tmp_path_factory, writes):
    """Every line is there once, and those of one flush are in order of their time; requests end in that order by themselves."""
    bench = Bench(tmp_path_factory.mktemp("any"), settle_s=0.5)
    times = []
    for number, (kind, at, flush) in enumerate(writes):
        times.append(number + 1 if kind == "a" else at)
        if kind == "a":
            bench.request(f"n{number}.", number + 1)
        elif kind == "m":
            bench.metrics.write(f"n{number}.", at=at)
        else:
            bench.record(f"n{number}.", at, bench.own)
        if flush:
            bench.now = 1000.0
            bench.junction.flush()
    bench.junction.flush(everything=True)
    found = [int(number) for number in re.findall(r"n(\d+)\.", bench.read())]
    assert sorted(found) == list(range(len(writes)))
    if not any(flush for *_, flush in writes):
        assert [times[number] for number in found] == sorted(times)


def test_threads_lose_no_line(bench):
    """One thread's records while another's requests come and are flushed."""
    count = 2000

    def say():
        for number in range(count):
            bench.record(f"r{number}.", number)

    thread = threading.Thread(target=say)
    thread.start()
    for number in range(count):
        bench.request(f"a{number}.", number)
    thread.join()
    bench.junction.flush()
    lines = bench.read().splitlines()
    assert len(lines) == 2 * count
    assert len(set(lines)) == 2 * count


def test_who_speaks_while_lines_are_written(bench):
    """A record from within, as of what the garbage collector ends, is neither lost nor in its own way."""
    taken = bench.access.take

    def take(until):
        bench.access.take = taken
        bench.record("x - within", 0.0)
        return taken(until)

    bench.access.take = take
    bench.request("a", 1.0)
    bench.junction.flush()
    assert bench.read().count("\n") == 2
