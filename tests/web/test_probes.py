"""/livez, /readyz and /readyz/models: on every port before its API, for GET and HEAD, and in words or JSON."""

import json

import pytest

from fleet.clock import settle
from fleet.scripted import crashing, mute
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.values.load_list import LoadModel
from servescope.errors import InvalidKey, ModelNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.survey import Surveyor
from servescope.serving.readiness.wanted import WantedModels
from servescope.web.probes import probes
from serving.parts import Served, model_of
from web.port import Port, run


def gated(_exchange):
    raise InvalidKey("no token")


class World:
    """A port over an API that refuses everything, and a server that was asked for `good`, `bad` and `nosuch`."""

    def __init__(self, directory):
        self.catalog, wanted = Catalog(), WantedModels()
        self.health = Health(self.catalog, wanted)
        self.good, self.bad = Served(workers=2), Served(crashing)
        asked = wanted.ask([LoadModel(None, f"{name}.mar") for name in ("good", "bad", "nosuch")])
        for name, served, one in (
            ("good", self.good, asked[0]),
            ("bad", self.bad, asked[1]),
            ("later", Served(), None),
        ):
            model = model_of(name, served=served)
            self.catalog.add(model)
            wanted.registered(model, one)
        wanted.refused(asked[2], ModelNotFound("Model not found at: nosuch.mar"))
        self.wanted = wanted
        self.port = Port(directory, gated, probes=probes(Surveyor(self.catalog, wanted, self.health)))

    async def __aenter__(self):
        await self.port.__aenter__()
        await settle()
        return self

    async def __aexit__(self, *_):
        await self.port.__aexit__()
        for model in self.catalog:
            await model.pool.close(1.0)

    def make_ready(self):
        bad = self.catalog.remove("bad", None)
        self.wanted.unregistered(bad)
        self.catalog.gone(bad)
        self.wanted.given_up("nosuch")

    async def ask(self, target, method="GET"):
        """Status and text of an answer."""
        await self.port.reconnect()
        status, _, body = await self.port.ask(method=method, target=target)
        return status, body.decode()


