"""A worker whose handler says what a language model's says: tokens on every reply, names, numbers, an end."""

import pytest

from servescope.wire.messages import Batch, Cancel, EngineStats, Reply, ServedModel, Stop, Tokens
from worker.front import Front, request

SOURCE = """
import asyncio
from servescope.wire.messages import EngineStats, ServedModel, Tokens

class Model:
    raw_bodies = True

    async def initialize(self, context):
        self.loop = asyncio.get_running_loop()
        self.context = context
        self.waiting = asyncio.Event()
        self.task = asyncio.create_task(self.waiting.wait())
        context.served_models = [ServedModel("m", "/m", None, 8)]
        context.end = lambda: open(context.system_properties["model_dir"] + "/ended", "w").close()

    async def handle(self, data, context):
        assert asyncio.get_running_loop() is self.loop
        left = [Tokens(1, 0, 1, 0.5)]
        context.take_tokens = lambda: left.pop() if left else None
        word = bytes(data[0]["body"]).decode()
        if word == "stats":
            self.context.send_engine_stats(EngineStats(2, 1, 0.5, 0))
        elif word == "stream":
            context.send_partial(["1"], 200)
            left.append(Tokens(generation=2, finished=["stop"]))
        elif word == "raise":
            raise ValueError("no")
        elif word == "wait":
            self.waiting.set()
            await asyncio.Event().wait()
        elif word == "waiting":
            await self.task
        elif word == "header":
            context.set_response_header(0, "x", "\\udc80")
        return [word + " " + str(context.started > 0)]
"""

FIRST = Tokens(1, 0, 1, 0.5)


@pytest.fixture
def front(model):
    front = Front()
    loaded = front.load(model.directory, model.write("handler.py", SOURCE))
    assert (loaded.code, loaded.concurrent, loaded.served) == (200, True, [ServedModel("m", "/m", None, 8)])
    assert front.receive()[0] == EngineStats(0, 0, 0.0, 0)
    yield front
    front.close()


def test_tokens_of_a_whole_answer(front):
    """They come with the one reply; the handler knows when its batch was taken up."""
    reply = front.ask(request("r", b"x"))
    assert (bytes(reply.parts[0].data), reply.tokens) == (b"x True", FIRST)


def test_tokens_of_a_stream(front):
    """Each piece brings what came since the last."""
    front.send(Batch(1, [request("r", b"stream")]))
    (piece, _), (last, _) = front.receive(), front.receive()
    assert (piece.final, piece.tokens) == (False, FIRST)
    assert (last.final, last.tokens) == (True, Tokens(generation=2, finished=["stop"]))


@pytest.mark.parametrize(("word", "code"), [(b"raise", 503), (b"header", 200)])
def test_tokens_of_a_failure(front, word, code):
    """What was done before it failed counts."""
    reply = front.ask(request("r", word))
    assert (reply.code, reply.tokens) == (code, FIRST)


def test_tokens_of_a_cancelled_request(front):
    """So does what was done for a client that hung up."""
    front.send(Batch(1, [request("r", b"wait")]))
    front.send(Batch(2, [request("s", b"waiting")]))
    assert front.receive()[0].batch_id == 2
    front.send(Cancel(1, "r"))
    reply, _ = front.receive()
    assert (reply.batch_id, reply.code, reply.tokens) == (1, 499, FIRST)


def test_engine_stats(front):
    """The engine's numbers go out between the replies."""
    front.send(Batch(1, [request("r", b"stats")]))
    stats, reply = front.receive()[0], front.receive()[0]
    assert stats == EngineStats(2, 1, 0.5, 0)
    assert isinstance(reply, Reply)


def test_raw_bodies(front):
    """A body reaches the handler as it was sent, whatever its type says."""
    reply = front.ask(request("r", b'{"a": 1}', content_type="application/json"))
    assert bytes(reply.parts[0].data) == b'{"a": 1} True'


def test_the_end(front, model):
    """After the last reply the handler's end is called."""
    front.send(Stop())
    assert front.join() == 0
    assert (model.directory / "ended").exists()


def test_a_failing_start(model):
    """What an asynchronous `initialize` raises is the answer, and the worker ends."""
    source = "class Model:\n    async def initialize(self, context):\n        raise ValueError('no engine')\n"
    source += "    async def handle(self, data, context):\n        return data\n"
    front = Front()
    loaded = front.load(model.directory, model.write("handler.py", source))
    assert (loaded.code, loaded.message, loaded.served) == (500, "ValueError: no engine", [])
    assert front.join() == 1
    front.close()
