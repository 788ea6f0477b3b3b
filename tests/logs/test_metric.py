"""The metrics' log holds lines, gives each its own time, and loses none to another thread."""

import io
import json
import threading
import time
from pathlib import Path

import pytest

from servescope.logs.junction import Junction
from servescope.logs.metric import MAX_LINES, MetricLog
from servescope.logs.sinks import Console, RollingFile

NOON = 1795492743.4325
STAMP = time.strftime("%Y-%m-%dT%H:%M:%S,432", time.localtime(NOON))


class Bench:
    """A metrics' log over a file in `folder`, with a clock that stands still until it is set."""

    def __init__(self, folder: Path, log_format="text", console: io.StringIO | None = None) -> None:
        self.now = NOON
        self.path = folder / "ts_metrics.log"
        self.file = RollingFile(self.path, lambda text: None)
        self.log = MetricLog(self.file, "TS_METRICS", log_format, lambda: self.now)
        self.junction = Junction(Console(console), RollingFile(folder / "ts_log.log", print), clock=lambda: self.now)
        self.junction.join(self.log, copied=False)

    def lines(self) -> list[str]:
        self.junction.flush()
        return self.path.read_text().splitlines()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_a_line(bench):
    """TorchServe's layout: the time, a dash, the text, the time in seconds."""
    bench.log.write("Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:")
    assert bench.lines() == [f"{STAMP} - Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795492743"]


def test_time_moves_on(bench):
    """Lines of another millisecond, another second, and of a clock set back carry their own time."""
    for moment in (NOON, NOON + 0.001, NOON + 61, NOON):
        bench.now = moment
        bench.log.write("")
        bench.junction.flush()
    ends = [line[-len("432 - 1795492743") :] for line in bench.lines()]
    assert ends == [f"432 - {int(NOON)}", f"433 - {int(NOON)}", f"432 - {int(NOON) + 61}", f"432 - {int(NOON)}"]


def test_lines_of_one_flush_are_in_order_of_their_time(bench):
    """What a handler wrote before is read later, and comes before."""
    for at in (NOON + 0.003, NOON, NOON + 0.001, NOON):
        bench.log.write("", at=at)
    assert [line[20:23] for line in bench.lines()] == ["432", "432", "433", "435"]


def test_json_line(tmp_path):
    """Time in UTC, level and logger come first, then the members given; the console shows the same."""
    console = io.StringIO()
    bench = Bench(tmp_path, "json", console)
    bench.log.write('"timestamp":', ',"value":1.0}')
    (line,) = bench.lines()
    assert json.loads(line) == {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S.432Z", time.gmtime(NOON)),
        "level": "INFO",
        "logger": "TS_METRICS",
        "timestamp": 1795492743,
        "value": 1.0,
    }
    assert console.getvalue() == line + "\n"


def test_console(tmp_path):
    """The echo has the console's layout."""
    console = io.StringIO()
    bench = Bench(tmp_path, console=console)
    bench.log.write("x:")
    bench.junction.flush()
    assert console.getvalue() == f"{STAMP} [INFO ] main TS_METRICS - x:1795492743\n"


def test_lines_are_held_but_not_for_ever(bench):
    """Nothing is written before a flush, unless there are many lines."""
    for _ in range(MAX_LINES - 1):
        bench.log.write("")
    assert bench.path.read_text() == ""
    bench.log.write("")
    assert len(bench.path.read_text().splitlines()) == MAX_LINES


def test_a_file_that_cannot_be_written_counts_what_is_lost(bench):
    """No exception reaches the caller."""
    bench.file.close()
    bench.log.write("")
    bench.log.write("")
    bench.log.flush()
    assert bench.file.lost == 2


def test_threads_lose_no_line(bench):
    """Two writers and their flushes: every line is there once, whole."""
    count = 4 * MAX_LINES

    def write(name):
        for number in range(count):
            bench.log.write(f"{name}{number} ")

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    written = [line.split()[2] for line in bench.lines()]
    assert sorted(written) == sorted(f"{name}{number}" for name in "ab" for number in range(count))
