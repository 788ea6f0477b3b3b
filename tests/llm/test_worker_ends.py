"""The engine dies in the midst of an answer: the client is told, the worker comes back, and the metrics say so. Nothing is left."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from integration.scrape import read
from integration.server import alive, wait_until
from llm.client import COMPLETIONS, COUNTED, ask_for, load
from llm.growth import INTER_TOKEN, RUNNING, Growth, resting
from llm.llm_server import START_LIMIT_S
from llm.through_archive import NAME, SERVED
from truth.comparison import REQUESTS
from truth.leaving import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

RESTARTS = "servescope_worker_restarts_total"
WORKERS = "servescope_workers"
GAPS = f"{INTER_TOKEN}_count"


def engine_of(model):
    """The process that the worker's engine runs in."""
    (worker,) = model.server.manage("GET", f"/models/{model.name}").json()[0]["workers"]
    below = psutil.Process(worker["pid"]).children(recursive=True)
    (engine,) = [process for process in below if "EngineCore" in " ".join(process.cmdline())]
    return engine


def shared_by(engine):
    """The files in shared memory that a process has open."""
    maps = Path(f"/proc/{engine.pid}/maps").read_text().splitlines()
    return {Path(line.split()[-1]) for line in maps if "/dev/shm/" in line and not line.endswith("(deleted)")}


def test_the_engine_is_killed(llm_server, archive):
    """A stream breaks off and a whole answer is an error; nothing of the old worker is left, and the next one serves."""
    engine = engine_of(archive)
    old = [engine, *engine.parent().children(recursive=True), engine.parent()]
    before = read(llm_server)

    async def kill(_books):
        await until(lambda: read(llm_server, RUNNING).total(RUNNING, model_name=NAME) == 2, "both to run")
        await until(lambda: gaps(read(llm_server, GAPS)) > gaps(before), "the stream to have two tokens")
        os.kill(engine.pid, signal.SIGKILL)

    options = {"model": SERVED, "prompt": "hello", "max_tokens": 1900, "ignore_eos": True}
    asks = [ask_for(COMPLETIONS, **options), ask_for(COMPLETIONS, **options, **COUNTED)]
    books = load(llm_server.ports["inference"], asks, clients=2, meanwhile=kill)
    whole, stream = books.entries
    assert (whole.fate, whole.code // 100) == ("answered", 5)
    assert stream.fate == "broken" or b'"error"' in stream.body, stream.body[-400:]
    wait_until(lambda: ready(llm_server) == 0, "the metrics to say that no worker is ready")
    assert llm_server.ping() == 500
    assert read(llm_server, REQUESTS).total(REQUESTS, model_name=NAME, code=str(whole.code)) >= 1
    wait_for_worker(llm_server, archive)
    assert ready(llm_server) == 1
    assert not alive(old)
    growth = Growth(before, read(llm_server))
    assert growth.total(RESTARTS, model_name=NAME) == 1
    # The stream's first token came in time, its pace kept to nothing that anybody can keep to; the whole answer never came.
    assert growth.by("slo", "servescope_slo_requests_total", model_name=NAME) == {"ttft": 2, "itl": 1}
    assert growth.by("slo", "servescope_slo_good_total", model_name=NAME) == {"ttft": 1}
    again = load(llm_server.ports["inference"], [ask_for(COMPLETIONS, **options | {"max_tokens": 3})])
    assert again.codes() == {"200": 1}
    assert resting(archive).total(RUNNING, model_name=NAME) == 0


def test_the_whole_worker_is_killed(llm_server, llm, archive):
    """As the kernel does for want of memory, with all that it started: the memory that it shared goes, another's stays."""
    engine = engine_of(archive)
    shared, others = shared_by(engine), shared_by(engine_of(llm))
    assert shared
    assert others
    assert not shared & others
    os.killpg(os.getpgid(engine.pid), signal.SIGKILL)
    wait_until(lambda: not any(path.exists() for path in shared), "its shared memory to be given back")
    assert all(path.exists() for path in others)
    wait_for_worker(llm_server, archive)


def gaps(scrape):
    """How often a token has followed another."""
    return scrape.total(GAPS, model_name=NAME)


def ready(llm_server):
    """Workers that can take requests, as the metrics have it."""
    return read(llm_server, WORKERS).value(WORKERS, model_name=NAME, state="ready")


def wait_for_worker(llm_server, archive):
    """Until the engine is up again, and /ping says so."""
    for _ in range(int(START_LIMIT_S / 30)):
        try:
            wait_until(lambda: archive.workers() == ["READY"] and llm_server.ping() == 200)
        except AssertionError:
            continue
        return
    raise AssertionError(f"{archive.workers()}, /ping says {llm_server.ping()}: {llm_server.console()[-4000:]}")
