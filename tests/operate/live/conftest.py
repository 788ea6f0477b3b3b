"""One live server under a mixed load for all tests of this folder, scraped by two Prometheus processes.

One takes classic buckets, the other native histograms. What most machines lack is played: GPUs, and the engine of a
language model.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.conftest import deployment
from integration.deployed import Deployed
from integration.prometheus_server import Prometheus, prometheus
from integration.server import Server, wait_until
from integration.workflows.flow import pack_war
from metrics.collectors.nvml.stand_in import StandIn, build
from operate.hurried import FEATURES, hurried
from operate.live.handlers import FUNCTIONS, PLAIN, PLAIN_CONFIG, PLAYER, PLAYER_CONFIG, SCALED_CONFIG
from operate.live.promises import Account, loaded, registered
from servescope.operate.promql import FORMS, Form
from truth.client import Ask, load
from truth.handlers import WORK

SETTINGS = {
    "disable_system_metrics": "false",
    "metric_time_interval": "1",
    "metrics_series_budget": "20",
    "load_models": "nosuch.mar",  # which there is not
    "front_ends": "2",
}


@dataclass
class Live:
    """The server, what each Prometheus tells of it, and two models that tests may ask.

    `accounts`: clients' books by model and objective, of two others, at rest since `rested`, Unix seconds.
    """

    server: Server
    told: Mapping[Form, Prometheus]
    plain: Deployed
    player: Deployed
    accounts: dict[str, dict[str, Account]] = field(default_factory=dict)
    rested: float = 0.0

    def wait_for(self, family: str, models: Iterable[Deployed]) -> None:
        """Wait until both have series of this family for these models."""
        for told, model in itertools.product(self.told.values(), models):
            query = f'{family}{{model_name="{model.name}"}}'
            wait_until(lambda told=told, query=query: told.series(query), query)

    def busy(self) -> None:
        """A few requests. TorchServe's counters begin with the first one, so only later ones are a rate."""
        for word in ("ok", "404", "raise"):
            self.plain.predict(word)
            self.player.predict(word)
            self.server.http.post(self.server.url("inference", "/wfpredict/boards"), content=word)

    def upset(self, cards: StandIn) -> None:
        """What happens once: requests are refused, a worker ends, one has a card's memory, and label values are too many."""
        self.busy()
        asks = [Ask(self.plain.path, b"sleep")] * 5
        books = load(self.server.ports["inference"], asks, clients=5)
        assert "503" in books.codes(), books.codes()
        for word in ("many", "exit"):
            self.plain.predict(word)
        self.plain.predict("ok")
        (pid,) = self.plain.pids()
        cards.say(f"process 0 {pid} 1000000")


@pytest.fixture(scope="package")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """See `Live`."""
    folder = tmp_path_factory.mktemp("live")
    for name in ("server", "nvml"):
        (folder / name).mkdir()
    cards = StandIn(build(folder / "nvml"), folder / "cards")
    with ExitStack() as stack:
        server = Server(folder / "server", SETTINGS, cards.environment)
        stack.callback(server.end)
        told = {form: stack.enter_context(_scraping(folder / form, server, form)) for form in FORMS}
        register = stack.enter_context(deployment(server))
        promised = registered(register)
        plain, player = register(PLAIN, PLAIN_CONFIG), register(PLAYER, PLAYER_CONFIG)
        scaled = register(WORK, SCALED_CONFIG)
        pack_war(server.store / "boards.war", "boards", "dag:\n  first: [second]\n", FUNCTIONS)
        assert server.manage("POST", "/workflows", url="boards.war").status_code == 200
        live = Live(server, told, plain, player)
        live.wait_for("servescope_workers", models=(plain, player))
        live.upset(cards)
        grown(scaled)
        live.accounts.update(loaded(*promised))
        live.rested = time.time()
        yield live


def grown(model: Deployed) -> None:
    """Have the autoscaler start a second worker."""

    def second() -> bool:
        load(model.server.ports["inference"], [Ask(model.path, b"sleep 0.2")] * 6, clients=6)
        return len(model.pids()) == 2

    wait_until(second, "a second worker")


def _scraping(folder: Path, server: Server, form: Form) -> AbstractContextManager[Prometheus]:
    return prometheus(folder, hurried(f"127.0.0.1:{server.ports['metrics']}", form), *FEATURES[form])