@pytest.mark.parametrize("path", ["/livez", "/livez/", "/livez?verbose"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_live(tmp_path, path, method):
    """Whatever is wrong with models, and while the server ends; a HEAD has no body."""

    async def main():
        async with World(tmp_path) as world:
            world.health.draining = True
            assert await world.ask(path, method) == (200, "live\n" if method == "GET" else "")

    run(main())


@pytest.mark.parametrize("path", ["/readyz", "/readyz/", "/readyz?what=ever"])
def test_ready(tmp_path, path):
    """503 until all that was asked for is there, then 200, and 503 while the server ends."""

    async def main():
        async with World(tmp_path) as world:
            assert await world.ask(path) == (503, "not ready\n")
            assert await world.ask(path, "HEAD") == (503, "")
            world.make_ready()
            assert await world.ask(path) == (200, "ready\n")
            assert await world.ask(path, "HEAD") == (200, "")
            world.health.draining = True
            assert await world.ask(path) == (503, "not ready\n")
            assert await world.ask("/readyz?verbose") == (
                503,
                "not ready: the server is stopping\n"
                "good 1.0: ready, 2 of 2 workers at work\n"
                "later 1.0: ready, 1 of 1 workers at work, registered after the start\n",
            )

    run(main())


@pytest.mark.parametrize("query", ["verbose", "verbose=1", "verbose=true&x=y"])
def test_verbose(tmp_path, query):
    """A line a model: counts, what is missing, and the latest error."""

    async def main():
        async with World(tmp_path) as world:
            world.good.lives[0].die(-9)
            await settle()
            assert await world.ask(f"/readyz?{query}") == (
                503,
                "not ready for want of bad, nosuch\n"
                "good 1.0: ready, 1 of 2 workers at work: killed by SIGKILL\n"
                "bad 1.0: failed, 0 of 1 workers at work: exited with status 3\n"
                "nosuch: missing: not_found: Model not found at: nosuch.mar\n"
                "later 1.0: ready, 1 of 1 workers at work, registered after the start\n",
            )

    run(main())


def test_other_names_and_those_that_leave(tmp_path):
    """A model is called by its own name, with the one that the start gave it; one that is unregistered is unloading."""

    async def main():
        async with World(tmp_path) as world:
            world.make_ready()
            leaving = world.catalog.remove("later", None)
            leaving.leaves_by = 60.0
            model = model_of("real")
            world.catalog.add(model)
            (good, *_) = world.wanted
            good.models = [model]
            await settle()
            _, text = await world.ask("/readyz?verbose")
            assert text.splitlines()[1:] == [
                "real 1.0: ready, 1 of 1 workers at work, asked for as good",
                "good 1.0: ready, 2 of 2 workers at work, registered after the start",
                "later 1.0: unloading, 1 of 1 workers at work",
            ]
            await leaving.pool.close(1.0)

    run(main())


def test_a_model_that_sleeps(tmp_path):
    """It is ready, and says what it waits for."""

    async def main():
        async with World(tmp_path) as world:
            world.make_ready()
            served = Served(mute, workers=0)
            world.catalog.add(
                model_of("sleeps", served=served, autoscale=Autoscale(mode=Mode.ACT, to_zero_after_s=9.0))
            )
            asked = "/readyz?verbose&model=sleeps"
            assert await world.ask(asked) == (
                200,
                "ready\nsleeps 1.0: asleep, a request wakes it, registered after the start\n",
            )
            served.submit("a")
            text = "ready\nsleeps 1.0: waking, 0 of 1 workers at work, registered after the start\n"
            assert await world.ask(asked) == (200, text)
            assert await world.ask("/readyz") == (200, "ready\n")

    run(main())


def test_one_model(tmp_path):
    """One by its name, later ones too; 404 in TorchServe's form for one that is not known."""

    async def main():
        async with World(tmp_path) as world:
            for name, status in (("good", 200), ("later", 200), ("bad", 503), ("nosuch", 503)):
                text = "ready\n" if status == 200 else "not ready\n"
                assert await world.ask(f"/readyz?model={name}") == (status, text)
            status, text = await world.ask("/readyz?model=bad&verbose")
            assert status == 503
            assert text.endswith("bad 1.0: failed, 0 of 1 workers at work: exited with status 3\n")
            for unknown in ("x", "", "good%00"):
                status, text = await world.ask(f"/readyz?verbose&model={unknown}")
                assert (status, json.loads(text)["type"]) == (404, "ModelNotFoundException")

    run(main())


def test_for_programs(tmp_path):
    """JSON with 200, ready or not; of one model too."""

    async def main():
        async with World(tmp_path) as world:
            status, text = await world.ask("/readyz/models")
            said = json.loads(text)
            assert (status, said["ready"], said["draining"]) == (200, False, False)
            assert [one["name"] for one in said["models"]] == ["good", "bad", "nosuch", "later"]
            worker = said["models"][0]["workers"][0]
            assert (worker["state"], worker["busy_s"]) == ("ready", 0.0)
            status, text = await world.ask("/readyz/models?model=later")
            assert (status, json.loads(text)["ready"], len(json.loads(text)["models"])) == (200, True, 1)
            assert (await world.ask("/readyz/models?model=x"))[0] == 404

    run(main())


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/readyz/models"])
def test_other_methods(tmp_path, path):
    """405; and what only looks alike is the API's."""

    async def main():
        async with World(tmp_path) as world:
            for method in ("POST", "PUT", "DELETE", "OPTIONS"):
                assert (await world.ask(path, method))[0] == 405
            for other in (f"{path}x", f"/x{path}", f"{path}//"):
                assert (await world.ask(other))[0] == 400

    run(main())


def test_probes_are_counted_under_their_route(tmp_path):
    """By listener, method, path and status."""

    async def main():
        async with World(tmp_path) as world:
            await world.ask("/readyz?verbose")
            await world.ask("/readyz/", "HEAD")
            await world.ask("/readyz?model=x")
            await world.ask("/livez")
            families = {family.definition.name: family for family in world.port.registry.collect()}
            counted = {key: series.value for key, series in families["servescope_http_requests_total"].series.items()}
            assert counted == {
                ("inference", "GET", "/readyz", "503"): 1,
                ("inference", "HEAD", "/readyz", "503"): 1,
                ("inference", "GET", "/readyz", "404"): 1,
                ("inference", "GET", "/livez", "200"): 1,
            }

    run(main())


def test_idle_by_intent(tmp_path):
    """Without an error of the time when it had workers."""

    async def main():
        async with World(tmp_path) as world:
            world.good.lives[0].die(-9)
            await settle()
            world.catalog.find("good").want(0, 0)
            world.good.pool.shrink(0)
            await settle()
            _, text = await world.ask("/readyz?verbose&model=good")
            assert text.splitlines()[1] == "good 1.0: idle, no workers are asked for"

    run(main())
