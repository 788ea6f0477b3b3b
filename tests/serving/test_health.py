"""The server is healthy while every default version has its minimum of living workers, and it is not on its way out."""

from fleet.clock import run, settle
from fleet.scripted import crashing, mute
from servescope.serving.catalog import Catalog
from servescope.serving.health import Health
from servescope.serving.wanted import WantedModels
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
