"""The calls of the management API, many at once: each has its turn, and what it is told was true when that ended."""

import asyncio

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import Life, mute, silent
from servescope.config.model.options import RegisterOptions
from servescope.errors import Conflict, ModelNotFound, ServiceUnavailable, WorkerFailed
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller, CallerLeft
from servescope.wire.messages import Load, ToWorker
from serving.managed import Managed
from serving.parts import job

SCALED = "Workers scaled to {} for model: m"


def slow(life: Life, message: ToWorker) -> None:
    """Takes a second to load."""
    if isinstance(message, Load):
        asyncio.get_running_loop().call_later(1, life.load)
    else:
        silent(life, message)


class Failing:
    """Loads that fail while `broken`."""

    def __init__(self) -> None:
        self.broken = True

    def __call__(self, life: Life, message: ToWorker) -> None:
        if isinstance(message, Load) and self.broken:
            life.load(500, "ValueError: not yet")
        else:
            silent(life, message)


async def scaled(managed, count):
    """Whether, having asked for so many workers, one is told of that number and there are that many."""
    outcome = await managed.scale(count)
    return outcome == Outcome(200, SCALED.format(count)) and managed.working == count


async def many_scales(directory):
    managed = Managed(directory, slow)
    await managed.register()
    counts = [number % 4 + 1 for number in range(15)]
    results = await asyncio.gather(*(scaled(managed, count) for count in counts))
    assert all(results)
    assert managed.working == counts[-1]


def test_fifteen_scale_calls(tmp_path):
    """Each is told of the number that it asked for, and that number there was."""
    run(many_scales(tmp_path))


def test_two_registrations_of_a_version(tmp_path):
    """One is registered, the other a conflict, and nothing is left of its archive."""

    async def main():
        managed = Managed(tmp_path, slow)
        results = await asyncio.gather(managed.register(), managed.register(), return_exceptions=True)
        assert sorted(map(type, results), key=str) == sorted([Outcome, Conflict], key=str)
        assert (managed.working, len(managed.unpacked)) == (1, 1)

    run(main())


def test_a_scale_between_a_registration_and_its_workers(tmp_path):
    """Waits for it: neither is told of a failure that was none."""

    async def main():
        managed = Managed(tmp_path, slow)
        registered = managed.register(initial_workers=3)
        await until(lambda: managed.lives, 0.01)
        scaled, gone = managed.scale(1), managed.unregister()
        assert (await registered).text == 'Model "m" Version: 1.0 registered with 3 initial workers'
        assert await scaled == Outcome(200, SCALED.format(1))
        assert (await gone).status == 200
        with pytest.raises(ModelNotFound):
            await managed.scale(1)

    run(main())


def test_whoever_asks_to_scale_a_model_that_goes(tmp_path):
    """Is told that there is none; one that was registered in between is another's affair."""

    async def main():
        managed = Managed(tmp_path)
        await managed.register()
        calls = [managed.unregister(), managed.scale(2), managed.register(), managed.scale(2)]
        gone, first, _, second = await asyncio.gather(*calls, return_exceptions=True)
        assert (gone.status, type(first)) == (200, ModelNotFound)
        assert type(second) in (Outcome, ModelNotFound)  # the archive is opened before the turn is asked for

    run(main())


def test_a_failure_is_told_to_whom_it_concerns(tmp_path):
    """A worker that did not load in one call, and does in the next, is no failure of that."""

    async def main():
        script = Failing()
        managed = Managed(tmp_path, script)
        with pytest.raises(
            WorkerFailed, match=r"^Failed to start workers for model m version: 1\.0: ValueError: not yet$"
        ):
            await managed.register()
        assert list(managed.catalog) == []
        await managed.register(initial_workers=0)
        assert (await managed.scale(2, wait=False)).status == 202
        await until(lambda: managed.catalog.find("m").pool.states()["failed"] == 2, 0.01)
        with pytest.raises(WorkerFailed):
            await managed.scale(2)
        script.broken = False
        assert await scaled(managed, 2)

    run(main())


