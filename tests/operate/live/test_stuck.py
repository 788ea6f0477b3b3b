"""Models that answer nobody, live: each has one worker, which one request holds, and clients that leave at once, or wait, or both.

The alert is written for two minutes, and waits for some seconds here; how far back it looks is not changed.
"""

import asyncio
import time
from contextlib import ExitStack

import pytest

from integration.conftest import deployment
from integration.prometheus_server import prometheus
from integration.server import Server, wait_until
from operate.hurried import FEATURES, hurried
from operate.promtool import needs_promtool
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.promql import FORMS
from truth.books import Books
from truth.client import Ask, drive
from truth.handlers import WORK

pytestmark = [pytest.mark.integration, needs_promtool]

CONFIG = "{minWorkers: 1, maxWorkers: 1, responseTimeout: 600}"
DEADLINE = "{minWorkers: 1, maxWorkers: 1, responseTimeout: 600, clientTimeoutInMills: 300}"
IMPATIENCE_S = 0.3
# So long a worker is held before anybody is told; and how long it goes on so while nobody may be told that it is over.
HURRIED = Thresholds(stuck_seconds=5, stuck_times_normal=3, give_up_minimum=10)
LASTS_S = 8
STUCK = 'ALERTS{alertname="ServescopeModelStuck",alertstate="firing"}'
LEFT = 'ALERTS{alertname="ServescopeClientsGiveUp",alertstate="firing"}'


async def leaves(_entry):
    """A client's own timeout."""
    await asyncio.sleep(IMPATIENCE_S)


@pytest.fixture
def world(tmp_path):
    """A server, a function that registers models, and a Prometheus for each form of histograms."""
    (tmp_path / "server").mkdir()
    server = Server(tmp_path / "server", {})
    with ExitStack() as stack:
        stack.callback(server.end)
        target = f"127.0.0.1:{server.ports['metrics']}"
        told = [
            stack.enter_context(prometheus(tmp_path / form, hurried(target, form, HURRIED), *FEATURES[form]))
            for form in FORMS
        ]
        register = stack.enter_context(deployment(server))
        yield server, register, told
        for held in server.family():  # nobody waits for the workers that are held
            held.kill()


def firing(told, query):
    """The models that it is said of."""
    return {one["metric"]["model_name"] for one in told.series(query)}


def test_whatever_the_clients_do(world):
    """Each of them is found, and stays found while its clients come and go; a model that answers is not."""
    server, register, told = world
    kinds = {kind: register(WORK, DEADLINE if kind == "deadlines" else CONFIG) for kind in (
        "impatient", "patient", "mixed", "deadlines", "poison left",
    )}  # fmt: skip
    well = register(WORK, CONFIG)
    for model in kinds.values():
        model.send("gate poison")
        wait_until(lambda model=model: (model.notes / "poison.began").exists(), model.name)
    patient = [kinds[kind].send("") for kind in ("patient", "mixed")]

    async def clients(seconds):
        """They come again and again, and hang up."""
        end = time.monotonic() + seconds
        port = server.ports["inference"]
        impatient = [Ask(kinds[kind].path, leave=leaves) for kind in ("impatient", "mixed")]
        while time.monotonic() < end:
            await drive(Books(), port, [*impatient, Ask(kinds["deadlines"].path), Ask(well.path), Ask(well.path)], 5)

    wanted = {model.name for model in kinds.values()}
    end = time.monotonic() + 60
    while not all(firing(one, STUCK) == wanted for one in told):
        assert time.monotonic() < end, [firing(one, STUCK) for one in told]
        asyncio.run(clients(1))
    asyncio.run(clients(LASTS_S))
    leaving = {kinds[kind].name for kind in ("impatient", "mixed", "deadlines")}
    for one in told:
        assert firing(one, STUCK) == wanted
        over = f"count_over_time({STUCK}[{LASTS_S - 3}s])"
        counts = one.by("model_name", over)
        assert counts.keys() == wanted
        assert min(counts.values()) >= 0.6 * (LASTS_S - 3), counts  # each second, on a machine that may be busy
        assert firing(one, LEFT) == leaving
    assert not any(answer.done() for answer in patient)
