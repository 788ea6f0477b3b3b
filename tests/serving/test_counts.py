"""How many workers a model has: bounds as they are asked for, and what the autoscaler's loop may do."""

import asyncio
from dataclasses import replace

import pytest

from fleet.clock import run, settle
from fleet.scripted import mute
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.model.calls.scaling import ScaleOptions
from servescope.errors import BadRequest
from servescope.serving.outcome import PROCESSING, Outcome
from serving.managed import Managed


async def put(managed, **options):
    return await managed.lifecycle.counts.scale("m", None, ScaleOptions(**options))


async def adjusted(directory):
    managed = Managed(directory)
    await managed.register()
    counts, model = managed.lifecycle.counts, managed.catalog.find("m")
    for count in (3, 1, 2):
        assert counts.adjust(model, count)
        assert len(model.pool) == count
    assert (model.options.min_workers, model.options.max_workers) == (1, 1)  # nobody has asked for others
    turn = counts._turns.take_now("m")
    assert not counts.adjust(model, 4)
    with turn:
        pass
    await managed.unregister()
    assert not counts.adjust(model, 4)
    assert len(model.pool) == 0


def test_adjust(tmp_path):
    """At once, between the turns of others, and not of a model that has gone."""
    run(adjusted(tmp_path))


async def adjusted_while_scaling(directory):
    managed = Managed(directory)
    await managed.register()
    managed.backend.script = mute
    model = managed.catalog.find("m")
    scaling = managed.scale(2)
    await settle()
    assert not managed.lifecycle.counts.adjust(model, 1)
    assert not scaling.done()
    scaling.cancel()


def test_a_synchronous_call_is_not_interfered_with(tmp_path):
    """Who waits for its workers gets them."""
    run(adjusted_while_scaling(tmp_path))


async def modes(directory):
    managed = Managed(directory)
    await managed.register()
    model = managed.catalog.find("m")
    await put(managed, min_worker=1, max_worker=5)
    assert (await put(managed, autoscale=Mode.ACT)) == Outcome(200, "Autoscaling of model m version 1.0 is act now")
    assert managed.lifecycle.counts.adjust(model, 4)
    assert (await put(managed, autoscale=Mode.ACT, synchronous=True)).status == 200
    assert len(model.pool) == 4
    assert await put(managed, autoscale=Mode.OFF, min_worker=2, max_worker=5) == Outcome(202, PROCESSING)
    assert (len(model.pool), model.options.autoscale) == (2, Autoscale(mode=Mode.OFF))
    assert (await put(managed, autoscale=Mode.OFF)).status == 200
    await put(managed, autoscale=Mode.ADVISE)
    assert len(model.pool) == 2
    assert model.held_since is None


def test_modes(tmp_path):
    """A switch alone leaves the count; off goes back to minWorkers, the one that is asked for beside it too."""
    run(modes(tmp_path))


async def kept_counts(directory):
    managed = Managed(directory, max_workers_per_model=6)
    await managed.register()
    model = managed.catalog.find("m")

    async def there(**options):
        """Bounds and count after such a call, and whether it is held by it."""
        before = model.held_since
        await put(managed, **options)
        held = model.held_since not in (None, before)
        return model.options.min_workers, model.options.max_workers, len(model.pool), held

    assert await there(min_worker=2, max_worker=4, autoscale=Mode.ACT) == (2, 4, 2, False)
    assert await there(min_worker=5) == (5, 5, 5, True)
    assert await there(min_worker=1) == (1, 5, 5, True)
    assert await there(max_worker=3) == (1, 3, 3, True)
    assert await there(min_worker=9, max_worker=9) == (6, 6, 6, False)
    assert await there(autoscale=Mode.ADVISE) == (6, 6, 6, False)
    assert model.held_since is None
    assert await there(autoscale=Mode.ACT, min_worker=6) == (6, 6, 6, True)


def test_bounds_of_an_autoscaled_model(tmp_path):
    """One alone is by hand, and held; both together are TorchServe's; max_workers_per_model bounds them."""
    run(kept_counts(tmp_path))


async def unmeasured(directory):
    managed = Managed(directory, metrics_mode="off")
    await managed.register()
    with pytest.raises(BadRequest, match="autoscale=act: there is nothing to decide by, as metrics_mode is off"):
        await put(managed, autoscale=Mode.ACT, min_worker=3)
    model = managed.catalog.find("m")
    assert (model.options.min_workers, len(model.pool), model.options.autoscale.mode) == (1, 1, Mode.OFF)
    assert (await put(managed, autoscale=Mode.OFF)).status == 200


def test_without_metrics(tmp_path):
    """Nothing changes, and the refusal says why."""
    run(unmeasured(tmp_path))


async def stopping(directory):
    managed = Managed(directory)
    await managed.register()
    managed.lifecycle.refuse_changes()
    counts = managed.lifecycle.counts
    assert (counts.closed, counts.adjust(managed.catalog.find("m"), 2)) == (True, False)
    await asyncio.sleep(0)


def test_while_the_server_stops(tmp_path):
    """Nothing is changed any more."""
    run(stopping(tmp_path))


async def asleep(directory):
    managed = Managed(directory, max_workers_per_model=6)
    await managed.register()
    model = managed.catalog.find("m")
    await put(managed, min_worker=1, max_worker=4, autoscale=Mode.ACT)
    model.options = replace(model.options, autoscale=replace(model.options.autoscale, to_zero_after_s=9.0))
    for asked in (
        {"min_worker": 2},
        {"max_worker": 3},
        {"min_worker": 2, "max_worker": 3},
        {"autoscale": Mode.ADVISE},
        {"autoscale": Mode.OFF},
        {"autoscale": Mode.OFF, "min_worker": 3},
    ):
        model.options = replace(model.options, autoscale=replace(model.options.autoscale, mode=Mode.ACT))
        assert managed.lifecycle.counts.adjust(model, 0)
        assert model.asleep
        await put(managed, **asked)
        assert (len(model.pool), model.waking) == (model.options.min_workers, True)
        await settle()
        assert not model.waking
    model.options = replace(model.options, autoscale=replace(model.options.autoscale, mode=Mode.ACT))
    managed.lifecycle.counts.adjust(model, 0)
    for asked in ({"autoscale": Mode.ACT}, {"min_worker": 0, "max_worker": 4}):
        await put(managed, **asked)
        assert model.asleep
    await put(managed, min_worker=0)
    assert (model.asleep, len(model.pool), model.options.max_workers) == (False, 0, 0)


def test_a_model_that_sleeps(tmp_path):
    """A call that leaves it a floor wakes it, and one that leaves it nobody who would; to have none is no sleep."""
    run(asleep(tmp_path))
