"""The probe: no thread without prometheus_client, then an answer to every question, whatever the registry holds.

Each test runs it in a process of its own, because what is imported there is the point.
"""

import socket
import subprocess
import sys

import msgspec
import pytest

from servescope.wire.exposed import ANSWER_LIMIT, QUESTION, Answer, Exposed, FromProbe, Hello
from servescope.wire.frames import FrameReader

START = """
import os, socket, sys, threading
from servescope.worker.measuring.probe import Probe
def threads():
    return [thread.name for thread in threading.enumerate()]
probe = socket.socket(fileno=int(sys.argv[1]))
"""
LINGER = "\nsys.stdin.read()\n"


class Process:
    """A process that runs some code, with a probe. `ask` has its answer."""

    def __init__(self, code):
        self._near, far = socket.socketpair()
        self._near.settimeout(20)
        words = [sys.executable, "-c", START + code + LINGER, str(far.fileno())]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            words, stdin=pipe, stdout=pipe, stderr=pipe, text=True, pass_fds=[far.fileno()], start_new_session=True
        )
        far.close()
        self._reader = FrameReader(msgspec.msgpack.Decoder(FromProbe))
        self._came = []

    def receive(self):
        while not self._came:
            data = self._near.recv(1 << 16)
            assert data, "the probe was closed"
            self._came += [
                (message, bytes(rest.take(getattr(message, "size", 0)))) for message, rest in self._feed(data)
            ]
        return self._came.pop(0)

    def _feed(self, data):
        return self._reader.feed(data)

    def hello(self):
        assert self.receive() == (Hello(), b"")

    def ask(self):
        """Families and problems."""
        self._near.sendall(QUESTION)
        families, problems, last = [], [], False
        while not last:
            message, body = self.receive()
            assert isinstance(message, Answer)
            last = message.last
            if body:
                exposed = msgspec.msgpack.decode(body, type=Exposed)
                families += exposed.families
                problems += exposed.problems
        return families, problems

    def line(self):
        """What the process writes next."""
        return self.process.stdout.readline()

    def close(self):
        """The front end goes away; what the process wrote."""
        self._near.close()
        try:
            return self.process.communicate("", timeout=20)
        finally:
            self.process.kill()


@pytest.fixture
def start():
    processes = []

    def run(code):
        processes.append(Process(code))
        return processes[-1]

    yield run
    for process in processes:
        if process.process.poll() is None:
            process.close()


def test_nothing_without_the_library(start):
    """No thread, no byte: such a worker pays nothing."""
    out, err = start("Probe(probe).watch()\nimport json, http.client\nprint(threads())").close()
    assert (out, err) == ("['MainThread']\n", "")


@pytest.mark.parametrize(
    "code",
    ["Probe(probe).watch()\nimport prometheus_client", "import prometheus_client\nProbe(probe).watch()"],
    ids=["imported later", "imported before"],
)
def test_the_library_is_noticed(start, code):
    """Whenever it comes; its default metrics of the process and the interpreter are left out."""
    process = start(f"{code}\nprometheus_client.Counter('calls', 'Calls.').inc(3)\nprint(threads(), flush=True)")
    process.hello()
    assert process.line() == "['MainThread', 'servescope-probe']\n"
    families, problems = process.ask()
    assert not problems
    assert [(family.name, family.series[0].value) for family in families] == [("calls_total", 3.0)]
    assert process.close() == ("", "")


def test_one_thread(start):
    """However often it is looked for, and by whom."""
    process = start(
        "import importlib.util\nProbe(probe).watch()\nimport prometheus_client\n"
        "sys.modules.pop('prometheus_client')\nimportlib.util.find_spec('prometheus_client')\nprint(len(threads()), flush=True)"
    )
    process.hello()
    assert process.line() == "2\n"


def test_looked_for_but_absent(start):
    """The search goes on as without the finder; the answers are empty."""
    process = start(
        "sys.path[:] = []\nProbe(probe).watch()\ntry:\n    import prometheus_client\nexcept ImportError:\n    print('absent')"
    )
    process.hello()
    assert process.ask() == ([], [])
    assert process.close()[0] == "absent\n"


def test_what_cannot_be_sent(start):
    """Text that is no Unicode costs its own family."""
    process = start(
        "import prometheus_client as p\np.Gauge('good', 'G.')\np.Gauge('bad', '\\ud800')\n"
        "p.Gauge('wide', 'W.', ['x']).labels('x' * 2_000_000)\nProbe(probe).watch()"
    )
    process.hello()
    families, problems = process.ask()
    assert [family.name for family in families] == ["good"]
    assert [problem.partition(":")[0] for problem in problems] == ["'bad' cannot be sent", "'wide' cannot be sent"]


def test_too_much(start):
    """Over the limit the answer ends, and says so."""
    process = start(
        "import prometheus_client as p\n"
        "g = p.Gauge('g', 'G.', ['x'])\n"
        "for n in range(200): g.labels('x' * 100_000 + str(n))\n"
        "from servescope.worker.measuring import exposure\nexposure.PIECE = 5\nProbe(probe).watch()"
    )
    process.hello()
    families, problems = process.ask()
    assert problems == [f"there are more than {ANSWER_LIMIT} bytes of it"]
    assert 0 < len(families) < 40


def test_the_front_end_goes(start):
    """The thread ends without a word."""
    process = start(
        "import prometheus_client\nProbe(probe).watch()\n"
        "thread = threading.enumerate()[1]\nprint(thread.name, flush=True)\nthread.join()\nprint(threads())"
    )
    assert process.line() == "servescope-probe\n"
    out, err = process.close()
    assert (out, err) == ("['MainThread']\n", "")
