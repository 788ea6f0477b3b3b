"""The server is healthy while every default version has its minimum of living workers, and ready while each model that it was
asked for has come up and has a worker; neither on its way out.
"""

import pytest

from fleet.clock import run, settle, until
from fleet.scripted import crashing, mute
from servescope.config.values.load_list import LoadModel
from servescope.errors import ModelNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.wanted import WantedModels
from serving.parts import Served, model_of


def test_without_models():
    """An empty server is healthy until it drains."""
    health = Health(Catalog(), WantedModels())
    assert health.healthy
    health.draining = True
    assert not health.healthy


def test_workers_that_load_or_are_retried_count_as_living():
    """Only one that was given up, or is missing, makes it unhealthy."""

    async def main():
        catalog = Catalog()
        health = Health(catalog, WantedModels())
        catalog.add(model_of("loading", served=Served(mute)))
        failing = Served(crashing, window_s=5)
        catalog.add(model_of("failing", served=failing))
        await settle()
        assert health.healthy
        await failing.pool.ended(list(failing.pool))
        assert not health.healthy

    run(main())


def test_the_minimum_of_the_default_version_counts():
    """Other versions may be as ill as they like."""

    async def main():
        catalog = Catalog()
        health = Health(catalog, WantedModels())
        catalog.add(model_of("a", "1.0"))
        catalog.add(model_of("a", "2.0", min_workers=2, max_workers=2))
        assert health.healthy
        catalog.set_default("a", "2.0")
        assert not health.healthy
        catalog.find("a").want(1, 4)
        assert health.healthy

    run(main())


def started(*models):
    """Health of a server that was asked for these models, and their catalog; None is one that could not be registered."""
    catalog, wanted = Catalog(), WantedModels()
    asked = [
        LoadModel(None, f"{number}.mar" if model is None else f"{model.name}.mar")
        for number, model in enumerate(models)
    ]
    for one, model in zip(wanted.ask(asked), models, strict=True):
        if model is None:
            wanted.refused(one, ModelNotFound("no such file"))
        else:
            catalog.add(model)
            wanted.registered(model, one)
    return Health(catalog, wanted), catalog, wanted


def test_ready_only_once_the_start_has_said_what_it_wants():
    """Ports are open before that."""
    wanted = WantedModels()
    health = Health(Catalog(), wanted)
    assert not health.ready
    wanted.ask([LoadModel(None, "m.mar")])
    assert not health.ready
    wanted.ask([])
    assert health.ready
    health.draining = True
    assert not health.ready


def test_ready_when_all_have_come_up_whole_and_as_long_as_each_has_a_worker():
    """One of three is not enough at first, and enough later."""

    async def main():
        served = Served(mute, workers=3)
        model = model_of(served=served, min_workers=3, max_workers=3)
        health, *_ = started(model_of("good"), model)
        await settle()
        for life in served.lives:
            assert not health.ready
            assert not health.serves(model)
            life.load()
            await settle()
        assert health.ready
        served.backend.script = mute
        for life in served.lives[:3]:
            assert health.ready
            assert health.serves(model)
            life.die(1)
            await settle()
        assert not health.ready
        assert not health.serves(model)
        await until(lambda: len(served.lives) > 3)
        assert not health.ready
        served.lives[3].load()
        await settle()
        assert health.ready

    run(main())


def test_workers_that_were_at_work_one_after_the_other_are_not_a_whole():
    """Each dies before the next is there."""

    async def main():
        served = Served(mute, workers=2)
        health, *_ = started(model_of(served=served, min_workers=2, max_workers=2))
        await settle()
        for life in served.lives[:2]:
            life.load()
            await settle()
            life.die(1)
            await settle()
        assert not health.ready

    run(main())


def test_scaling_does_not_take_the_server_out():
    """Up, while the new ones load or fail; down, to none on purpose; and up from there until a first load is over."""

    async def main():
        served = Served()
        model = model_of(served=served)
        health, *_ = started(model)
        await settle()
        assert health.ready
        served.backend.script = mute
        scale(model, 4)
        await settle()
        assert health.ready
        served.lives[-1].die(1)
        await settle()
        assert health.ready
        scale(model, 0)
        await settle()
        assert health.ready
        assert not health.serves(model)
        scale(model, 2)
        await settle()
        assert health.ready
        assert not health.serves(model)
        served.lives[-1].die(1)
        await settle()
        assert not health.ready
        await until(lambda: served.lives[-1].launched_at > 0)
        served.lives[-1].load()
        await settle()
        assert health.ready
        assert health.serves(model)

    run(main())


def test_scaling_down_completes_what_had_not_come_up():
    """Two of four are all that is wanted now."""

    async def main():
        served = Served(mute, workers=4)
        model = model_of(served=served, min_workers=4, max_workers=4)
        health, *_ = started(model)
        await settle()
        for life in served.lives[:2]:
            life.load()
        await settle()
        assert not health.ready
        scale(model, 2)
        await settle()
        assert health.ready

    run(main())


def test_given_up_is_not_ready_until_it_works_again():
    """Workers that replace those that were given up have yet to load."""

    async def main():
        served = Served(window_s=5)
        model = model_of(served=served)
        health, *_ = started(model)
        await settle()
        assert health.ready
        served.backend.script = crashing
        served.lives[-1].die(1)
        await until(lambda: not served.pool.can_serve)
        assert not health.ready
        served.backend.script = mute
        scale(model, 1)
        await settle()
        assert not health.ready
        served.lives[-1].load()
        await settle()
        assert health.ready

    run(main())


def test_later_registrations_do_not_count():
    """Somebody's bad model is no reason to send nobody here."""

    async def main():
        health, catalog, _ = started(model_of("good"))
        catalog.add(model_of("bad", served=Served(crashing)))
        await settle()
        assert health.ready

    run(main())


def test_what_could_not_be_registered_is_lacking():
    """Until somebody makes it good, or gives it up."""

    async def main():
        health, *_ = started(model_of("good"), None)
        await settle()
        assert not health.ready

    run(main())


def test_of_several_that_stand_for_one_the_default_counts():
    """It is the one that requests find."""

    async def main():
        failing = model_of("m", "1.0", served=Served(crashing))
        health, catalog, wanted = started(failing)
        good = model_of("m", "2.0")
        catalog.add(good)
        wanted.registered(good, None)
        await settle()
        assert not health.ready
        catalog.set_default("m", "2.0")
        assert health.ready

    run(main())


def scale(model, count):
    """As the management API does."""
    model.want(count, count)
    model.pool.shrink(count)
    model.pool.grow(count)


def test_by_name():
    """Not ready where the start has yet to register it, or could not; what nobody asked for is not found."""

    async def main():
        health, _, wanted = started(model_of("good"), None)
        await settle()
        assert (health.serves_name("good"), health.serves_name("1")) == (True, False)
        wanted.given_up("1")
        for name in ("1", "x"):
            with pytest.raises(ModelNotFound, match=f"Model not found: {name}"):
                health.serves_name(name)

    run(main())


def test_a_file_that_holds_a_model_of_another_name_is_no_model():
    """Requests by the file's name find nothing."""

    async def main():
        health, _, wanted = started(model_of("file"))
        await settle()
        (one,) = wanted
        one.name = "other"
        assert health.serves_name("file")
        with pytest.raises(ModelNotFound):
            health.serves_name("other")

    run(main())
