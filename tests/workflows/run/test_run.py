"""A request goes through its graph: over real queues and scripted workers, whose answers a test times."""

import asyncio
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.scripted import silent
from integration.workflows.flow import spec_of
from metrics.series import series
from servescope.archive.source import Fetched
from servescope.archive.war.archive import WarArchive
from servescope.errors import ModelNotFound
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.wire.messages import Part, Reply
from servescope.workflows.run.rows import row_of
from servescope.workflows.run.run import Run
from servescope.workflows.spec.spec import parse_spec
from servescope.workflows.workflow import Workflow
from serving.parts import Served, model_of


class World:
    """A workflow whose nodes are models of one silent worker each; their batches are answered by `answer` and `fail`."""

    def __init__(self, dag, **models):
        text = spec_of(dag, **models)
        self.registry = Registry()
        recorder = Recorder(self.registry, "h").workflows
        spec = parse_spec(text, "s.yaml", "h.py", lambda _: None)
        war = WarArchive("w", "w.war", Path("/none"), "s.yaml", text, "h.py", Fetched(Path("/none"), False))
        self.workflow = Workflow(war, spec, recorder.begin("w", spec.dag.nodes))
        self.served = {node: Served(silent) for node in spec.dag.nodes}
        self.models = {f"w__{node}": model_of(f"w__{node}", served=one) for node, one in self.served.items()}
        self.said = []
        self.over = asyncio.Event()

    def find(self, name):
        if name not in self.models:
            raise ModelNotFound(f"Model not found: {name}")
        return self.models[name]

    async def begin(self, body=b"x"):
        run = Run(self.workflow, self.find, self, "r", [(b"x-mine", b"yes")], time.monotonic())
        run.begin(row_of({"": body}))
        await self.turn()
        return run

    async def turn(self):
        for _ in range(6):
            await asyncio.sleep(0)

    def answered(self, answer):
        self.said.append(bytes(answer))
        self.over.set()

    def failed(self, error):
        self.said.append(str(error))
        self.over.set()

    def life(self, node):
        return self.served[node].backend.lives[0]

    def asked(self, node):
        """The rows that a node was given."""
        return [
            {field.name: field.data for field in request.fields}
            for batch in self.life(node).batches
            for request in batch.requests
        ]

    async def answer(self, node, body):
        batch = self.life(node).batches[-1]
        self.life(node).say(Reply(batch.id, True, 200, "", [Part(200, {}, body)], 0.0, {"prediction": 0.0}))
        await self.turn()

    async def fail(self, node):
        self.life(node).fail(self.life(node).batches[-1], 503, "Prediction failed")
        await self.turn()

    def attempts(self, node):
        """How often a node came to each outcome."""
        found = series(self.registry, "servescope_workflow_node_attempts_total")
        return {labels[3]: value for labels, value in found.items() if labels[2] == node and value}


def run_in_loop(main):
    asyncio.run(asyncio.wait_for(main(), 30))


def test_nodes_wait_for_all_before_them():
    """A join is asked once, when the last of those before it has answered, with their answers by their names."""

    async def main():
        world = World({"a": ["b", "c"], "b": ["d"], "c": ["d"]})
        run = await world.begin()
        assert (world.asked("a"), world.asked("b")) == ([{"body": b"x"}], [])
        await world.answer("a", b"1")
        assert world.asked("b") == world.asked("c") == [{"body": b"1"}]
        await world.answer("c", b"3")
        assert world.asked("d") == []
        await world.answer("b", b"2")
        assert world.asked("d") == [{"b": b"2", "c": b"3"}]
        assert (world.said, world.workflow.running) == ([], 1)
        await world.answer("d", b"4")
        assert (world.said, world.workflow.running, run.open) == ([b"4"], 0, False)
        assert all(world.attempts(node) == {"ok": 1} for node in "abcd")

    run_in_loop(main)


def test_several_leaves_wait_for_each_other():
    """And are one answer."""

    async def main():
        world = World({"a": ["b", "c"]})
        await world.begin()
        await world.answer("a", b"1")
        await world.answer("c", b"3")
        assert world.said == []
        await world.answer("b", b"text")
        assert world.said == [b'{\n  "b": "text",\n  "c": 3\n}\n']

    run_in_loop(main)


def test_a_node_is_asked_again():
    """As often as it says; each attempt is a request of its model."""

    async def main():
        world = World({"a": []}, retry_attempts=2)
        await world.begin()
        await world.fail("a")
        await world.fail("a")
        await world.answer("a", b"at last")
        assert world.said == [b"at last"]
        assert world.attempts("a") == {"failed": 2, "ok": 1}
        requests = series(world.served["a"].registry, "servescope_requests_total")
        assert {key[4]: value for key, value in requests.items() if key[2] == "workflow"} == {"503": 2, "200": 1}
        assert world.models["w__a"].recorder.arrived_count == world.models["w__a"].recorder.requests.finished_count == 3

    run_in_loop(main)


