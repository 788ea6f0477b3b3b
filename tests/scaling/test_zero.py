"""To zero and back, over real pools and queues, in virtual time: whenever it is asked, no request is lost or answered twice."""

import asyncio
import random
from collections import Counter

import pytest

from fleet.clock import run, settle
from fleet.scripted import Life
from metrics.series import series
from scaling.scaled import AutoscaledModel, sleeping
from servescope.config.model.autoscale import Mode
from servescope.errors import ServiceUnavailable
from servescope.wire.messages import Batch, Load, ToWorker
from serving.parts import job, sent

YAML = "minWorkers: %d\nmaxWorkers: 3\nslo: {latency_ms: 500}\nautoscale: {mode: act, scaleToZeroAfterSec: 20}\n"
LABELS = ("m", "1.0")


async def autoscaled(directory, least=1, script=None) -> AutoscaledModel:
    model = AutoscaledModel(directory, script or sleeping(0.1), YAML % least, job_queue_size=1000)
    await model.begin()
    return model


def states(model) -> dict[str, float]:
    """Those of servescope_workers that are not 0."""
    shown = series(model.registry, "servescope_workers")
    return {state: count for (*_, state), count in shown.items() if count}


async def sleeps(directory, least, caplog):
    model = await autoscaled(directory, least)
    if least:
        await model.ask(2, 10)
        assert (model.count, states(model)) == (least, {"ready": least})
    await asyncio.sleep(30)
    assert (model.count, states(model)) == (0, {"asleep": max(1, least)})
    assert model.report["applied"] == model.report["desired"] == 0
    lives = len(model.lives)
    await model.ask(1, 1)
    assert len(model.lives) == lives + max(1, least)
    await model.answered()
    woken = model.report["decisions"][-1]
    assert (woken["from"], woken["to"], woken["direction"]) == (0, max(1, least), "up")
    assert (woken["reason"] == "woken") or (woken["bound"], least) == ("min", 2)
    assert "requests came for a model without workers" in woken["words"]
    await asyncio.sleep(15)
    assert model.count == max(1, least)
    await asyncio.sleep(15)
    assert model.count == 0
    assert not model.errors
    assert series(model.registry, "servescope_autoscaler_input_age_seconds")[LABELS] == 0.0


@pytest.mark.parametrize("least", [0, 1, 2])
def test_to_zero_and_back(tmp_path, caplog, least):
    """Whatever minWorkers is; the metrics and the decisions say so. With 0 it begins asleep, and its registration wakes nobody."""
    run(sleeps(tmp_path, least, caplog))


async def at_once(directory):
    model = await autoscaled(directory)
    await asyncio.sleep(25.3)
    assert model.count == 0
    await model.ask(1000, 0.001)
    await settle()
    assert model.count == 1  # long before the next look


def test_a_request_does_not_wait_for_the_next_look(tmp_path):
    """A worker starts when it comes."""
    run(at_once(tmp_path))


async def noted(directory):
    model = await autoscaled(directory, least=0)
    await model.ask(2, 1)
    await asyncio.sleep(2)

    def wakes():
        return [one["to"] for one in model.report["decisions"] if one["reason"] == "woken"]

    assert wakes() == [1]
    await model.put(autoscale=Mode.OFF)
    await asyncio.sleep(2)
    await model.put(autoscale=Mode.ACT)
    await model.ask(2, 1)
    await asyncio.sleep(2)
    assert wakes() == [1]


def test_each_wake_is_decided_once(tmp_path):
    """Also one before the first look; and a model that is switched on again has its own."""
    run(noted(tmp_path))