def test_workers_that_died_since(tmp_path):
    """Are not counted as if they were there: whoever waits, waits until they are."""

    async def main():
        managed = Managed(tmp_path, slow)
        await managed.register(initial_workers=2)
        managed.lives[0].die(3)
        await until(lambda: managed.working == 1, 0.01)
        assert await scaled(managed, 2)

    run(main())


def test_a_worker_that_dies_while_another_loads(tmp_path):
    """The workers that were asked for are not all there, and that is said."""

    async def main():
        managed = Managed(tmp_path, slow)
        await managed.register(initial_workers=1)
        scaled = managed.scale(2)
        await asyncio.sleep(0.5)
        managed.lives[0].die(3)
        assert await scaled == Outcome(206, "Workers scaling in progress...")

    run(main())


def test_a_caller_that_leaves_while_its_workers_load(tmp_path):
    """Holds nobody up: the next has its turn, though the load goes on for an hour."""

    async def main():
        managed = Managed(tmp_path, mute, default_startup_timeout=3600)
        caller = Caller()
        registered = managed.register(caller=caller)
        await until(lambda: managed.lives, 0.01)
        gone = managed.unregister()
        before = asyncio.get_running_loop().time()
        caller.leave()
        with pytest.raises(CallerLeft):
            await registered
        assert (await gone).status == 200
        assert asyncio.get_running_loop().time() - before < 60
        assert list(managed.catalog) == []

    run(main())


def test_what_becomes_of_a_registration_whose_caller_left(tmp_path):
    """As of any that is synchronous: it stays if its workers load, and is gone if they do not."""

    async def left(directory, script):
        directory.mkdir()
        managed = Managed(directory, script)
        caller = Caller()
        registered = managed.register(caller=caller)
        await until(lambda: managed.lives, 0.01)
        caller.leave()
        with pytest.raises(CallerLeft):
            await registered
        return managed

    def late(life, message):
        if isinstance(message, Load):
            asyncio.get_running_loop().call_later(1, life.load, 500, "no")

    async def main():
        good = await left(tmp_path / "good", slow)
        await until(lambda: good.working == 1, 0.1)
        bad = await left(tmp_path / "bad", late)
        assert len(list(bad.catalog)) == 1
        await until(lambda: not list(bad.catalog), 0.1)

    run(main())


def test_a_registration_without_a_caller_at_the_servers_end(tmp_path):
    """Is over with all others, and nobody complains."""

    async def main():
        managed = Managed(tmp_path, mute)
        caller = Caller()
        registered = managed.register(caller=caller)
        await until(lambda: managed.lives, 0.01)
        caller.leave()
        with pytest.raises(CallerLeft):
            await registered
        complaints = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await managed.lifecycle.close(0.0)
        await settle()
        assert (managed.lifecycle._watches, complaints) == (set(), [])

    run(main())


def test_a_caller_that_leaves_before_its_turn(tmp_path):
    """Changes nothing, and nothing is left of the archive that it wanted to register."""

    async def main():
        managed = Managed(tmp_path, mute)
        first = managed.register()
        await until(lambda: managed.lives, 0.01)
        caller = Caller()
        calls = [managed.scale(3, caller), managed.register("2.0", caller), managed.unregister(caller)]
        await until(lambda: len(managed.unpacked) == 2, 0.001)
        caller.leave()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(result) for result in results] == [CallerLeft] * 3
        managed.lives[0].load()
        await first
        assert ([model.version for model in managed.catalog], managed.working) == (["1.0"], 1)
        assert len(managed.unpacked) == 1

    asyncio.run(main())  # a clock that jumps would not wait for the thread that opens the archive