def test_one_answer_however_many_fail():
    """The first that may not be asked again ends it; what else runs is taken back, and late answers mean nothing."""

    async def main():
        world = World({"a": ["b", "c", "d"]}, retry_attempts=0)
        await world.begin()
        await world.answer("a", b"1")
        await world.fail("c")
        assert world.said == ["Error executing c: Prediction failed"]
        assert [world.attempts(node) for node in "bcd"] == [{"cancelled": 1}, {"failed": 1}, {"cancelled": 1}]
        await world.answer("b", b"late")
        await world.fail("d")
        assert len(world.said) == 1
        assert (world.workflow.running, world.models["w__b"].in_flight) == (0, 0)

    run_in_loop(main)


def test_a_client_that_leaves():
    """Nothing runs or is asked any more, and nobody is told."""

    async def main():
        world = World({"a": ["b", "c"]})
        run = await world.begin()
        await world.answer("a", b"1")
        run.cancel()
        run.cancel()
        await world.answer("b", b"late")
        assert (world.said, world.workflow.running) == ([], 0)
        assert [world.attempts(node) for node in "abc"] == [{"ok": 1}, {"cancelled": 1}, {"cancelled": 1}]

    run_in_loop(main)


def test_a_client_that_leaves_between_two_attempts():
    """The next is not made."""

    async def main():
        world = World({"a": []}, retry_attempts=5)
        world.served["a"].pool.shrink(0)
        run = await world.begin()
        assert world.attempts("a") == {"failed": 1}
        run.cancel()
        await asyncio.sleep(0.15)
        assert (world.attempts("a"), world.said) == ({"failed": 1}, [])

    run_in_loop(main)


def test_time_is_up():
    """An attempt that takes too long is taken off the queue, or back from the worker."""

    async def main():
        world = World({"a": []}, retry_attempts=1, timeout_ms=20)
        await world.begin()
        await world.over.wait()
        assert world.said == ["Error executing a after 2 attempts: no answer within timeout-ms (20 ms)"]
        assert world.attempts("a") == {"timeout": 2}
        assert len(world.served["a"].dispatcher) == 0

    run_in_loop(main)


def test_a_model_that_is_not_there():
    """It is not asked again."""

    async def main():
        world = World({"a": ["b"]}, retry_attempts=5)
        del world.models["w__b"]
        await world.begin()
        await world.answer("a", b"1")
        assert world.said == ["Error executing b: Model not found: w__b"]
        assert world.attempts("b") == {}

    run_in_loop(main)


@pytest.mark.parametrize("how", ["answered", "failed", "left"])
def test_where_its_time_went(how):
    """By stage and by node it is the whole, to the end that the exchange had."""

    async def main():
        world = World({"a": ["b", "c"], "b": ["d"], "c": ["d"]}, retry_attempts=0)
        run = await world.begin()
        await world.answer("a", b"1")
        await world.answer("b", b"2")
        if how == "answered":
            await world.answer("c", b"3")
            await world.answer("d", b"4")
        elif how == "failed":
            await world.fail("c")
        else:
            run.cancel()
        ended = time.monotonic()
        stages, nodes = run.seconds(ended)
        path = ["d", "c", "a"] if how == "answered" else ["c", "a"]
        assert list(nodes) == path
        assert sum(nodes.values()) == pytest.approx(ended - run.began)
        assert sum(stages.values()) == pytest.approx(ended - run.began)

    run_in_loop(main)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_any_graph_in_any_order(data):
    """Whoever answers or fails when: each node is asked after all before it, once an attempt; the client is told once."""
    names = "abcdef"[: data.draw(st.integers(1, 6))]
    edges = {
        one: [other for other in names[place + 1 :] if data.draw(st.booleans())] for place, one in enumerate(names)
    }
    for place, name in enumerate(names[1:], 1):
        if not any(name in edges[other] for other in names[:place]):
            edges["a"].append(name)
    retries = data.draw(st.integers(0, 2))

    async def main():
        world = World(edges, retry_attempts=retries)
        run = await world.begin()
        answered, failures = [], dict.fromkeys(names, 0)
        while not world.said:
            waiting = [name for name in names if name not in answered and len(world.asked(name)) == failures[name] + 1]
            assert all(all(parent in answered for parent in run.workflow.spec.dag.parents[name]) for name in waiting)
            name = data.draw(st.sampled_from(waiting))
            if data.draw(st.integers(0, 5)):
                answered.append(name)
                await world.answer(name, name.encode())
            else:
                failures[name] += 1
                await world.fail(name)
        given_up = [name for name in names if failures[name] > retries]
        assert len(world.said) == 1
        assert given_up == [] or world.said[0].startswith(f"Error executing {given_up[0]}")
        assert given_up != [] or set(answered) == set(names)
        assert (run.open, world.workflow.running) == (False, 0)
        for name in names:
            attempts = world.attempts(name)
            assert sum(attempts.values()) == len(world.asked(name))
            assert attempts.get("ok", 0) == (name in answered)
            assert attempts.get("failed", 0) == failures[name]
        ended = time.monotonic()
        stages, nodes = run.seconds(ended)
        assert sum(nodes.values()) == pytest.approx(ended - run.began)
        assert sum(stages.values()) == pytest.approx(ended - run.began)

    run_in_loop(main)
