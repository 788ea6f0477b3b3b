"""The autoscaler's alerts, live: of models that are asked all the time, each cannot do something else that it wants to.

The alerts are written for minutes, and wait for a second or two here. Workers of which nothing is heard for five minutes, which one
of them tells as well, are for promtool (tests/operate/alerts).
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from integration.conftest import deployment
from integration.deployed import Deployed
from integration.prometheus_server import prometheus
from integration.server import Server, wait_until
from operate.hurried import FEATURES, hurried
from operate.promtool import needs_promtool
from servescope.findings.thresholds.thresholds import Thresholds
from truth.books import Books
from truth.client import Ask, drive
from truth.handlers import WORK

pytestmark = [pytest.mark.integration, needs_promtool]

HURRIED = Thresholds(
    autoscaler_at_maximum_for="2s", autoscaler_stale_seconds=3, autoscaler_stale_for="1s", autoscaler_workers_for="2s"
)
AT_MAXIMUM, STALE, LACKS = (f"ServescopeAutoscaler{what}" for what in ("AtMaximum", "InputStale", "LacksWorkers"))
SOON = "window_s: 6, panic_s: 2, longest_hold_s: 4, lookback_s: 4"
CONFIG = "minWorkers: 1\nmaxWorkers: %d\nslo: {latency_ms: 500}\njobQueueSize: 1000\nautoscale: {mode: %s, %s}\n"
CLIENTS = 6
SLEEP = b"sleep 0.2"

LOADS_ONCE = """
import os, pathlib, time

def load(context):
    try:
        (pathlib.Path(os.environ["NOTES"]) / context.model_name / "loaded").touch(exist_ok=False)
    except FileExistsError:
        raise ValueError("not a second time")

class Handler:
    def initialize(self, context):
        load(context)

    def handle(self, data, context):
        time.sleep(0.2)
        return ["ok"] * len(data)
"""

# Plays a language model whose engine does not know how full its cache is.
FORGETFUL = """
from servescope.wire.messages import EngineStats, ServedModel

class Player:
    async def initialize(self, context):
        context.served_models = [ServedModel(context.model_name, "/weights", None, 256)]

    async def handle(self, data, context):
        context.send_engine_stats(EngineStats(1, 0, float("nan"), 0))
        return ["ok"]
"""


@contextmanager
def clients(models: list[Deployed]) -> Iterator[None]:
    """So many at once ask these again and again."""
    enough = threading.Event()
    asks = [Ask(model.path, SLEEP) for model in models] * CLIENTS

    async def ask() -> None:
        while not enough.is_set():
            await drive(Books(), models[0].server.ports["inference"], asks, len(asks))

    asking = threading.Thread(target=lambda: asyncio.run(ask()))
    asking.start()
    try:
        yield
    finally:
        enough.set()
        asking.join()


def test_what_it_cannot_do(tmp_path):
    """At its maximum, with workers that do not load, without a number; nothing of one that grows as it should, is advised, is not
    autoscaled, or sleeps.
    """
    (tmp_path / "server").mkdir()
    server = Server(tmp_path / "server", {})
    with ExitStack() as stack:
        stack.callback(server.end)
        target = f"127.0.0.1:{server.ports['metrics']}"
        files = hurried(target, "classic", HURRIED)
        told = stack.enter_context(prometheus(tmp_path / "prometheus", files, *FEATURES["classic"]))
        register = stack.enter_context(deployment(server))
        full = register(WORK, CONFIG % (1, "act", SOON))
        grows = register(WORK, CONFIG % (CLIENTS, "act", SOON))
        advised = register(WORK, CONFIG % (1, "advise", SOON))
        off = register(WORK, CONFIG % (1, "off", SOON))
        fails = register(LOADS_ONCE, CONFIG % (4, "act", SOON))
        forgetful = register(FORGETFUL, CONFIG % (1, "act", SOON))
        sleeps = register(WORK, CONFIG % (2, "act", f"{SOON}, scaleToZeroAfterSec: 1"))
        wanted = {(AT_MAXIMUM, full.name, ""), (LACKS, fails.name, "failed_starts"), (STALE, forgetful.name, "")}

        def fired():
            query = 'ALERTS{alertname=~"ServescopeAutoscaler.+",alertstate="firing"}'
            found = [one["metric"] for one in told.series(f"max_over_time({query}[10m])")]
            return {(one["alertname"], one["model_name"], one.get("bound", "")) for one in found}

        with clients([full, grows, advised, off, fails, forgetful]):
            wait_until(lambda: fired() >= wanted, "the alerts")
            wait_until(lambda: len(grows.pids()) >= 2, "growth")
            wait_until(lambda: sleeps.describe()["workers"] == [], "sleep")
            told.wait_for(f'servescope_autoscaler_desired_workers{{model_name="{advised.name}"}} > 1')
        assert fired() == wanted
