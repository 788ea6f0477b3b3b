"""Workflows: each client is answered once, however their nodes fail; the server's counts of the workflow and of each node are those
that follow from the clients' answers.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from integration.scrape import Scrape
from integration.server import Server, pack
from integration.workflows.flow import Flow, spec_of
from truth.books import Books, Entry
from truth.client import Ask, load
from truth.comparison import DEPTH, DURATION, IN_FLIGHT, REQUESTS, assert_same_counts, at_rest
from truth.conftest import amount
from truth.handlers import NODES
from truth.leaving import after

pytestmark = pytest.mark.integration

ATTEMPTS, SECONDS = "servescope_workflow_node_attempts_total", "servescope_workflow_node_seconds"
# begin forks into three, which join; `last` takes them in batches.
DAG = {"begin": ["left", "slow", "mortal"], "left": ["join"], "slow": ["join"], "mortal": ["join"], "join": ["last"]}
ORDER = {"begin": 0, "left": 1, "slow": 1, "mortal": 1, "join": 2, "last": 3}
MODELS = {
    "slow": {"max-workers": 4, "timeout-ms": 500, "retry-attempts": 0},
    "mortal": {"max-workers": 2},
    "last": {"batch-size": 4, "max-batch-delay": 5},
}
PLANS = ("all well", "left fails", "left fails-once", "mortal dies-once", "mortal dies", "slow hangs", "join fails")
FAILED = re.compile(r"Error executing (\w+)(?: after (\d+) attempts)?: (.*)", re.DOTALL)


@pytest.fixture
def flow(truth_server: Server) -> Iterator[Flow]:
    """The graph above, registered."""
    for node in MODELS:
        pack(truth_server.store / f"{node}.mar", node, NODES, handler=f"service.py:{node}")
    made = Flow(truth_server)
    made.notes.mkdir()
    models = {node: {"url": f"{node}.mar", **options} for node, options in MODELS.items()}
    answer = made.register(spec_of(DAG, timeout_ms=60_000, **models), handler=NODES)
    assert answer.status_code == 200, answer.text
    yield made
    made.delete()


class Expected:
    """How often each node was asked, as the answers of all clients tell: by outcome, `ended` for ok and cancelled together."""

    def __init__(self) -> None:
        self.nodes = {node: Counter[str]() for node in ORDER}

    def answered(self, entry: Entry) -> None:
        """One was. A 200 is its plan, which says what was done twice."""
        if entry.code == 200:
            where, what = entry.body.decode().split(" ")
            for node, counts in self.nodes.items():
                counts["ended"] += 1
                counts["failed"] += node == where and what.endswith("-once")
            return
        said = json.loads(entry.body)
        found = FAILED.fullmatch(said["message"])
        assert (entry.code, bool(found)) == (500, True), said
        failing, times, why = found.groups()
        for node, place in ORDER.items():
            if node == failing:
                self.nodes[node]["timeout" if "timeout-ms" in why else "failed"] += int(times or 1)
            elif place <= ORDER[failing]:
                self.nodes[node]["ended"] += 1


def attempts(books: Scrape, made: Flow, node: str) -> dict[str, float]:
    """The server's count, as `Expected` has it."""
    said = books.by("outcome", ATTEMPTS, model_name=made.name, node=node)
    ended = said.pop("ok", 0) + said.pop("cancelled", 0)
    return {**said, **({"ended": ended} if ended else {})}


def assert_nodes_agree(books: Scrape, made: Flow) -> None:
    """Each attempt was a request of its node's model, by the code that belongs to its outcome; nothing is left of any."""
    for node in ORDER:
        model = f"{made.name}__{node}"
        outcomes = books.by("outcome", ATTEMPTS, model_name=made.name, node=node)
        codes = books.by("code", REQUESTS, model_name=model, transport="workflow")
        assert sum(codes.values()) == sum(outcomes.values()) == books.total(REQUESTS, model_name=model), node
        named = {"ok": codes.pop("200", 0), "timeout": codes.pop("408", 0), "cancelled": codes.pop("499", 0)}
        assert {**named, "failed": sum(codes.values())} == {**dict.fromkeys((*named, "failed"), 0), **outcomes}, node
        assert books.value(IN_FLIGHT, model_name=model) == books.value(DEPTH, model_name=model) == 0
    whole = books.total(f"{DURATION}_sum", model_name=made.name)
    assert books.total(f"{SECONDS}_sum", model_name=made.name) == pytest.approx(whole, rel=1e-6)


def settled(made: Flow, requests: int) -> Scrape:
    """All of a workflow's and its nodes' series, once all is counted."""
    at_rest_of_nodes = [Flow(made.server, f"{made.name}__{node}") for node in ORDER]
    for node in at_rest_of_nodes:
        at_rest(made.server, node)
    return made.settled(requests)


def test_however_nodes_fail(truth_server, flow, drawn):
    """Nodes that raise, die and hang, always or once, under load: one answer a request, and every attempt is counted once."""
    plans = ["all well"] * amount(90) + ["left fails", "left fails-once", "join fails"] * amount(8)
    plans += ["mortal dies-once", "mortal dies", "slow hangs"] * 2
    drawn.shuffle(plans)
    path = f"/wfpredict/{flow.name}"
    books = load(truth_server.ports["inference"], [Ask(path, plan.encode()) for plan in plans], clients=6)
    now = settled(flow, len(plans))
    assert_same_counts(now, flow, books)
    assert set(books.codes()) == {"200", "500"}
    expected = Expected()
    for entry in books.entries:
        expected.answered(entry)
    for node, counts in expected.nodes.items():
        assert attempts(now, flow, node) == +counts, node
    assert flow.calls("begin") == len(plans)
    assert_nodes_agree(now, flow)
    for family, own in (("request", sum(map(len, plans))), ("response", sum(len(one.body) for one in books.entries))):
        assert now.value(f"servescope_{family}_bytes_sum", model_name=flow.name) == own


def test_clients_that_hang_up(truth_server, flow, drawn):
    """Anywhere in the graph: 499, once; whatever was asked for them is taken back, and counted as such."""

    def ask() -> Ask:
        leave = after(drawn.random() * 0.06) if drawn.random() < 1 / 3 else None
        plan = drawn.choice(PLANS[:3]).encode()
        return Ask(f"/wfpredict/{flow.name}", plan, leave=leave, reset=drawn.random() < 0.5)

    books: Books = load(truth_server.ports["inference"], [ask() for _ in range(amount(200))], clients=8)
    assert books.of("hung up")
    now = settled(flow, len(books.entries))
    assert_same_counts(now, flow, books)
    assert sum(attempts(now, flow, "begin").values()) == len(books.entries)
    assert_nodes_agree(now, flow)
