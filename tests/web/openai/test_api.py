"""OpenAI's API over scripted workers: which model is asked, what it gets, and how refusals look."""

import asyncio
import json
from dataclasses import replace

import pytest

from fleet.clock import settle
from fleet.scripted import concurrent, mute
from servescope.config.model.autoscale import Autoscale, Mode
from servescope.config.settings import Settings
from servescope.config.values.load_list import LoadModel
from servescope.errors import InvalidKey
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.readiness.wanted import WantedModels
from servescope.web.inference.api import InferenceApi
from servescope.wire.messages import Batch, Part, Reply, ServedModel
from servescope.workflows.catalog import Workflows
from serving.parts import Served, model_of
from web.port import Port, run

URL_PATHS = ["v1/completions", "v1/chat/completions", "v1/embeddings"]


def answering(life, message):
    """A worker that answers with what it was asked; a body that has `"stream"` comes back as an event, and then never ends."""
    if not isinstance(message, Batch):
        concurrent(life, message)
        return
    (request,) = message.requests
    field = request.fields[0]
    body = life.bodies.pop() if isinstance(field.data, int) else bytes(field.data)
    streams = b'"stream"' in body
    said = {"body": body.decode(), "type": field.content_type, **request.extra}
    data = b"data: 1\n\n" if streams else json.dumps(said).encode()
    headers = {"content-type": "text/event-stream", "ts_stream_next": "true"} if streams else {"x-mine": "1"}
    life.say(Reply(message.id, not streams, 200, "", [Part(200, headers, data)], 0.0, {"prediction": 0.001}))
    if b'"die"' in body:
        life.die(9)


class Authority:
    """Knows one token."""

    def authorize_inference(self, header):
        if header != "Bearer good":
            raise InvalidKey("refused")


class World:
    """A port with models. `names`: registered name → the names that it serves; none where it is no language model."""

    def __init__(self, directory, names, *, authority=None, sharing=("inference",), workers=1, script=None):
        self.catalog = Catalog(lambda: 1234.5)
        self.models = {}
        self.parts = {}
        for name, served in names.items():
            self.parts[name] = Served(script or answering, workers=workers)
            model = model_of(name, served=self.parts[name])
            model.pool.served = [ServedModel(one, "/root", None, 256) for one in served]
            self.catalog.add(model)
            self.models[name] = model
        self.wanted = WantedModels()
        self.health = Health(self.catalog, self.wanted)
        settings = Settings(max_request_size=1000)
        api = InferenceApi(
            self.catalog, self.health, settings, authority, b"{}", workflows=Workflows(), sharing=sharing
        )
        self.port = Port(directory, api)

    async def __aenter__(self):
        await self.port.__aenter__()
        return self

    async def __aexit__(self, *_):
        await self.port.__aexit__()
        for model in self.models.values():
            await model.pool.close(1.0)

    async def loaded(self):
        """Every worker has told what it is."""
        for model in self.models.values():
            for worker in model.pool:
                await model.pool.loads.next(worker)

    async def ask(self, path, body=None, *headers, method="POST"):
        """Status, headers and content of an answer, on a new connection."""
        await self.port.reconnect()
        sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        lines = headers or ["content-type: application/json"]
        status, got, content = await self.port.ask(*lines, method=method, target=path, body=sent)
        return status, got, json.loads(content) if content else None

    async def refused(self, path, body=None, *headers, method="POST"):
        """Status, type, param and message of an error."""
        status, got, content = await self.ask(path, body, *headers, method=method)
        assert got["content-type"] == "application/json"
        assert "x-request-id" in got
        assert "no-cache" in got["cache-control"]
        assert set(content) == {"error"}
        error = content["error"]
        assert list(error) == ["message", "type", "param", "code"]
        assert error["code"] == status
        return status, error["type"], error["param"], error["message"]


