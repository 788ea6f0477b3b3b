"""KServe's V2 protocol over scripted workers: who speaks it, what workers get, how refusals look."""

import json

import pytest

from fleet.clock import settle
from fleet.scripted import concurrent
from servescope.config.model.v2 import V2, TensorFacts
from servescope.config.settings import Settings
from servescope.errors import InvalidKey
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.wanted import WantedModels
from servescope.web.inference.api import InferenceApi
from servescope.wire.messages import Batch, Part, Reply
from servescope.workflows.catalog import Workflows
from serving.parts import Served, model_of
from web.port import Port, run

FACTS = V2(inputs=(TensorFacts("x", "FP32", (-1, 2)),), outputs=(TensorFacts("y", "BYTES", (1,)),))
NOT_FOUND = "Requested resource is not found, please refer to API document."


def telling(life, message):
    """A worker that answers with what it was asked."""
    if not isinstance(message, Batch):
        concurrent(life, message)
        return
    (request,) = message.requests
    (field,) = request.fields
    body = life.bodies.pop() if isinstance(field.data, int) else bytes(field.data)
    said = {"body": body.decode(), "type": field.content_type, **request.extra}
    part = Part(400, {}, b"", "yours", True) if body == b"mistake" else Part(200, {}, json.dumps(said).encode())
    code, text = (503, "Prediction failed") if body == b"fail" else (200, "")
    life.say(Reply(message.id, True, code, text, [part], 0.0, {"prediction": 0.001}))


class Authority:
    """Knows one token."""

    def authorize_inference(self, header):
        if header != "Bearer good":
            raise InvalidKey("refused")


class World:
    """A port. `models`: name → what its section says, None without, by version where there are several."""

    def __init__(self, directory, models, *, authority=None, sharing=("inference",), **settings):
        self.catalog = Catalog()
        for name, versions in models.items():
            for version, v2 in (versions if isinstance(versions, dict) else {"1.0": versions}).items():
                self.catalog.add(model_of(name, version, served=Served(telling), v2=v2))
        self.health = Health(self.catalog, WantedModels())
        self.given = Settings(max_request_size=1000, **settings)
        self.api = InferenceApi(
            self.catalog, self.health, self.given, authority, b"{}", workflows=Workflows(), sharing=sharing
        )
        self.port = Port(directory, self.api)

    async def __aenter__(self):
        await self.port.__aenter__()
        for model in self.catalog:
            for worker in model.pool:
                await model.pool.loads.next(worker)
        await settle()
        return self

    async def __aexit__(self, *_):
        await self.port.__aexit__()
        for model in self.catalog:
            await model.pool.close(1.0)

    async def ask(self, path, body=b"", *headers, method="GET"):
        """Status and content of an answer, on a new connection."""
        await self.port.reconnect()
        status, _, content = await self.port.ask(*headers, method=method, target=path, body=body)
        return status, json.loads(content) if content else None


@pytest.mark.parametrize(
    ("models", "settings"),
    [({"m": FACTS}, {}), ({"m": V2(), "other": None}, {}), ({"m": V2()}, {"service_envelope": "kservev2"})],
)
def test_the_server(tmp_path, models, settings):
    """Is told of wherever a model speaks the protocol."""

    async def main():
        async with World(tmp_path, models, **settings) as world:
            status, said = await world.ask("/v2")
            assert (status, said["extensions"], said["extenstion"]) == (
                200,
                ["binary_tensor_data"],
                ["kserve", "kubeflow"],
            )
            assert await world.ask("/v2/health/live") == (200, {"live": True})
            assert (await world.ask("/v2/health/ready"))[1] in ({"ready": False}, {"ready": True})

    run(main())


def test_nobody_speaks(tmp_path):
    """TorchServe's 404s, but for inference, whose bodies are anybody's."""

    async def main():
        async with World(tmp_path, {"m": None}) as world:
            for path in (
                "/v2",
                "/v2/health/live",
                "/v2/models/m",
                "/v2/models/m/ready",
                "/v2/models/m/versions/1.0/infer",
            ):
                status, said = await world.ask(path)
                assert (status, said["message"]) == (404, NOT_FOUND), path
            status, said = await world.ask(
                "/v2/models/m/infer", b"[1]", "content-type: application/json", method="POST"
            )
            assert (status, said) == (200, {"body": "[1]", "type": "application/json", "explain": "False"})
            status, said = await world.ask("/v2/models/no/infer")
            assert (status, said["type"]) == (404, "ModelNotFoundException")

    run(main())


def test_torchserves_part(tmp_path):
    """With `ts_open_inference_protocol`: health, and 501 for versions, where no model speaks more."""

    async def main():
        async with World(tmp_path, {"m": None}, ts_open_inference_protocol=True) as world:
            status, said = await world.ask("/v2")
            assert (status, "extensions" in said) == (200, False)
            assert await world.ask("/v2/models/m/ready") == (200, {"ready": True})
            for path in ("/v2/models/m/versions", "/v2/models/m/versions/1.0/infer", "/v2/models/no/versions/1/x/y"):
                assert await world.ask(path) == (501, {"error": "Model versioning is not yet supported."})
            assert (await world.ask("/v2/models/m"))[1]["message"] == NOT_FOUND

    run(main())


@pytest.mark.parametrize("path", ["/v2/models/m", "/v2/models/m/versions/2"])
def test_metadata(tmp_path, path):
    """All versions, and the tensors that are declared."""

    async def main():
        async with World(tmp_path, {"m": {"1": FACTS, "2": FACTS}}) as world:
            assert await world.ask(path) == (
                200,
                {
                    "name": "m",
                    "versions": ["1", "2"],
                    "platform": "pytorch",
                    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}],
                    "outputs": [{"name": "y", "datatype": "BYTES", "shape": [1]}],
                },
            )
            assert (await world.ask(path, method="HEAD"))[0] == 200
            assert (await world.ask(path, method="POST"))[0] == 405

    run(main())


