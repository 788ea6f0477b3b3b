"""Whoever hears of changes, before whoever changed something is answered."""

import asyncio

import pytest

from fleet.scripted import obliging
from servescope.errors import ModelNotFound, WorkerFailed
from servescope.wire.messages import Load, Loaded
from serving.managed import Managed


@pytest.fixture
def heard(tmp_path):
    """The versions that were registered at each word of a change, while `act` changed them."""

    def heard(act, script=obliging):
        async def run():
            managed = Managed(tmp_path, script)
            words = []

            async def listener():
                words.append(sorted(f"{model.version}:{model.options.min_workers}" for model in managed.catalog))

            managed.lifecycle.changes.listener = listener
            await act(managed)
            managed.lifecycle.changes.listener = None
            await managed.lifecycle.close(0.0)
            return words

        return asyncio.run(run())

    return heard


def test_each_change_is_told_once_it_is_made(heard):
    """Registered, scaled, another default, unregistered."""

    async def act(managed):
        await managed.register()
        await managed.register("2.0")
        await managed.scale(2)
        await managed.lifecycle.set_default("m", "2.0")
        await managed.lifecycle.unregister("m", "1.0")

    assert heard(act) == [["1.0:1"], ["1.0:1", "2.0:1"], ["1.0:2", "2.0:1"], ["1.0:2", "2.0:1"], ["2.0:1"]]


def test_what_failed_is_told_without_it(heard):
    """Nobody saves a registration that did not succeed; who gives up what is missing is heard too."""

    async def act(managed):
        with pytest.raises(WorkerFailed):
            await managed.register()
        with pytest.raises(ModelNotFound):
            await managed.lifecycle.unregister("nosuch", None)

    words = heard(act, failing)
    assert words
    assert words == [[]] * len(words)


def failing(life, message):
    """A worker that does not load."""
    if isinstance(message, Load):
        life.say(Loaded(500, "no", False))
