"""What a snapshot has to say of the models."""

import asyncio

import pytest
from msgspec import UNSET

from servescope.config.model.autoscale import Mode
from servescope.config.model.options import RegisterOptions
from servescope.config.snapshots.saved import SavedVersion
from servescope.config.values.load_list import LoadModel
from servescope.errors import ModelNotFound
from servescope.serving.readiness.wanted import WantedModels
from servescope.serving.saving.saved import UNREAD, saved_models
from serving.managed import Managed


@pytest.fixture
def saved(tmp_path):
    """What is saved after `act` has changed what is registered in a server over scripted workers."""

    def saved(act, wanted=None):
        async def run():
            managed = Managed(tmp_path)
            await act(managed)
            found = saved_models(managed.catalog, wanted or WantedModels(), managed.store, "n", 5)
            await managed.lifecycle.close(0.0)
            return found

        return asyncio.run(run())

    return saved


def test_a_model_is_saved_as_it_is_served(saved):
    """Its place in the store, and its options after all that was asked."""

    async def act(managed):
        await managed.register(batch_size=3, max_batch_delay=7, response_timeout=9)
        await managed.register("2.0", handler="service.py", initial_workers=0)
        await managed.scale(2)

    found = saved(act)
    assert (found.name, found.model_count, found.created) == ("n", 2, 5)
    assert found.models["m"]["1.0"] == SavedVersion(
        default_version=True,
        mar_name="m1.0.mar",
        min_workers=2,
        max_workers=2,
        batch_size=3,
        max_batch_delay=7,
        response_timeout=9,
        startup_timeout=120,
        runtime_type="python",
        autoscale=Mode.OFF,
    )
    assert not found.models["m"]["2.0"].default_version


def test_what_is_not_in_the_store_is_saved_with_its_place(saved, tmp_path):
    """A directory somewhere else; and a handler that the registration named."""

    async def act(managed):
        folder = tmp_path / "elsewhere"
        folder.mkdir()
        (folder / "mine.py").write_text("def handle(data, context): return data")
        await managed.lifecycle.register(RegisterOptions(url=str(folder), model_name="d", handler="mine.py"))

    (one,) = saved(act).models["d"].values()
    assert (one.mar_name, one.url, one.handler) == ("elsewhere", str(tmp_path / "elsewhere"), "mine.py")


def test_a_download_is_saved_as_one(saved, tmp_path):
    """So that it goes with its model, whichever server has that by then."""

    async def act(managed):
        managed.pack()
        source = (managed.store / "m1.0.mar").rename(tmp_path / "remote.mar")
        await managed.lifecycle.register(RegisterOptions(url=f"file://{source}", initial_workers=0))

    (one,) = saved(act).models["m"].values()
    assert (one.mar_name, one.url, one.downloaded) == ("remote.mar", UNSET, True)


def test_what_is_missing_is_saved_too(saved):
    """As it was in the snapshot before, or as it was asked for; what is unregistered is not."""
    wanted = WantedModels()
    was = SavedVersion(mar_name="m2.mar", default_version=True, min_workers=4)
    asked = [LoadModel("m", "m2.mar", "2.0", was), LoadModel(None, "http://h/x.mar"), LoadModel("y", "y.mar")]
    *refused, gone = wanted.ask([*asked, LoadModel("gone", "gone.mar")])
    for one in (*refused, gone):
        wanted.refused(one, ModelNotFound("Model not found"))
    wanted.given_up("gone")

    async def act(managed):
        await managed.register()

    models = saved(act, wanted).models
    assert models["m"]["2.0"] == was
    assert not models["m"]["1.0"].default_version, "it stands in for the other for this start alone"
    assert models["x"] == {UNREAD: SavedVersion(mar_name="x.mar", url="http://h/x.mar", nameless=True)}
    assert models["y"] == {UNREAD: SavedVersion(mar_name="y.mar", url="y.mar")}
    assert "gone" not in models


def test_models_of_workflows_are_not_saved(saved):
    """Without their workflow, which is not saved either, they would be models that nobody asked for."""

    async def act(managed):
        await managed.register()
        await managed.register(model_name="w__node", workflow="w")

    found = saved(act)
    assert (list(found.models), found.model_count) == (["m"], 1)
