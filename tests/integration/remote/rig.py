"""One worker elsewhere, the owner that it has here, and what the owner was told."""

import asyncio
from contextlib import asynccontextmanager

from msgspec import structs

from fleet.scripted import plan_of
from integration.remote.loopback import LoopbackBackend
from servescope.fleet.launch import LaunchPlan
from servescope.wire.messages import Batch, Field, Loaded, Reply, Request

PATIENCE_S = 60.0
HANDLER = """
import os, sys, time, subprocess

def handle(data, context):
    if data is None:
        return None
    answers = []
    for row in data:
        body = bytes(row["body"])
        if body.startswith(b"do "):
            found = {}
            exec(body[3:].decode(), {"context": context, **globals()}, found)
            answers.append(str(found.get("answer", "")))
        else:
            answers.append(body)
    return answers
"""


class Owner:
    """Who hears of the worker."""

    def __init__(self):
        self.told = asyncio.Queue()
        self.lines = []
        self.sources = []
        self.over = asyncio.get_running_loop().create_future()
        self.endings = 0

    def message_received(self, message, attachments):
        if isinstance(message, Reply):
            bodies = [
                bytes(attachments.take(part.data)) if isinstance(part.data, int) else part.data
                for part in message.parts
            ]
            self.told.put_nowait((message, bodies))
        else:
            self.told.put_nowait(message)

    def metrics_offered(self, source):
        self.sources.append(source)

    def line_received(self, stream, line):
        self.lines.append((stream, line))

    def ending(self):
        self.endings += 1

    def ended(self, status, why=None, reason=None):
        self.over.set_result((status, why))


class Rig:
    """`start` a worker, then `do` things in its handler."""

    def __init__(self, directory, tls=None):
        self.directory = directory
        self.backend = LoopbackBackend(directory, tls)
        self.owner = Owner()

    def plan(self, **more):
        model = self.directory / "model"
        model.mkdir(exist_ok=True)
        (model / "service.py").write_text(HANDLER)
        # The front end's own paths and interpreter mean nothing elsewhere.
        load = structs.replace(plan_of().load, model_dir="/not/there", handler="service.py", **more)
        return LaunchPlan(load, "/not/there/python", {}, 64 << 20), model

    async def start(self, **more):
        plan, model = self.plan(**more)
        self.link = await asyncio.wait_for(self.backend.launch(plan, model, self.owner), PATIENCE_S)
        self.link.send(plan.load)
        loaded = await self.said()
        assert isinstance(loaded, Loaded)
        assert loaded.code == 200, loaded
        return self.link

    def ask(self, number, *bodies):
        fields = [Request(f"r{place}", [], {}, [Field("body", "", body)]) for place, body in enumerate(bodies)]
        self.link.send(Batch(number, fields))

    async def said(self):
        return await asyncio.wait_for(self.owner.told.get(), PATIENCE_S)

    async def do(self, code):
        self.ask(1, b"do " + code.encode())
        _, (answer,) = await self.said()
        return answer.decode()

    async def ended(self):
        return await asyncio.wait_for(asyncio.shield(self.owner.over), PATIENCE_S)


@asynccontextmanager
async def rigged(directory, tls=None):
    rig = Rig(directory, tls)
    try:
        yield rig
    finally:
        await rig.backend.close()


async def until(condition, what=None):
    """Wait for what no event tells of."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
