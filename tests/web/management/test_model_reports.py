"""What the management API says of models: pages, readiness, descriptions."""

import asyncio

import pytest

from fleet.clock import run, settle
from fleet.scripted import crashing, mute, obliging, silent
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.model.calls.page import Page
from servescope.errors import ModelNotFound, ModelVersionNotFound, ServiceUnavailable
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.wanted import WantedModels
from servescope.serving.turns import Caller, CallerLeft
from servescope.web.management.model_reports import ModelReports
from servescope.wire.messages import Batch
from serving.parts import Served, model_of


def reports_of(*models):
    catalog = Catalog()
    for model in models:
        catalog.add(model)
    return ModelReports(catalog, lambda pid: pid, str, Health(catalog, WantedModels()), lambda model: None)


def names(page):
    return [model["modelName"] for model in page["models"]]


def test_pages():
    """Sorted by name, default versions only; the token is given even at the exact end."""

    async def main():
        served = Served(workers=0)
        reports = reports_of(*[model_of(name, version, served=served) for name in "cab" for version in ("1", "2")])
        assert (names(reports.page(Page())), "nextPageToken" in reports.page(Page())) == (["a", "b", "c"], False)
        first = reports.page(Page(limit=2))
        assert (names(first), first["nextPageToken"], list(first)) == (["a", "b"], "2", ["nextPageToken", "models"])
        assert names(reports.page(Page(2, 2))) == ["c"]
        assert reports.page(Page(limit=3))["nextPageToken"] == "3"
        assert reports.page(Page(9)) == {"models": []}
        assert reports.page(Page())["models"][0]["modelUrl"] == "a.mar"

    run(main())


def test_readiness():
    """As soon as it can be asked: not while it loads, nor where that fails."""

    async def main():
        ready, failing = Served(), Served(crashing, window_s=5)
        loading = model_of("loading", served=Served(mute))
        reports = reports_of(loading, model_of("failing", served=failing), model_of("good", served=ready))
        await settle()
        assert reports.readiness("good") == {"name": "good", "ready": True}
        assert reports.readiness("loading") == {"name": "loading", "ready": False}
        assert reports.readiness("failing")["ready"] is False
        await failing.pool.ended(list(failing.pool))
        assert reports.readiness("failing")["ready"] is False
        ready.lives[0].die(9)
        await settle()
        assert reports.readiness("good")["ready"] is False
        with pytest.raises(ModelNotFound):
            reports.readiness("x")

    run(main())


def test_versions():
    """The default, one, or all of them."""

    async def main():
        served = Served(workers=0)
        reports = reports_of(model_of("m", "1", served=served), model_of("m", "2", served=served))
        for version, expected in ((None, ["1"]), ("2", ["2"]), ("all", ["1", "2"])):
            found = await reports.describe("m", version, customized=False)
            assert [one["modelVersion"] for one in found] == expected
            assert not any("customizedMetadata" in one for one in found)
        with pytest.raises(ModelVersionNotFound):
            await reports.describe("m", "3", customized=False)
        with pytest.raises(ModelNotFound):
            await reports.describe("x", "all", customized=False)

    run(main())


@pytest.mark.parametrize(
    ("said", "metadata"), [(b'{"a": 1}', {"a": 1}), (b"[1]", {}), (b"no json", {}), (b"\xff", {}), (None, {})]
)
def test_what_a_handler_says_of_itself(said, metadata):
    """Whatever is no JSON object is {}."""

    def script(life, message):
        if not isinstance(message, Batch):
            obliging(life, message)
        elif said is None:
            life.fail(message, 503, "Prediction failed")
        else:
            life.answer(message, body=said)

    async def main():
        served = Served(script)
        reports = reports_of(model_of(served=served))
        (found,) = await reports.describe("m", None, customized=True)
        assert found["customizedMetadata"] == metadata

    run(main())


@pytest.mark.parametrize(
    ("headers", "added"),
    [
        ([], {"describe": "True", "content-length": "0"}),
        ([(b"X-Who", b"me"), (b"describe", b"False")], {"describe": "True", "content-length": "0"}),
        ([(b"Content-Length", b"3")], {"describe": "True"}),
    ],
)
def test_a_handler_is_asked_as_torchserve_asks(headers, added):
    """No fields; the headers of whoever asks, and the server's `describe`."""

    async def main():
        served = Served()
        await reports_of(model_of(served=served)).describe("m", None, customized=True, headers=headers)
        (request,) = served.lives[0].batches[0].requests
        assert (request.headers, request.extra, request.fields) == (headers, added, [])

    run(main())


def test_a_model_that_sleeps():
    """Its handler is not asked, and it is not woken, nor kept waiting for while it wakes."""

    async def main():
        served = Served(mute, workers=0)
        model = model_of(served=served, autoscale=Autoscale(mode=Mode.ACT, to_zero_after_s=9.0))
        reports = reports_of(model)
        (found,) = await reports.describe("m", None, customized=True)
        assert (found["asleep"], found["workers"], "customizedMetadata" in found) == (True, [], False)
        assert (model.woken, reports.readiness("m")) == (False, {"name": "m", "ready": True})
        served.submit("a")
        (found,) = await reports.describe("m", None, customized=True)
        assert ("asleep" in found, len(found["workers"]), "customizedMetadata" in found) == (False, 1, False)
        assert reports.readiness("m")["ready"] is True

    run(main())


@pytest.mark.parametrize("ahead", [0, 1])
def test_who_asks_and_leaves(ahead):
    """Takes the question along, from the queue or from the worker that hangs at it: others have the place."""

    async def main():
        served = Served(silent, capacity=1)
        reports = reports_of(model_of(served=served))
        await settle()
        served.submit(*["hangs"] * ahead)
        for _ in range(3):
            caller = Caller()
            asked = asyncio.create_task(reports.describe("m", None, caller, customized=True))
            await settle()
            caller.leave()
            with pytest.raises(CallerLeft):
                await asked
            assert len(served.dispatcher) == 0
            if not ahead:
                assert served.lives[0].cancelled == [served.lives[0].batches[-1].requests[0].id]
                return

    run(main())


def test_nobody_to_ask():
    """503 in TorchServe's words."""

    async def main():
        reports = reports_of(model_of(served=Served(workers=0)))
        await settle()
        with pytest.raises(ServiceUnavailable, match=r'^Model "m" has no worker to serve describe request. Please'):
            await reports.describe("m", None, customized=True)

    run(main())
