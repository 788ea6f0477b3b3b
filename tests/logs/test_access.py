"""The access log's lines are TorchServe's to the letter, cannot be forged, and never cost a request its answer."""

import io
import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.logs.access import FEW_LINES, KEPT_S, MAX_LINES, MAX_PREFIXES, SOME_LINES, AccessLog
from servescope.logs.junction import Junction
from servescope.logs.sinks import Console, RollingFile

NOON = 1795492743.4325
STAMP = time.strftime("%Y-%m-%dT%H:%M:%S,432", time.localtime(NOON))
CLIENT = ("127.0.0.1", 54336)
LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}) - /(?P<client>\S+) "
    r'"(?P<method>\S+) (?P<target>\S*) HTTP/(?P<http>\S+)"'
    r" (?P<status>\d+) (?P<took>\d+)(?P<id> .*)?"
)


class Bench:
    """An access log over a file in `folder`, with a clock that stands still until it is set."""

    def __init__(self, folder: Path, log_format="text", console: io.StringIO | None = None, with_id=False) -> None:
        self.now = NOON
        self.path = folder / "access_log.log"
        self.reports: list[str] = []
        self.file = RollingFile(self.path, self.reports.append)
        self.log = AccessLog(self.file, log_format, lambda: self.now, with_id=with_id)
        self.server = RollingFile(folder / "ts_log.log", self.reports.append)
        self.junction = Junction(Console(console), self.server, clock=lambda: self.now)
        self.junction.join(self.log, copied=False)

    def write(self, target=b"/predictions/noop", request_id="id-1", client=CLIENT, method="POST") -> None:
        self.log.write((client, method, target, "1.1", 200), 5, request_id)

    def lines(self) -> list[str]:
        self.junction.flush()
        return self.path.read_bytes().decode().split("\n")[:-1]


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_line_is_torchserves(bench, tmp_path):
    """A line reads as the recorded ones do, and ends with the request's id only where it is asked for."""
    bench.write(b"/predictions/metered", "4e58a95a")
    expected = f'{STAMP} - /127.0.0.1:54336 "POST /predictions/metered HTTP/1.1" 200 5'
    assert bench.lines() == [expected]
    asked = Bench(tmp_path / "asked", with_id=True)
    asked.write(b"/predictions/metered", "4e58a95a")
    assert asked.lines() == [f"{expected} 4e58a95a"]


def test_time_moves_on(bench):
    """Lines of another millisecond, another second, and of a clock set back carry their own time."""
    for moment in (NOON, NOON + 0.001, NOON + 61, NOON):
        bench.now = moment
        bench.write()
    seconds = [line.split(" ", 1)[0] for line in bench.lines()]
    later = time.strftime("%Y-%m-%dT%H:%M:%S,432", time.localtime(NOON + 61))
    assert seconds == [STAMP, STAMP[:-1] + "3", later, STAMP]


def test_same_connection_with_another_answer(bench):
    """What is kept for one request is not shown for one that differs in any part."""
    bench.log.write((CLIENT, "GET", b"/ping", "1.1", 200), 1, "a")
    bench.log.write((CLIENT, "GET", b"/ping", "1.1", 500), 12345, "b")
    bench.log.write((CLIENT, "PUT", b"/ping", "1.0", 500), 0, "c")
    rest = [line.split(" - ", 1)[1] for line in bench.lines()]
    assert rest == [
        '/127.0.0.1:54336 "GET /ping HTTP/1.1" 200 1',
        '/127.0.0.1:54336 "GET /ping HTTP/1.1" 500 12345',
        '/127.0.0.1:54336 "PUT /ping HTTP/1.0" 500 0',
    ]


@pytest.mark.parametrize(("client", "shown"), [(None, "/unix:0"), (("::1", 80), "/[::1]:80")])
def test_other_clients(bench, client, shown):
    """A Unix socket has no address and IPv6 needs brackets; both keep the form host:port."""
    bench.write(client=client)
    assert f" - {shown} " in bench.lines()[0]


@given(target=st.binary(max_size=40), request_id=st.text(max_size=20), method=st.sampled_from(["GET", "POST"]))
def test_no_line_can_be_forged(tmp_path_factory, target, request_id, method):
    """Whatever a client sends as path or id, one request is one line, and its parts can be told apart."""
    bench = Bench(tmp_path_factory.mktemp("forge"), with_id=True)
    bench.write(target, request_id, method=method)
    [line] = bench.lines()
    assert line.splitlines() == [line]
    match = LINE.fullmatch(line)
    assert match is not None
    assert (match["method"], match["status"], match["took"]) == (method, "200", "5")
    assert re.fullmatch(r"[!#-~]*", match["target"])


def test_target_is_percent_encoded(bench):
    """Blanks, quotes, line breaks and what is not ASCII show as a URL shows them."""
    bench.write(b'/a b"\n\xe9')
    assert '"POST /a%20b%22%0A%C3%A9 HTTP/1.1"' in bench.lines()[0]


def test_held_until_flushed(bench):
    """A line waits for the flush, so that a request does not wait for the disk."""
    bench.write()
    assert bench.path.read_text() == ""
    bench.junction.flush()
    assert bench.path.read_text().count("\n") == 1


def test_full_buffer_flushes_itself(bench):
    """The buffer is bounded: so many lines are written out without a flush."""
    for _ in range(MAX_LINES + 1):
        bench.write()
    assert bench.path.read_text().count("\n") == MAX_LINES


