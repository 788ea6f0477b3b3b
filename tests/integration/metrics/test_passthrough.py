"""Handlers that use prometheus_client, in real worker processes: their metrics in a scrape, whatever the worker is doing."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest
from msgspec import structs
from prometheus_client.parser import text_string_to_metric_families

from fleet.scripted import plan_of
from integration.server import wait_until
from metrics.dropped import dropped
from servescope.fleet.backends.process import ProcessBackend
from servescope.fleet.launch import LaunchPlan, worker_environment
from servescope.fleet.offspring.family import Offspring
from servescope.metrics.exposition.text import render
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.registry import Registry
from servescope.wire.measured.reading import MeasuredReader
from servescope.wire.messages import Batch, Field, Loaded, Reply, Request

pytestmark = pytest.mark.integration

# A body is code, run with the handler's metrics at hand; `began` is a file that says how far it is.
HANDLER = """
import ctypes, pathlib, time
import prometheus_client as prometheus

CALLS = prometheus.Counter("calls", "Calls.", ["by"])
TIMES = prometheus.Histogram("times", "Times.", buckets=[1, 2])

def began():
    pathlib.Path("began").touch()

def handle(data, context):
    if data is not None:
        exec(data[0]["body"].decode(), globals())
        return ["x"]
"""
# Looks for the library only when told.
LATE = "def handle(data, context):\n    if data is not None:\n        exec(data[0]['body'].decode(), {})\n        return ['x']\n"
PATIENCE_S = 30


class Worker:
    """A worker process, as its owner sees it. `told` are its messages, in order."""

    def __init__(self, name, passthrough):
        self.name = name
        self.told = asyncio.Queue()
        self.over = asyncio.get_running_loop().create_future()
        self.offered = asyncio.Event()
        self.source = None
        self._passthrough = passthrough

    def message_received(self, message, attachments):
        self.told.put_nowait(message)

    def metrics_offered(self, source):
        if isinstance(source, MeasuredReader):
            return  # what it writes to context.metrics
        self._passthrough.attach(self.name, "m", "1.0", source)
        self.source = source
        self.offered.set()

    def line_received(self, stream, line):
        print(stream, line)

    def ending(self):
        pass

    def ended(self, status, why=None, reason=None):
        self._passthrough.detach(self.name)
        self.over.set_result(status)

    def send(self, code):
        """Have the handler run some code."""
        self.link.send(Batch(1, [Request("r", [], {}, [Field("body", "", code.encode())])]))

    async def answer(self):
        message = await asyncio.wait_for(self.told.get(), PATIENCE_S)
        assert isinstance(message, Reply)
        assert message.code == 200, message

    async def do(self, code):
        self.send(code)
        await self.answer()


class Rig:
    """Workers of one handler, and scrapes of their metrics."""

    def __init__(self, directory):
        self.directory = directory
        self.registry = Registry((), series_budget=3)
        self.passthrough = PassThrough(self.registry)
        self.registry.register(self.passthrough)
        self.workers = []

    async def start(self, code=HANDLER):
        number = len(self.workers)
        directory = self.directory / f"worker{number}"
        directory.mkdir()
        (directory / "service.py").write_text(code)
        worker = Worker(f"W-{9000 + number}-m_1.0", self.passthrough)
        self.workers.append(worker)
        plan = plan_of()
        load = structs.replace(plan.load, model_dir=str(directory), handler="service.py")
        environment = worker_environment(os.environ, None, str(directory), "service.py", venv=True)
        plan = LaunchPlan(load, sys.executable, environment, 1 << 20)
        worker.link = await ProcessBackend(Offspring(self.directory)).launch(plan, directory, worker)
        worker.link.send(load)
        loaded = await asyncio.wait_for(worker.told.get(), PATIENCE_S)
        assert isinstance(loaded, Loaded)
        assert loaded.code == 200, loaded
        worker.began = directory / "began"
        return worker

    async def scrape(self):
        """Sample name, worker's number and handler's labels → value."""
        await self.passthrough.gather()
        text = b"".join(render(self.registry)).decode()
        return {
            (sample.name, sample.labels["worker"][2:6], *list(sample.labels.values())[3:]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if "worker" in sample.labels
        }

    async def shows(self, calls):
        """Scrape until the first worker has counted so many: on a laden machine an answer may be late once."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.scrape()).get(("calls_total", "9000", "me")) != calls:
                pass

    async def close(self):
        for worker in self.workers:
            worker.link.kill()
        for worker in self.workers:
            await asyncio.wait_for(worker.over, PATIENCE_S)