class Counting:
    """Workers that load in half a second and note each request that they begin on."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self._oblige = sleeping(0.05, load_s=0.5)

    def __call__(self, life: Life, message: ToWorker) -> None:
        if isinstance(message, Batch):
            self.begun.update(request.id for request in message.requests)
        self._oblige(life, message)


async def hammered(directory, seed):
    counting, chance = Counting(), random.Random(seed)
    model = await autoscaled(directory, script=counting)
    calls, slept = [], 0
    for number in range(300):
        # Most come within milliseconds of the look that sends it to sleep, or of the worker's end after it.
        gap = chance.choice([20.0, 20.9, 21.0, 21.0, 22.0]) + chance.choice([-0.1, 0.0, 0.0, 0.001, chance.random()])
        await asyncio.sleep(gap)
        slept += model.model.asleep
        for part in range(chance.choice([1, 1, 5])):
            call = job(f"{number}-{part}")
            model.model.recorder.request_arrived("default")
            model.model.dispatcher.submit(call.job)
            calls.append(call)
            await asyncio.sleep(chance.choice([0, 0, 0.01]))
    answers = [bytes((await call.future).body).decode() for call in calls]
    assert answers == [call.job.request.id for call in calls]
    assert set(counting.begun.values()) == {1}
    assert len(counting.begun) == len(calls)
    assert 50 < slept < 290


@pytest.mark.parametrize("seed", range(4))
def test_the_race_between_falling_asleep_and_arriving(tmp_path, seed):
    """Every request is begun on once and answered once."""
    run(hammered(tmp_path, seed))


async def long(directory):
    model = await autoscaled(directory, script=sleeping(1e6))
    call = job("long")
    model.model.dispatcher.submit(call.job)
    await settle()
    for _ in range(10):
        await asyncio.sleep(10)
        assert model.count >= 1
    assert not model.lives[0].over


def test_what_takes_long_keeps_it_awake(tmp_path):
    """A request that is under way, however long ago it came."""
    run(long(tmp_path))


async def too_slow(directory):
    yaml = YAML % 1 + "responseTimeout: 30\n"
    model = AutoscaledModel(directory, sleeping(0.1, load_s=50), yaml, job_queue_size=1000)
    await model.begin()
    await asyncio.sleep(30)
    assert model.count == 0
    await model.ask(1, 1)
    (error,) = model.errors
    assert isinstance(error, ServiceUnavailable)
    assert (error.why, 50 <= error.retry_after_s <= 52) == ("asleep", True)
    await asyncio.sleep(error.retry_after_s + 5)
    assert (model.count, model.working) == (1, 1)
    await model.ask(1, 1)
    await model.answered()
    assert len(model.errors) == 1


def test_a_load_longer_than_its_time_to_sleep(tmp_path):
    """Who was told to come again finds it awake: its time runs from when it has loaded."""
    run(too_slow(tmp_path))


class Breaks:
    """The first worker loads, then none until it is well."""

    def __init__(self) -> None:
        self.well = True

    def __call__(self, life: Life, message: ToWorker) -> None:
        if isinstance(message, Load) and not self.well:
            life.load(500, "ValueError: no weights")
        else:
            sleeping(0.1)(life, message)


async def broken(directory):
    script = Breaks()
    model = await autoscaled(directory, script=script)
    await asyncio.sleep(30)
    assert model.count == 0
    script.well = False
    await model.ask(1, 1)
    await model.answered()
    assert "was asleep and does not load: ValueError: no weights" in str(model.errors[0])
    await asyncio.sleep(600)
    tried = len(model.lives)
    assert (model.count, model.model.ready, model.model.asleep) == (1, False, False)
    assert tried < 30
    script.well = True
    await asyncio.sleep(400)
    assert (model.model.ready, model.count) == (True, 0)
    await model.ask(1, 1)
    await model.answered()
    assert len(model.errors) == 1


def test_one_that_does_not_load_is_tried_until_it_does(tmp_path):
    """It does not sleep meanwhile, so that it is not said to be ready; it backs off, and once it is well it sleeps."""
    run(broken(tmp_path))


async def by_hand(directory):
    model = await autoscaled(directory)
    await model.put(min_worker=0)
    await model.ask(1, 1)
    assert [error.why for error in model.errors] == ["no_worker"]
    await asyncio.sleep(5)
    assert (model.count, model.model.asleep, states(model)) == (0, False, {})
    await model.put(min_worker=0, max_worker=3)
    assert (model.count, model.model.asleep) == (0, True)
    await model.put(min_worker=1)
    await model.ask(1, 1)
    await model.answered()
    assert (model.count, len(model.errors)) == (1, 1)
    await asyncio.sleep(60)
    assert model.model.asleep


def test_none_by_somebodys_will(tmp_path):
    """PUT min_worker=0 is TorchServe's: nobody wakes it. With a max_worker it may sleep, and does."""
    run(by_hand(tmp_path))


async def put_while_asleep(directory, mode, count):
    model = await autoscaled(directory, least=2)
    await asyncio.sleep(30)
    assert model.count == 0
    await model.put(autoscale=mode)
    assert model.count == count
    if mode is Mode.ACT:
        outcome = await model.put(min_worker=1, synchronous=True)
        assert (outcome.status, model.working) == (200, 1)
    await model.ask(1, 2)
    await model.answered()
    assert not model.errors


@pytest.mark.parametrize(("mode", "count"), [(Mode.OFF, 2), (Mode.ADVISE, 2), (Mode.ACT, 0)])
def test_a_call_while_it_sleeps(tmp_path, mode, count):
    """Where nobody would wake it any more it gets its minWorkers; a call for workers has them."""
    run(put_while_asleep(tmp_path, mode, count))


async def put_while_waking(directory):
    model = await autoscaled(directory, script=sleeping(0.1, load_s=10))
    await asyncio.sleep(45)
    assert model.count == 0
    await model.ask(1, 1)
    outcome = await model.put(min_worker=2, synchronous=True)
    assert (outcome.status, model.working) == (200, 2)
    await model.answered()
    assert not model.errors
    await asyncio.sleep(60)
    assert model.count == 0
    await model.ask(1, 1)
    await model.put(min_worker=0)
    await model.answered()
    assert [error.why for error in model.errors] == ["no_worker"]


def test_a_call_while_it_wakes(tmp_path):
    """More workers, or none at all: then those who wait are told so."""
    run(put_while_waking(tmp_path))


async def unregistered(directory):
    model = await autoscaled(directory, script=sleeping(0.1, load_s=10))
    await asyncio.sleep(45)
    begun = asyncio.create_task(model.ask(1, 1))
    await settle()
    assert model.model.waking
    assert (await model.unregister()).status == 200
    await begun
    await model.answered()
    assert not model.errors
    assert sent(model.lives[-1]) == ["r0"]


def test_unregistered_while_it_wakes(tmp_path):
    """Who waits is served first, as always."""
    run(unregistered(tmp_path))


async def unregistered_asleep(directory):
    model = await autoscaled(directory)
    await asyncio.sleep(30)
    assert (await model.unregister()).status == 200
    await asyncio.sleep(2)
    assert not series(model.registry, "servescope_workers")


def test_unregistered_while_it_sleeps(tmp_path):
    """At once."""
    run(unregistered_asleep(tmp_path))
