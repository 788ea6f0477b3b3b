"""What is measured of a model."""

import asyncio

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import Life, mute, silent, talking
from servescope.config.model.objectives import Objectives
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.scaling.measures import Measures
from servescope.wire.messages import Load, ToWorker
from serving.parts import Served, model_of

WAY = ("POST", "/predictions/{model_name}")


def read(measures, at=0.0):
    return measures.read(at, None, ())


def answered(model, *durations_s: float, handler_s: float = 0.1, size: int = 1) -> None:
    """Requests of these durations are over."""
    for duration in durations_s:
        model.recorder.request_arrived("default")
        times = BatchTimes(0.0, 0.0, size, "w", received=duration, prediction=handler_s, plain=True, handled=True)
        model.recorder.requests.finished_plainly((0.0, duration, times, 0, 0, "id", "default", WAY))


async def counts():
    served = Served(silent, workers=2)
    model = model_of(served=served)
    measures = Measures(model)
    signals = read(measures)
    assert (signals.workers, signals.starting, signals.service, signals.load_s) == (0, 2, None, None)
    await settle()
    served.submit("a", "b", "c")
    for _ in range(3):
        model.recorder.request_arrived("default")
    signals = read(measures)
    assert (signals.arrived, signals.finished, signals.queued, signals.in_flight) == (3, 0, 1, 2)
    assert (signals.workers, signals.starting, signals.there) == (2, 0, 2)
    assert signals.oldest_s is not None
    assert signals.oldest_s >= 0.0
    assert (signals.kv_cache, signals.waiting, signals.gpu, signals.room, signals.late) == ((), 0, (), None, 0)
    assert signals.load_s == pytest.approx(0.0, abs=1.0)
    served.pool.shrink(1)
    assert read(measures).there == 1


def test_counts():
    """Requests and workers, retired ones aside."""
    run(counts())


async def late():
    served = Served(silent)
    recorder = served.recorder.model("slo", "1.0", Objectives(latency_s=0.2, latency_target=0.99))
    model = model_of("slo", served=served)
    model.recorder = recorder
    measures = Measures(model)
    answered(model, 0.1, 0.19, 0.21, 5.0)
    assert (read(measures).late, read(measures).finished) == (2, 4)
    recorder.rejected("queue_full")
    recorder.rejected("no_worker")
    recorder.rejected("too_large")
    answered(model, 0.3)
    assert read(measures, 5.0).late == 5


def test_late():
    """Those outside the objective, in seconds and not after so many; and those that found too few workers."""
    run(late())


async def service():
    model = model_of(served=Served(silent))
    measures = Measures(model)
    answered(model, *[1.0] * 30, handler_s=0.1, size=2)
    times = read(measures).service
    assert times is not None
    assert (times.mean_s, times.quantiles_s[0]) == (pytest.approx(0.05), 0.1)
    answered(model, *[1.0] * 30, handler_s=0.4, size=2)
    assert read(measures, 3.0).service is times
    answered(model, *[1.0] * 470, handler_s=0.4, size=2)
    assert read(measures, 4.0).service is times
    assert read(measures, 16.0).service.mean_s == pytest.approx(0.2, rel=0.02)


def test_service_times():
    """Of the last requests; looked at anew when enough of them are, and now and then."""
    run(service())


async def engines():
    served = Served(talking, workers=2)
    model = model_of(served=served, batch_size=8)
    measures = Measures(model)
    assert measures.at_once == 1
    await settle()
    assert measures.at_once is None
    first, second = served.lives
    first.report(running=3, waiting=2, kv_cache=0.5)
    assert (read(measures).kv_cache, read(measures).waiting) == ((0.5, None), None)
    second.report(running=1, waiting=1, kv_cache=0.25)
    assert (read(measures).kv_cache, read(measures).waiting) == ((0.5, 0.25), 3)


def test_engines():
    """What those say that say something; a sum only where all do."""
    run(engines())


def broken(life: Life, message: ToWorker) -> None:
    """Does not load."""
    if isinstance(message, Load):
        life.load(500, "ValueError: no")
    else:
        mute(life, message)


async def failed():
    served = Served(broken, window_s=3.0)
    measures = Measures(model_of(served=served))
    await settle()
    assert (read(measures).failed_starts, read(measures).starting) == (1, 1)
    await asyncio.sleep(1)
    await settle()
    assert read(measures).failed_starts == 2
    await until(lambda: read(measures).starting == 0)
    assert read(measures).there == 0


def test_workers_that_do_not_load():
    """How often in a row; one that is given up is not on its way any more."""
    run(failed())


async def idle():
    served = Served(silent)
    model = model_of(served=served)
    measures = Measures(model)
    await settle()
    assert (read(measures, 5.0).idle_s, read(measures, 9.0).idle_s) == (0.0, 4.0)
    (call,) = served.submit("a")
    model.recorder.request_arrived("default")
    assert read(measures, 10.0).idle_s == 0.0
    assert read(measures, 50.0).idle_s == 0.0
    served.lives[0].answer(served.lives[0].batches[0])
    await call.future
    assert (read(measures, 51.0).idle_s, read(measures, 60.0).idle_s) == (1.0, 10.0)


def test_idle():
    """Since the last request came or was over; not while there is one."""
    run(idle())


async def asleep():
    model = model_of(served=Served(silent, workers=0))
    measures = Measures(model)
    assert read(measures, 5.0).idle_s > 1e6
    model.recorder.request_arrived("default")
    assert read(measures, 6.0).idle_s == 0.0


def test_a_model_without_workers_that_nobody_asked():
    """It has been idle for ever: its registration wakes nobody."""
    run(asleep())


async def loading():
    served = Served(mute, workers=0)
    measures = Measures(model_of(served=served))
    served.pool.grow(1)
    await settle()
    assert (read(measures, 5.0).idle_s, read(measures, 90.0).idle_s) == (0.0, 0.0)
    served.lives[0].load()
    await settle()
    assert read(measures, 95.0).idle_s == 5.0


def test_a_load_is_not_idleness():
    """Who was told to come again once it is loaded finds it loaded, however long that takes."""
    run(loading())


async def loads():
    model = model_of(served=Served(silent))
    measures = Measures(model)
    await settle()
    for seconds in [1.0] * 50 + [9.0] * 50:
        model.recorder.loaded(seconds)
    assert read(measures).load_s == pytest.approx(9.0, rel=0.03)


def test_load_time():
    """What nine of ten loads kept to, as close as the native buckets are."""
    run(loads())
