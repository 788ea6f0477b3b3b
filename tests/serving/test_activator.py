"""A model that sleeps: who asks it, wakes it and waits, or is told why not; and what everybody is told of it meanwhile."""

import asyncio
from dataclasses import replace

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import Life, crashing, mute, obliging, talking
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.errors import RequestTimeout, ServiceUnavailable
from servescope.fleet.gpus import GpuCounter, ModelDevices
from servescope.serving.refusals import draining
from servescope.wire.messages import Load
from serving.parts import Served, job, model_of

SLEEPY = Autoscale(mode=Mode.ACT, to_zero_after_s=60.0)


def sleeping(script=obliging, *, served=None, **options):
    """A model without workers that nobody wants to have none."""
    served = served or Served(script, workers=0)
    return served, model_of(served=served, **({"autoscale": SLEEPY, "max_workers": 4} | options))


def refused(served):
    """Why one more request is refused."""
    with pytest.raises(ServiceUnavailable) as refusal:
        served.submit("refused")
    return refusal.value


def told(model):
    """What probes and the metrics go by."""
    states = {state: count for state, count in model.worker_states().items() if count}
    return model.asleep, model.waking, model.healthy, model.ready, model.lacking, states


async def woken():
    served, model = sleeping(mute, min_workers=2)
    assert told(model) == (True, False, True, True, False, {"asleep": 2})
    calls = served.submit("a")
    assert (len(model.pool), model.woken, len(served.dispatcher)) == (2, True, 1)
    assert told(model) == (False, True, True, True, False, {"waking": 2})
    calls += served.submit("b", "c")
    assert len(model.pool) == 2
    await settle()
    served.backend.script = obliging
    served.lives[0].load()
    assert [bytes((await call.future).body) for call in calls] == [b"a", b"b", b"c"]
    assert told(model) == (False, False, True, True, False, {"ready": 1, "starting": 1})
    served.lives[1].load()
    await settle()
    assert told(model) == (False, False, True, True, False, {"ready": 2})
    assert served.rejected("no_worker") == served.rejected("asleep") == 0


def test_a_request_wakes_it_and_waits():
    """At once, as many workers as it shall have at least; those that come later wait too. It is ready and healthy all the time."""
    run(woken())


@pytest.mark.parametrize(
    "options",
    [
        {"autoscale": Autoscale()},
        {"autoscale": replace(SLEEPY, mode=Mode.ADVISE)},
        {"autoscale": replace(SLEEPY, to_zero_after_s=None)},
        {"min_workers": 0, "max_workers": 0},
    ],
)
def test_one_without_workers_by_somebodys_will_does_not_sleep(options):
    """TorchServe's 503, at once, and no worker is started."""

    async def main():
        served, model = sleeping(**options)
        assert (model.asleep, model.ready) == (False, False)
        refusal = refused(served)
        assert (refusal.why, "Please use scale workers API" in str(refusal)) == ("no_worker", True)
        assert len(model.pool) == 0

    run(main())


async def too_slow(options, loads, retry_after_s):
    served, model = sleeping(mute, **options)
    for seconds in loads:
        model.recorder.loaded(seconds)
    refusal = refused(served)
    assert (refusal.why, refusal.retry_after_s) == ("asleep", retry_after_s)
    assert f"about {retry_after_s} s" in str(refusal)
    assert (len(model.pool), served.rejected("asleep"), len(served.dispatcher)) == (1, 1, 0)
    await asyncio.sleep(10)
    assert refused(served).retry_after_s == retry_after_s - 10
    assert len(model.pool) == 1
    served.backend.script = obliging
    served.lives[0].load()
    await settle()
    (call,) = served.submit("a")
    await call.future


@pytest.mark.parametrize(
    ("options", "loads", "retry_after_s"),
    [
        ({"client_timeout_ms": 5000}, (), 120),
        ({"client_timeout_ms": 5000, "startup_timeout_s": 300}, (), 300),
        ({"response_timeout_s": 30}, (), 120),
        ({"response_timeout_s": 30}, [40.0] * 10, 41),
        ({"response_timeout_s": 30, "client_timeout_ms": 20000}, [25.0] * 8 + [36.0] * 2, 37),
    ],
)
def test_a_load_that_takes_longer_than_a_request_waits(options, loads, retry_after_s):
    """503 with the time that is left; the worker is started all the same, and serves who comes again."""
    run(too_slow(options, loads, retry_after_s))


@pytest.mark.parametrize(
    ("options", "loads"),
    [
        ({}, ()),
        ({"response_timeout_s": 30}, [20.0] * 10),
        ({"response_timeout_s": 5, "client_timeout_ms": 30000}, [20.0] * 9 + [40.0]),
    ],
)
def test_a_load_that_is_short_enough(options, loads):
    """By what nine of ten loads took, or where none was, as long as one may; a client's deadline counts before the response's."""

    async def main():
        served, model = sleeping(**options)
        for seconds in loads:
            model.recorder.loaded(seconds)
        (call,) = served.submit("a")
        await call.future

    run(main())


async def failing():
    def script(life: Life, message):
        if isinstance(message, Load):
            life.load(500, "ValueError: no weights")
            life.die(1)

    served, model = sleeping(script)
    waiting = served.submit("a", "b")
    for call in waiting:
        with pytest.raises(ServiceUnavailable, match='Model "m" was asleep and does not load: ValueError: no weights'):
            await call.future
    assert told(model) == (False, False, True, False, True, {"failed": 1})
    retries = []
    for _ in range(5):
        refusal = refused(served)
        assert (refusal.why, "no weights" in str(refusal)) == ("no_worker", True)
        retries.append(refusal.retry_after_s)
        lives = len(served.lives)
        await until(lambda lives=lives: len(served.lives) > lives)
        await settle()
    assert retries == sorted(retries)
    assert retries[-1] > 2 * retries[0]
    served.backend.script = obliging
    await until(lambda: model.at_work)
    (call,) = served.submit("c")
    await call.future
    assert told(model) == (False, False, True, True, False, {"ready": 1})