def test_what_is_not_declared_is_not_told(tmp_path):
    """No tensors."""

    async def main():
        async with World(tmp_path, {"m": None}, service_envelope="kservev2") as world:
            world.catalog.find("m").options = model_of("m", v2=V2()).options
            _, said = await world.ask("/v2/models/m")
            assert (said["inputs"], said["outputs"]) == ([], [])

    run(main())


@pytest.mark.parametrize("path", ["/v2/models/m", "/v2/models/m/versions/1.0"])
def test_ready(tmp_path, path):
    """A model, or a version of it, by name."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            assert await world.ask(f"{path}/ready") == (200, {"name": "m", "ready": True})
            world.health.draining = True
            assert await world.ask(f"{path}/ready") == (503, {"name": "m", "ready": False})

    run(main())


@pytest.mark.parametrize(("verb", "explain"), [("infer", "False"), ("explain", "True")])
@pytest.mark.parametrize("place", ["/v2/models/m", "/v2/models/m/versions/1.0"])
def test_inference(tmp_path, place, verb, explain):
    """The worker gets the bytes, whatever their type, and is told that they are of the protocol."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            for kind in ("application/json", "application/x-www-form-urlencoded", "application/octet-stream"):
                status, said = await world.ask(f"{place}/{verb}", b"a=b", f"content-type: {kind}", method="POST")
                expected = {"body": "a=b", "type": "", "explain": explain, "x-inference-protocol": "kserve-v2"}
                assert (status, said) == (200, expected)

    run(main())


def test_other_paths_stay_torchserves(tmp_path):
    """A model's `v2` section changes nothing beside V2's paths."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            for path in ("/predictions/m", "/v1/models/m:predict"):
                status, said = await world.ask(path, b"[1]", "content-type: application/json", method="POST")
                assert (status, said["type"], "x-inference-protocol" in said) == (200, "application/json", False)
            assert (await world.ask("/predictions/no"))[1]["type"] == "ModelNotFoundException"

    run(main())


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/v2/models/no/infer", 404, "Model not found: no"),
        ("/v2/models/no", 404, "Model not found: no"),
        ("/v2/models/no/ready", 404, "Model not found: no"),
        ("/v2/models/m/versions/9/infer", 404, "Model version: 9 does not exist for model: m"),
        ("/v2/models/m/versions/9", 404, "Model version: 9 does not exist for model: m"),
        ("/v2/models/m/versions/9/ready", 404, "Model version: 9 does not exist for model: m"),
        ("/v2/models/m/versions", 404, NOT_FOUND),
        ("/v2/models/m/config", 404, NOT_FOUND),
        ("/v2/repository/index", 404, NOT_FOUND),
    ],
)
def test_refusals(tmp_path, path, status, words):
    """`{"error"}`, with TorchServe's statuses and words."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            assert await world.ask(path, method="GET") == (status, {"error": words})

    run(main())


def test_refusals_of_an_inference(tmp_path):
    """A client's mistake, a handler's failure, a body that is too large, a token, a server that stops."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            path = "/v2/models/m/infer"
            assert await world.ask(path, b"mistake", method="POST") == (400, {"error": "yours"})
            assert await world.ask(path, b"fail", method="POST") == (503, {"error": "Prediction failed"})
            status, said = await world.ask(path, b"x" * 1001, method="POST")
            assert (status, said) == (
                413,
                {"error": "The request's body is larger than max_request_size (1000 bytes)."},
            )
            world.health.draining = True
            status, said = await world.ask(path, b"x", method="POST")
            assert (status, list(said)) == (503, ["error"])
        async with World(tmp_path, {"m": V2()}, authority=Authority()) as world:
            assert await world.ask(path) == (400, {"error": "refused"})
            assert (await world.ask(path, b"x", "authorization: Bearer good", method="POST"))[0] == 200

    run(main())


def test_a_mistake_elsewhere(tmp_path):
    """On TorchServe's paths, TorchServe's error."""

    async def main():
        async with World(tmp_path, {"m": None}) as world:
            status, said = await world.ask("/predictions/m", b"mistake", method="POST")
            assert (status, said["type"], said["message"]) == (400, "BadRequestException", "yours")

    run(main())


@pytest.mark.parametrize("path", ["/v1/models/m", "/v1/models/no", "/v1/models"])
def test_version_1(tmp_path, path):
    """KServe's readiness at the older path, where no model is a language model; else TorchServe's 404, on a shared port too."""

    async def main():
        async with World(tmp_path, {"m": None}) as world:
            status, said = await world.ask(path)
            if path == "/v1/models/m":
                assert (status, said) == (200, {"name": "m", "ready": True})
            else:
                assert (status, list(said)) == (404, ["code", "type", "message"])
        async with World(tmp_path, {"m": None}, sharing=("inference", "management")) as world:
            status, said = await world.ask(path)
            assert (status, said["type"]) == (404, "ResourceNotFoundException")  # the management API is asked next

    run(main())


def test_the_query(tmp_path):
    """Is a header, whole and undecoded, on every path; without one there is none."""

    async def main():
        async with World(tmp_path, {"m": V2()}) as world:
            for path in ("/predictions/m", "/v2/models/m/infer", "/predictions/m/1.0/any/path"):
                _, said = await world.ask(f"{path}?a=b%20c&d", b"x", "x-query-string: mine", method="POST")
                assert said["x-query-string"] == "a=b%20c&d"
                assert said["body"] == "x"
                assert "x-query-string" not in (await world.ask(path, b"x", method="POST"))[1]

    run(main())