def test_few_are_written_while_nobody_waits(bench):
    """A client that is alone has no hundreds of lines written between two of its requests; among others they are held."""
    for alone in [*[False] * (SOME_LINES + 1), True]:
        assert bench.path.read_text() == ""
        bench.log.write((CLIENT, "POST", b"/", "1.1", 200), 5, "", alone=alone)
    assert bench.path.read_text().count("\n") == SOME_LINES + 2
    for _ in range(SOME_LINES - 1):
        bench.log.write((CLIENT, "POST", b"/", "1.1", 200), 5, "", alone=True)
    assert bench.path.read_text().count("\n") == SOME_LINES + 2


def test_fewer_are_asked_to_be_written_soon(bench):
    """Where nobody waits: somebody has time for it before there are so many that it takes as long as a request."""
    asked = []
    bench.log.when_few = lambda: asked.append(bench.path.read_text().count("\n"))
    for alone in [*[True] * (FEW_LINES - 1), *[False] * 2]:
        bench.log.write((CLIENT, "POST", b"/", "1.1", 200), 5, "", alone=alone)
    assert asked == []
    bench.log.write((CLIENT, "POST", b"/", "1.1", 200), 5, "", alone=True)
    assert asked == [0]


def test_kept_prefixes_are_bounded(bench):
    """A client that asks for ever new paths does not make the server remember them all."""
    for number in range(MAX_PREFIXES + 10):
        bench.write(b"/%d" % number)
    assert len(bench.log._prefixes) <= MAX_PREFIXES
    assert "/4100 " in bench.lines()[4100]


def test_prefixes_are_kept_while_they_are_used(bench):
    """A connection that is closed leaves nothing: each has a port of its own in its prefix."""
    for step in range(10):
        bench.now += KEPT_S / 2 + 1
        bench.write()
        for port in range(100):
            bench.write(client=("127.0.0.1", 1000 * step + port))
        bench.junction.flush()
    kept = {client[1] for client, *_ in (*bench.log._prefixes, *bench.log._older)}
    assert CLIENT[1] in kept
    assert min(kept) >= 6000
    assert len(bench.lines()) == 1010


def test_console_echo(tmp_path):
    """The console shows the line in TorchServe's console layout, under the logger ACCESS_LOG."""
    console = io.StringIO()
    bench = Bench(tmp_path, console=console)
    bench.write(b"/ping")
    bench.junction.flush()
    shown = f'{STAMP} [INFO ] main ACCESS_LOG - /127.0.0.1:54336 "POST /ping HTTP/1.1" 200 5\n'
    assert console.getvalue() == shown


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_secrets_of_a_registrations_url(tmp_path, log_format):
    """Stay out of the file and of the console; all else of the target is there."""
    console = io.StringIO()
    bench = Bench(tmp_path, log_format, console)
    bench.write(b"/models?url=http%3A%2F%2Fbob%3Asecret%40h%2Fm.mar%3Fsig%3Dsecret&batch_size=2")
    (line,) = bench.lines()
    for text in (line, console.getvalue()):
        assert "/models?url=http://h/m.mar&batch_size=2" in text
        assert "secret" not in text


def test_json_line(tmp_path):
    """With log_format=json a line is an object with the same facts, its time in UTC; the console shows the same."""
    console = io.StringIO()
    bench = Bench(tmp_path, "json", console)
    bench.write(b'/p?q="\n', 'id"\n')
    [line] = bench.lines()
    assert json.loads(line) == {
        "time": "2026-11-24T03:59:03.432Z",
        "level": "INFO",
        "logger": "ACCESS_LOG",
        "client": "127.0.0.1:54336",
        "method": "POST",
        "target": '/p?q="\n',
        "http_version": "1.1",
        "status": 200,
        "duration_ms": 5,
        "request_id": 'id"\n',
    }
    assert console.getvalue() == line + "\n"


@given(target=st.binary(), request_id=st.text())
def test_json_line_is_always_json(tmp_path_factory, target, request_id):
    """Whatever a client sends, the line can be read back."""
    bench = Bench(tmp_path_factory.mktemp("json"), "json")
    bench.write(target, request_id)
    entry = json.loads(bench.lines()[0])
    assert (entry["target"], entry["request_id"]) == (target.decode("latin-1"), request_id)


def test_surrogates_do_not_raise(tmp_path):
    """Half a surrogate pair, which neither UTF-8 nor JSON can carry, costs neither the line nor the request."""
    for log_format in ("text", "json"):
        bench = Bench(tmp_path / log_format, log_format)
        bench.write(b"/\x80", "\udc80")
        assert len(bench.lines()) == 1


def test_full_disk_is_counted_and_told_once(tmp_path):
    """On a full disk the lines are lost and counted, and the first failure alone is reported."""
    reports: list[str] = []
    file = RollingFile(Path("/dev/full"), reports.append)
    log = AccessLog(file, "text", lambda: NOON)
    for _ in range(3):
        log.write((CLIENT, "GET", b"/ping", "1.1", 200), 1, "a")
        log.write((CLIENT, "GET", b"/ping", "1.1", 200), 1, "b")
        log.flush()
    assert file.lost == 6
    assert len(reports) == 1
    assert "/dev/full" in reports[0]