@pytest.fixture
def run(tmp_path):
    """Run a test's body on a loop, with a rig."""

    def run(body):
        async def main():
            async with rig(tmp_path) as made:
                await body(made)

        asyncio.run(main())

    return run


@asynccontextmanager
async def rig(directory):
    made = Rig(directory)
    try:
        yield made
    finally:
        await made.close()


def test_two_workers_are_merged(run):
    """Each with its own name; the library's metrics of the process are left out."""

    async def body(rig):
        for number in (1, 2):
            worker = await rig.start()
            await worker.do(f"CALLS.labels('me').inc({number}); TIMES.observe(1.5)")
        found = await rig.scrape()
        assert {key: value for key, value in found.items() if key[0] == "calls_total"} == {
            ("calls_total", "9000", "me"): 1.0,
            ("calls_total", "9001", "me"): 2.0,
        }
        assert [found["times_bucket", "9001", le] for le in ("1.0", "2.0", "+Inf")] == [0.0, 1.0, 1.0]
        assert {key[0] for key in found} == {"calls_total", "times_bucket", "times_count", "times_sum"}

    run(body)


@pytest.mark.parametrize(
    "pastime",
    [
        "time.sleep(600)",
        "while True: pass",
        "import threading; threading.Event().wait()",
    ],
    ids=["asleep", "computing", "waiting for a lock"],
)
def test_a_busy_worker_answers(run, pastime):
    """With what it has counted in the very request that it is still at work on."""

    async def body(rig):
        worker = await rig.start()
        worker.send(f"CALLS.labels('me').inc(7); began()\n{pastime}")
        await asyncio.to_thread(wait_until, worker.began.exists)
        await rig.shows(7.0)

    run(body)


def test_a_worker_that_keeps_the_interpreters_lock(run):
    """It shows what it said before; once waited for, it is not waited for again until it has answered."""

    async def body(rig):
        worker = await rig.start()
        await worker.do("CALLS.labels('me').inc()")
        assert (await rig.scrape())["calls_total", "9000", "me"] == 1.0
        worker.send("CALLS.labels('me').inc(); began(); ctypes.PyDLL(None).usleep(1_500_000)")
        await asyncio.to_thread(wait_until, worker.began.exists)
        for _ in range(3):
            assert (await rig.scrape())["calls_total", "9000", "me"] == 1.0
        assert worker.source.ask() is None
        await worker.answer()
        await rig.shows(2.0)

    run(body)


def test_a_killed_workers_series_go(run):
    """The others' stay."""

    async def body(rig):
        victim, other = await rig.start(), await rig.start()
        for worker in (victim, other):
            await worker.do("CALLS.labels('me').inc()")
        assert len(await rig.scrape()) == 12
        os.kill(victim.link.pid, signal.SIGKILL)
        await asyncio.wait_for(asyncio.shield(victim.over), PATIENCE_S)
        assert {key[1] for key in await rig.scrape()} == {"9001"}

    run(body)


def test_the_budget(run):
    """A handler that takes a label's value from its clients."""

    async def body(rig):
        worker = await rig.start()
        await worker.do("for n in range(1000): CALLS.labels(str(n)).inc()")
        found = await rig.scrape()
        calls = {key[2]: value for key, value in found.items() if key[0] == "calls_total"}
        assert calls == {"0": 1.0, "1": 1.0, "2": 1.0, "other": 997.0}
        (counted,) = dropped(rig.registry).items()
        assert (counted[0][:2], counted[1]) == (("calls_total", "series_budget"), 997.0)

    run(body)


