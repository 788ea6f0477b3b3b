"""One process: whichever way it goes, its load and its end are told once, with the first reason."""

import asyncio
from pathlib import Path

import pytest

from fleet.clock import run
from fleet.scripted import ScriptedBackend, mute, plan_of, silent
from servescope.fleet.worker.life import Life
from servescope.fleet.worker.work import Ending
from servescope.wire.messages import Loaded, Stop


class Events:
    """Passes on what the backend tells, as a worker does."""

    def __init__(self):
        self.life = Life(lambda status: Ending("exit", f"status {status}"))

    def message_received(self, message, attachments):
        self.life.loaded(message)

    def ended(self, status, why=None, reason=None):
        return self.life.ended(status, why, reason)


async def launched(script):
    events, backend = Events(), ScriptedBackend(script)
    await events.life.launch(backend, plan_of(), Path("/none"), events)
    events.life.tell_to_load(plan_of().load)
    return events, backend.lives[0]


def test_it_loads_and_ends():
    """Its end is what the process's exit status says."""

    async def main():
        events, process = await launched(silent)
        assert (await events.life.load(60)).code == 200
        assert (events.life.pid, events.life.doomed) == (1000, False)
        process.die(0)
        assert await events.life.end() == Ending("exit", "status 0")
        assert (events.life.pid, events.ended(1)) == (0, False)

    run(main())


def test_the_first_reason_counts():
    """Whoever ends it later, the process included, adds nothing."""

    async def main():
        events, process = await launched(silent)
        await events.life.load(60)
        events.life.condemn(Ending("timeout", "late"))
        events.life.condemn(Ending("exit", "large"))
        assert (events.life.doomed, process.killed) == (True, True)
        assert (await events.life.end()).text == "late"

    run(main())


def test_a_load_that_takes_too_long():
    """It is on its way out then, and a late word does no harm."""

    async def main():
        events, process = await launched(mute)
        loaded = await events.life.load(60)
        assert (loaded.code, loaded.message, process.killed) == (500, "did not load within 60 s", True)
        events.life.loaded(Loaded(200, "", False))
        assert (await events.life.end()).reason == "timeout"

    run(main())


def test_a_deaf_process_is_ended():
    """Some seconds after it was told to stop."""

    async def main():
        events, process = await launched(lambda life, message: None if message == Stop() else silent(life, message))
        await events.life.load(60)
        events.life.stop()
        await events.life.end()
        assert process.killed
        assert asyncio.get_running_loop().time() == pytest.approx(5)

    run(main())


def test_without_a_process_nothing_happens():
    """Before a launch, or after one that failed."""

    async def main():
        events, backend = Events(), ScriptedBackend()
        backend.error = FileNotFoundError("no python")
        with pytest.raises(FileNotFoundError):
            await events.life.launch(backend, plan_of(), Path("/none"), events)
        events.life.send(Stop())
        events.life.kill()
        assert (events.life.pid, await events.life.end()) == (0, Ending("exit", "status 1"))

    run(main())