@pytest.mark.parametrize("url_path", URL_PATHS)
def test_the_workers_get_the_body(tmp_path, url_path):
    """Its very bytes, undecoded, and where it was sent to."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            sent = b'{ "model" : "m", "x": 1.50 }'
            status, headers, said = await world.ask(f"/{url_path}", sent)
            assert said == {"body": sent.decode(), "type": "", "explain": "False", "url_path": url_path}
            assert (status, headers["x-mine"], "ts_stream_next" in headers) == (200, "1", False)

    run(main())


@pytest.mark.parametrize(
    ("names", "asked", "found"),
    [
        ({"a": ["a", "x"], "b": ["b", "y"]}, "b", "b"),
        ({"a": ["a", "x"], "b": ["b", "y"]}, "y", "b"),
        ({"a": ["a", "b"], "b": ["b"]}, "b", "b"),
        ({"a": ["x"], "b": ["x"]}, "x", "a"),
        ({"b": [], "a": ["b"]}, "b", "a"),
        ({"a": ["a"], "b": []}, None, "a"),
        ({"a": ["a"], "b": []}, "", "a"),
    ],
)
def test_which_model(tmp_path, names, asked, found):
    """By its registered name first, then by one that it serves; without a name the only one."""

    async def main():
        async with World(tmp_path, names) as world:
            assert (await world.ask("/v1/completions", {"model": asked}))[0] == 200
            counts = {name: len(parts.lives[0].batches) for name, parts in world.parts.items()}
            assert counts == {name: int(name == found) for name in names}

    run(main())


@pytest.mark.parametrize(
    ("names", "body", "expected"),
    [
        ({"m": ["m"]}, {"model": "x"}, (404, "NotFoundError", "model", "The model `x` does not exist.")),
        ({"m": ["m"]}, b"{", (400, "BadRequestError", None, "The body is no JSON: Input data was truncated")),
        ({"m": ["m"]}, b"[1]", (400, "BadRequestError", None, "The body: Expected `object`, got `array`")),
        (
            {"m": ["m"]},
            {"model": 1},
            (400, "BadRequestError", "model", "model: Expected `str | null`, got `int` - at `$.model`"),
        ),
        (
            {"m": ["m"], "n": ["n"]},
            {},
            (400, "BadRequestError", "model", "model: Field required; 2 language models are served here."),
        ),
        ({"m": []}, {}, (400, "BadRequestError", "model", "model: Field required; 0 language models are served here.")),
        (
            {"m": []},
            {"model": "m"},
            (400, "BadRequestError", "model", "The model `m` is not a language model: ask it at /predictions/m."),
        ),
    ],
)
def test_refusals(tmp_path, names, body, expected):
    """In OpenAI's shape, each with the field that is to blame."""

    async def main():
        async with World(tmp_path, names) as world:
            await world.loaded()
            assert await world.refused("/v1/chat/completions", body) == expected

    run(main())


def test_one_that_begins_asleep(tmp_path):
    """What it is shows once it is loaded: whoever asks it by its registered name wakes it, and waits."""

    async def main():
        async with World(tmp_path, {"m": []}, workers=0) as world:
            model = world.models["m"]
            model.options = replace(model.options, autoscale=Autoscale(mode=Mode.ACT, to_zero_after_s=9.0))
            assert (await world.ask("/v1/models/m", method="GET"))[2] == {"name": "m", "ready": True}
            assert not model.woken
            status, _, said = await world.ask("/v1/completions", {"model": "m"})
            assert (status, said["url_path"], model.woken) == (200, "v1/completions", True)
            assert (await world.refused("/v1/completions", {"model": "m"}))[0] == 400  # it has not said that it is one

    run(main())


def test_one_that_fell_asleep(tmp_path):
    """It keeps its names and its place in the list, and is woken by any of them."""

    async def main():
        async with World(tmp_path, {"m": ["m", "x"]}) as world:
            await world.loaded()
            model = world.models["m"]
            model.options = replace(model.options, autoscale=Autoscale(mode=Mode.ACT, to_zero_after_s=9.0))
            model.pool.shrink(0)
            listed = (await world.ask("/v1/models", method="GET"))[2]["data"]
            assert ([card["id"] for card in listed], model.asleep) == (["m", "x"], True)
            status, *_ = await world.ask("/v1/completions", {"model": "x"})
            assert (status, model.woken) == (200, True)

    run(main())


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data"]
)
def test_forms(tmp_path, kind):
    """Are no JSON."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            status, name, _, text = await world.refused("/v1/completions", b"model=m", f"content-type: {kind}")
            assert (status, name) == (415, "UnsupportedMediaTypeError")
            assert kind.partition(";")[0] in text

    run(main())


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        *[(method, f"/{path}", "POST") for method in ("GET", "PUT", "DELETE", "OPTIONS") for path in URL_PATHS],
        ("POST", "/v1/models", "GET, HEAD"),
        ("POST", "/v1/models/m", "GET, HEAD"),
    ],
)
def test_methods(tmp_path, method, path, allow):
    """405, with those that there are."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            assert (await world.refused(path, {"model": "m"}, method=method))[:2] == (405, "MethodNotAllowedError")
            assert (await world.ask(path, {"model": "m"}, method=method))[1]["allow"] == allow

    run(main())