def test_a_wake_that_fails():
    """Who waits is told the reason, and so is who comes while it backs off. It is not ready until a further try succeeds."""
    run(failing())


async def given_up():
    served, model = sleeping(served=Served(crashing, workers=0, window_s=5.0))
    served.submit("a")
    await until(lambda: not model.pool.can_serve)
    refusal = refused(served)
    assert "was asleep and does not load: exited with status 3" in str(refusal)
    assert (model.asleep, model.ready, model.lacking) == (False, False, True)


def test_a_wake_that_is_given_up():
    """It is asleep no more: somebody must know."""
    run(given_up())


async def one_of_two():
    served, _ = sleeping(mute, min_workers=2)
    (call,) = served.submit("a")
    await settle()
    served.lives[0].die(1)
    await settle()
    assert not call.future.done()
    served.backend.script = obliging
    served.lives[1].load()
    await call.future


def test_one_of_two_that_does_not_load():
    """The other one is waited for."""
    run(one_of_two())


async def taken_away():
    served, model = sleeping(mute)
    (call,) = served.submit("a")
    await settle()
    served.pool.shrink(0)
    with pytest.raises(ServiceUnavailable, match="Please use scale workers API"):
        await call.future
    model.want(0, 0)
    assert refused(served).why == "no_worker"
    assert not model.waking


def test_workers_that_are_taken_away_while_it_wakes():
    """By hand: who waits is told so, and nobody wakes it again."""
    run(taken_away())


async def closed():
    served, model = sleeping(mute)
    (call,) = served.submit("a")
    await settle()
    served.dispatcher.gate.close(draining)
    served.pool.shrink(0)
    with pytest.raises(ServiceUnavailable, match="The server is stopping"):
        await call.future
    assert (refused(served).why, len(model.pool)) == ("draining", 0)


def test_one_that_goes_is_not_woken():
    """Unregistered, or with the server: whoever waits is told that."""
    run(closed())


async def deadline():
    served, model = sleeping(served=Served(mute, workers=0, client_ms=2000), client_timeout_ms=2000)
    model.recorder.loaded(1.0)
    (call,) = served.submit("a")
    with pytest.raises(ServiceUnavailable, match=r"is still loading, after the 2 s that a request waits\.") as refusal:
        await call.future
    assert (refusal.value.why, refusal.value.retry_after_s) == ("asleep", 1)
    assert (served.rejected("asleep"), served.rejected("deadline"), len(model.pool)) == (1, 0, 1)


def test_a_load_that_takes_longer_than_it_did():
    """The client's deadline ends the wait with 503 and a time to come again, not the load."""
    run(deadline())


async def in_hand():
    def script(life: Life, message):
        if isinstance(message, Load):
            life.load()

    served, model = sleeping(served=Served(script, workers=0, client_ms=2000))
    (call,) = served.submit("a")
    await until(lambda: served.dispatcher.in_hand == 1)
    model.pool.shrink(0)
    assert model.asleep
    with pytest.raises(RequestTimeout):
        await call.future
    assert (served.rejected("asleep"), served.rejected("deadline")) == (0, 1)


def test_a_deadline_of_one_that_a_worker_has():
    """It is 408 as ever, though the model has been sent to sleep meanwhile by hand."""
    run(in_hand())


async def on_a_gpu(gpus, at_once):
    served = Served(mute, workers=0, devices=ModelDevices(GpuCounter(gpus), "gpu" if gpus else "cpu", None, 0))
    served, model = sleeping(served=served)
    served.submit("a")
    await settle()
    served.lives[0].load()
    await settle()
    served.lives[0].answer(served.lives[0].batches[0])
    await settle()
    model.pool.shrink(0)  # which does as if it were not told to stop
    served.submit("b")
    await settle()
    assert (len(served.lives) == 2) == at_once
    await until(lambda: len(served.lives) == 2)
    assert served.lives[0].over is not at_once
    assert asyncio.get_running_loop().time() <= 6


@pytest.mark.parametrize(("gpus", "at_once"), [(1, False), (0, True)])
def test_the_gpu_is_empty_before_it_is_filled_again(gpus, at_once):
    """A worker that was sent to sleep a moment ago has memory there until it has ended."""
    run(on_a_gpu(gpus, at_once))


async def language_model():
    served, model = sleeping(talking)
    (call,) = served.submit("a")
    await settle()
    served.lives[0].answer(served.lives[0].batches[0])
    await call.future
    model.pool.shrink(0)
    await settle()
    assert told(model) == (True, False, True, True, False, {"asleep": 1})
    served.backend.script = mute
    served.submit("b")
    await settle()
    assert told(model) == (False, True, True, True, False, {"waking": 1})


def test_a_language_model():
    """One that has been loaded before is healthy while it is woken, though a restart of its engine is none."""
    run(language_model())


async def alone():
    served, model = sleeping()
    one = job("m", alone=True)
    served.dispatcher.submit(one.job)
    await one.future
    assert model.woken


def test_whoever_queues_wakes_it():
    """What the handler is asked of itself is a request like others, once it is in the queue."""
    run(alone())