def test_private_registries(run):
    """A handler's own are shown as the library's is, whether made at its import or in a request."""

    async def body(rig):
        own = "OWN = prometheus.CollectorRegistry()\nSIZE = prometheus.Gauge('size', 'S.', registry=OWN)\n"
        worker = await rig.start(HANDLER + own)
        await worker.do("SIZE.set(3)")
        assert (await rig.scrape())["size", "9000"] == 3.0
        await worker.do(
            "LATER = prometheus.CollectorRegistry(); prometheus.Gauge('later', 'L.', registry=LATER).set(4)"
        )
        found = await rig.scrape()
        assert (found["size", "9000"], found["later", "9000"]) == (3.0, 4.0)
        await worker.do("del LATER; import gc; gc.collect()")
        assert ("later", "9000") not in await rig.scrape()

    run(body)


def test_a_private_registrys_name_that_is_taken(run, caplog):
    """Is named in one warning, and what is shown is not touched."""

    async def body(rig):
        worker = await rig.start()
        await worker.do("OWN = prometheus.CollectorRegistry(); prometheus.Counter('calls', 'C.', ['by'], registry=OWN)")
        await worker.do("CALLS.labels('me').inc(2); OWN._names_to_collectors['calls'].labels('me').inc(5)")
        for _ in range(2):
            assert (await rig.scrape())["calls_total", "9000", "me"] == 2.0

    run(body)
    (said,) = [record.getMessage() for record in caplog.records if "private registry" in record.getMessage()]
    assert "calls_total of a private registry is in another one too" in said


def test_a_late_import(run):
    """In the midst of a request; without the library there is nothing to ask."""

    async def body(rig):
        worker = await rig.start(LATE)
        await worker.do("import json")
        assert not worker.offered.is_set()
        assert await rig.scrape() == {}
        worker.send(
            "import prometheus_client, pathlib, time\nprometheus_client.Gauge('g', 'G').set(3)\n"
            "pathlib.Path('began').touch()\ntime.sleep(600)"
        )
        await asyncio.wait_for(worker.offered.wait(), PATIENCE_S)
        await asyncio.to_thread(wait_until, worker.began.exists)
        assert await rig.scrape() == {("g", "9000"): 3.0}

    run(body)


def test_a_failing_collector(run, capsys):
    """Its own metrics are missing; the model log says why."""

    async def body(rig):
        worker = await rig.start()
        await worker.do(
            "class Broken:\n    def describe(self): return []\n    def collect(self): raise OSError('the meter is off')\n"
            "prometheus.REGISTRY.register(Broken())\nCALLS.labels('me').inc()"
        )
        assert (await rig.scrape())["calls_total", "9000", "me"] == 1.0

    run(body)
    assert "stderr OSError: the meter is off" in capsys.readouterr().out


def test_garbage_on_the_probe(run):
    """A handler that writes where it should not loses its metrics, and nothing else."""

    async def body(rig):
        worker = await rig.start()
        await worker.do("CALLS.labels('me').inc()")
        assert await rig.scrape()
        await worker.do("import os, sys\nos.write(int(sys.argv[2]), b'\\xff' * 100)")
        while worker.source.latest:  # noqa: ASYNC110  # what comes over the probe sets no event
            await asyncio.sleep(0.01)
        assert await rig.scrape() == {}
        assert worker.source.problem
        await worker.do("pass")

    run(body)


def test_in_a_server(deploy, server):
    """Registered and asked: in the server's own /metrics with the model's labels, until it is unregistered."""
    model = deploy(HANDLER)
    assert model.predict("CALLS.labels('me').inc(5)").text == "x"
    (worker,) = model.describe()["workers"]
    labels = {"model_name": model.name, "model_version": "1.0", "worker": f"W-{worker['id']}-{model.name}_1.0"}
    assert server.metrics("calls_total", **labels, by="me") == 5.0
    model.delete().result()
    assert server.metrics("calls_total", model_name=model.name) is None