def test_nobody_there(tmp_path):
    """503, with the time to come back where waiting helps: not without a worker, but on a server on its way out."""

    async def main():
        async with World(tmp_path, {"m": ["m"], "other": []}, workers=0) as world:
            for name in ("m", "other"):
                assert (await world.refused("/v1/completions", {"model": name}))[:2] == (503, "ServiceUnavailableError")
                assert "retry-after" not in (await world.ask("/v1/completions", {"model": name}))[1]
            world.health.draining = True
            assert (await world.refused("/v1/completions", {"model": "m"}))[0] == 503
            assert (await world.ask("/v1/completions", {"model": "m"}))[1]["retry-after"] == "1"

    run(main())


def test_one_that_loads(tmp_path):
    """503, and is there in a moment."""

    async def main():
        async with World(tmp_path, {"loading": []}, script=mute) as world:
            assert (await world.refused("/v1/completions", {"model": "loading"}))[0] == 503
            assert (await world.ask("/v1/completions", {"model": "loading"}))[1]["retry-after"] == "1"

    run(main())


def test_tokens(tmp_path):
    """401 for a wrong one, before anything else is looked at; on TorchServe's paths it stays 400."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}, authority=Authority()) as world:
            for method, path in (
                ("POST", "/v1/completions"),
                ("GET", "/v1/models"),
                ("GET", "/v1/models/m"),
                ("PUT", "/v1/models"),
            ):
                assert (await world.refused(path, b"{", "authorization: Bearer bad", method=method))[:2] == (
                    401,
                    "AuthenticationError",
                )
            assert (await world.ask("/predictions/m", {}))[0] == 400
            assert (await world.ask("/v1/completions", {}, "authorization: Bearer good"))[0] == 200
            assert (await world.ask("/v1/models", None, "authorization: Bearer good", method="GET"))[0] == 200

    run(main())


@pytest.mark.parametrize("announced", [True, False])
def test_too_large(tmp_path, announced):
    """413 in OpenAI's shape, with an id, though no handler sees the request; TorchServe's is empty."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            if announced:
                got = await world.refused("/v1/completions", b"x" * 1001)
            else:
                chunks = b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"
                world.port.writer.write(
                    b"POST /v1/completions HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n" + chunks
                )
                data = await world.port.reader.read()  # to its end
                assert data.startswith(b"HTTP/1.1 413 ")
                error = json.loads(data.partition(b"\r\n\r\n")[2])["error"]
                got = error["code"], error["type"], error["param"], error["message"]
            text = "The request's body is larger than max_request_size (1000 bytes)."
            assert got == (413, "RequestEntityTooLargeError", None, text)
            status, headers, body = await world.ask("/predictions/m", b"x" * 1001)
            assert (status, body, "x-request-id" in headers) == (413, None, False)

    run(main())


def test_the_connection_is_good_after_it(tmp_path):
    """As after TorchServe's, where the body's end was known."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            assert (await world.port.ask(method="POST", target="/v1/completions", body=b"x" * 1001))[0] == 413
            assert (await world.port.ask(method="POST", target="/v1/completions", body=b"{}"))[0] == 200

    run(main())


def test_a_stream_that_breaks_off(tmp_path):
    """Its last event is the error, and there is no proper end."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            body = b'{"stream": true, "die": 1}'
            head = b"POST /v1/completions HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % len(body)
            world.port.writer.write(head + body)
            data = await world.port.reader.read()
            lines, _, chunks = data.partition(b"\r\n\r\n")
            assert b"ts_stream_next" not in lines
            first, last, rest = chunks.split(b"\n\n\r\n")
            assert (first, rest) == (b"9\r\ndata: 1", b"")
            error = json.loads(last.partition(b"data: ")[2])["error"]
            assert (error["type"], error["code"], error["message"]) == ("InternalServerError", 500, "Worker died.")

    run(main())