def test_a_worker_that_waits_for_a_place(tmp_path):
    """Who registers, or scales, is told for want of what, and does not wait with it; the model stays."""

    async def main():
        managed = Managed(tmp_path)
        managed.backend.pause = asyncio.Event()
        registering = managed.register()
        await until(lambda: managed.backend.launching, 0.01)
        managed.backend.launching[0].placing("needs 1 GPU; the cluster has 0 free of 4")
        text = "A worker waits for a place: it needs 1 GPU; the cluster has 0 free of 4"
        assert await registering == Outcome(202, f"Processing worker updates... {text}")
        scaling = managed.scale(2)
        await until(lambda: len(managed.backend.launching) == 2, 0.01)
        managed.backend.launching[1].placing("needs 1 GPU; the cluster has 0 free of 4")
        assert await scaling == Outcome(206, f"Workers scaling in progress... {text}")
        managed.backend.pause.set()
        await settle()
        assert await managed.scale(2) == Outcome(200, SCALED.format(2))

    run(main())


def test_a_caller_leaves_and_a_worker_waits_for_a_place(tmp_path):
    """Its registration is not taken back."""

    async def main():
        managed, caller = Managed(tmp_path), Caller()
        managed.backend.pause = asyncio.Event()
        registering = managed.register(caller=caller)
        await until(lambda: managed.backend.launching, 0.01)
        caller.leave()
        with pytest.raises(CallerLeft):
            await registering
        managed.backend.launching[0].placing("needs 1 GPU")
        await settle()
        assert len(managed.catalog.find("m").pool) == 1

    run(main())


def test_the_servers_end(tmp_path):
    """Whoever waits for its turn is told, and no worker is started any more."""

    async def main():
        managed = Managed(tmp_path, slow)
        await managed.register()
        first, second = managed.scale(2), managed.scale(3)
        await asyncio.sleep(0.1)
        await managed.lifecycle.close(0.0)
        results = await asyncio.gather(first, second, return_exceptions=True)
        assert [type(result) for result in results] == [WorkerFailed, ServiceUnavailable]
        with pytest.raises(ServiceUnavailable, match="stopping"):
            await managed.scale(1)
        assert len(managed.lives) == 2

    run(main())


def test_no_more_changes(tmp_path):
    """Whose turn it is goes on; who waits or comes later is told at once, and nothing is unpacked for it."""

    async def main():
        managed = Managed(tmp_path, slow)
        await managed.register()
        first, second = managed.scale(2), managed.scale(3)
        await asyncio.sleep(0.1)
        managed.lifecycle.refuse_changes()
        with pytest.raises(ServiceUnavailable, match="stopping"):
            await second
        assert not first.done()
        with pytest.raises(ServiceUnavailable, match="stopping"):
            await managed.lifecycle.register(RegisterOptions(url="none such"))
        assert (await first).status == 200

    run(main())


def test_the_servers_end_is_hurried(tmp_path):
    """Whoever ends the models with less patience ends them for the one who has more."""

    async def main():
        managed = Managed(tmp_path, silent)
        await managed.register()
        managed.catalog.find("m").dispatcher.submit(job("abandoned").job)
        closing = asyncio.create_task(managed.lifecycle.close(10.0))
        await asyncio.sleep(1)
        assert not closing.done()
        await managed.lifecycle.close(0.0)
        await closing
        assert (asyncio.get_running_loop().time() < 10, managed.unpacked) == (True, [])

    run(main())


def test_the_default_version_in_turn(tmp_path):
    """Whoever asks for it while its version is being registered is told once it is there."""

    async def main():
        managed = Managed(tmp_path, slow)
        await managed.register()
        registered = managed.register("2.0")
        await until(lambda: ("m", "2.0") in managed.catalog, 0.01)
        default = asyncio.create_task(managed.lifecycle.set_default("m", "2.0"))
        assert (await registered).status == (await default).status == 200
        assert managed.catalog.find("m").version == "2.0"

    run(main())