def test_requests_are_counted(tmp_path):
    """Under the route `openai`, whatever their answer; as too the one that is no language model's."""

    async def main():
        async with World(tmp_path, {"m": ["m"], "n": []}) as world:
            await world.loaded()
            for body in ({"model": "m"}, {"model": "m"}, {"model": "n"}):
                await world.ask("/v1/completions", body)
            for name, code, count in (("m", "200", 2), ("n", "400", 1)):
                labels = ("m", "1.0", "rest", "openai", code)
                assert world.parts[name].count("servescope_requests_total", *labels) == count

    run(main())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_list(tmp_path, method):
    """Every name once, with vLLM's fields; the card is the same by itself; no worker need be up."""

    async def main():
        names = {"a": ["a", "/f/x"], "plain": [], "b": ["b", "/f/x", "a"]}
        async with World(tmp_path, names, workers=0) as world:
            status, _, said = await world.ask("/v1/models", method=method)
            assert status == 200
            if method == "HEAD":
                assert said is None
                return
            assert said["object"] == "list"
            assert [card["id"] for card in said["data"]] == ["a", "/f/x", "b"]
            assert said["data"][1] == {
                "id": "/f/x",
                "object": "model",
                "created": 1234,
                "owned_by": "servescope",
                "root": "/root",
                "parent": None,
                "max_model_len": 256,
            }
            kserve = {"name": "/f/x", "ready": False}
            for path in ("//f/x", "/%2Ff%2Fx", "//f/x/"):
                assert (await world.ask(f"/v1/models{path}", method="GET"))[2] == said["data"][1] | kserve

    run(main())


def test_whether_a_model_is_ready(tmp_path):
    """KServe's question, which stands at the same path as OpenAI's card: of any model, and no sooner than it can be asked."""

    async def main():
        async with World(tmp_path, {"m": ["m", "alias"], "plain": []}) as world:
            await world.loaded()
            for name in ("m", "alias", "plain"):
                said = (await world.ask(f"/v1/models/{name}", method="GET"))[2]
                assert (said["name"], said["ready"], "owned_by" in said) == (name, True, name != "plain")
            for life in world.parts["plain"].lives:
                life.die(9)
            await settle()
            assert (await world.ask("/v1/models/plain", method="GET"))[::2] == (200, {"name": "plain", "ready": False})
            world.health.draining = True
            assert (await world.ask("/v1/models/m", method="GET"))[2]["ready"] is False

    run(main())


def test_not_ready_before_it_is_registered(tmp_path):
    """What the start was asked for and has yet to unpack is no unknown model."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            world.wanted.ask([LoadModel(None, "slow.mar")])
            assert (await world.ask("/v1/models/slow", method="GET"))[::2] == (200, {"name": "slow", "ready": False})
            assert (await world.ask("/v1/models/fast", method="GET"))[0] == 404

    run(main())


@pytest.mark.parametrize("name", ["none", "a/b", "m:what"])
def test_no_card(tmp_path, name):
    """404 with vLLM's words; another method than GET finds what it found before there were language models."""

    async def main():
        async with World(tmp_path, {"m": ["m"], "plain": []}) as world:
            said = (404, "NotFoundError", "model", f"The model `{name}` does not exist.")
            assert await world.refused(f"/v1/models/{name}", method="GET") == said
            assert (await world.ask(f"/v1/models/{name}", b"x"))[2]["type"] == "ResourceNotFoundException"

    run(main())


def test_a_shared_port(tmp_path):
    """There `/v1/models/{name}` is KServe's, which another API answers, but for language models."""

    async def main():
        async with World(tmp_path, {"m": ["m"], "plain": []}, sharing=("inference", "management")) as world:
            assert (await world.ask("/v1/models/m", method="GET"))[2]["owned_by"] == "servescope"
            assert (await world.ask("/v1/models/plain", method="GET"))[2]["type"] == "ResourceNotFoundException"
            assert (await world.ask("/v1/models", method="GET"))[0] == 200

    run(main())


def test_those_whose_turn_never_came(tmp_path):
    """A pipelined request whose client left is its model's, as any other that nobody answered."""

    async def main():
        async with World(tmp_path, {"m": ["m"]}) as world:
            await world.loaded()
            bodies = (b'{"stream": true}', b'{"model": "m"}', b'{"model": "x"}')
            for body in bodies:
                head = b"POST /v1/completions HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n" % len(body)
                world.port.writer.write(head + body)
            await world.port.reader.readuntil(b"data: 1\n\n\r\n")
            rest = asyncio.create_task(world.port.observers.wait_for_rest())
            world.port.writer.close()
            await rest
            assert world.parts["m"].count("servescope_requests_total", "m", "1.0", "rest", "openai", "499") == 2
            assert world.parts["m"].lives[0].cancelled != []

    run(main())
