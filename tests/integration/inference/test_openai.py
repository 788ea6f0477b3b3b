"""OpenAI's API on a real server: a handler of the test's own plays the language model."""

import json

import httpx
import pytest

from integration.net_server import NOOP
from integration.server import hang_up, pack, wait_until

pytestmark = pytest.mark.integration

# Obeys the prompt; answers, whole or in events, with what it was asked.
MODEL = """
import asyncio, json, os, pathlib
from servescope.wire.messages import ServedModel
from ts.handler_utils.utils import send_intermediate_predict_response
from ts.service import PredictionException

NOTES = pathlib.Path(os.environ["NOTES"])

class Player:
    async def initialize(self, context):
        name = context.model_name
        context.served_models = [
            ServedModel(name, "/weights", None, 256),
            ServedModel("/folder/of-" + name, "/weights", None, 256),
            ServedModel("adapter-of-" + name, "/adapter", name, 256),
        ]

    async def handle(self, data, context):
        body = bytes(data[0]["body"])
        asked = json.loads(body)
        want = asked.get("prompt", "")
        notes = NOTES / context.model_name
        if want == "exit":
            os._exit(3)
        if want == "nowhere":
            raise PredictionException("no such place", 404)
        if want == "raise":
            raise ValueError("secret")
        if not asked.get("stream"):
            context.set_response_content_type(0, "application/json")
            path = context.get_request_header(0, "url_path")
            return [json.dumps({"model": asked.get("model"), "size": len(body), "path": path})]
        context.set_response_content_type(0, "text/event-stream; charset=utf-8")
        def send(text):
            send_intermediate_predict_response(["data: " + text + "\\n\\n"], context.request_ids, "ok", 200, context)
        try:
            send(json.dumps({"text": "one"}))
            if want == "flood":
                while True:
                    send("x" * 1_000_000)
                    await asyncio.sleep(0)
            if want == "gate":
                while not (notes / "gate.go").exists():
                    await asyncio.sleep(0.005)
                os._exit(3)
            if want == "hang":
                await asyncio.sleep(600)
            send(json.dumps({"text": "two"}))
            send("[DONE]")
            return [b""]
        except asyncio.CancelledError:
            (notes / (want + ".cancelled")).touch()
            raise
"""
CONFIG = "responseTimeout: 5\nminWorkers: 1\nmaxWorkers: 1\n"


class Asked:
    """A deployed model, and the API's client."""

    def __init__(self, model, server):
        self.model = model
        self.name = model.name
        self.server = server

    def post(self, path="/v1/completions", **body):
        """Ask; with `model` unless it is given."""
        return self.server.http.post(self.server.url("inference", path), json={"model": self.name} | body)

    def get(self, path):
        return self.server.http.get(self.server.url("inference", path))

    def stream(self, **body):
        url = self.server.url("inference", "/v1/chat/completions")
        return self.server.http.stream("POST", url, json={"model": self.name, "stream": True} | body)

    def counted(self, code):
        """How many requests of this model ended so."""
        labels = {"model_name": self.name, "route": "openai", "code": str(code)}
        return self.server.metrics("servescope_requests_total", **labels) or 0


@pytest.fixture
def llm(deploy, server):
    """A model of this test's own, with one worker."""
    return Asked(deploy(MODEL, config=CONFIG), server)


def error(answer):
    """Status, type, param and message of an error in OpenAI's shape."""
    assert answer.headers["content-type"] == "application/json"
    said = answer.json()
    assert list(said) == ["error"]
    assert said["error"]["code"] == answer.status_code
    return answer.status_code, said["error"]["type"], said["error"]["param"], said["error"]["message"]


def test_by_each_of_its_names(llm):
    """Every path and name finds the model, which is told where it was asked; the answer has the contract's headers."""
    for path in ("v1/completions", "v1/chat/completions", "v1/embeddings"):
        for name in (llm.name, f"/folder/of-{llm.name}", f"adapter-of-{llm.name}"):
            answer = llm.post(f"/{path}", model=name)
            assert (answer.status_code, answer.json()["model"], answer.json()["path"]) == (200, name, path)
    assert answer.headers["x-request-id"]
    assert answer.headers["cache-control"] == "no-cache; no-store, must-revalidate, private"
    assert llm.counted(200) == 9


def test_the_only_one(llm):
    """Needs no name."""
    answer = llm.server.http.post(llm.server.url("inference", "/v1/completions"), content=b'{"prompt": "x"}')
    assert answer.json() == {"model": None, "size": 15, "path": "v1/completions"}


def test_a_long_prompt(llm):
    """Comes in pieces, is as long as it was, and is read for its model at the end too."""
    body = json.dumps({"prompt": "é" * 500_000, "model": llm.name}).encode()
    answer = llm.server.http.post(llm.server.url("inference", "/v1/completions"), content=body)
    assert answer.json()["size"] == len(body)


def test_a_stream(llm):
    """Events up to the last, without TorchServe's mark."""
    with llm.stream() as answer:
        text = answer.read().decode()
    assert text == 'data: {"text": "one"}\n\ndata: {"text": "two"}\n\ndata: [DONE]\n\n'
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-request-id"]
    assert "ts_stream_next" not in answer.headers
    assert llm.counted(200) == 1


def test_models(llm, deploy):
    """All names with what they are; also while no worker is up, when asking is refused."""
    deploy(NOOP)
    llm.server.manage("PUT", f"/models/{llm.name}", min_worker=0, max_worker=0, synchronous="true")
    said = llm.get("/v1/models").json()
    assert said["object"] == "list"
    found = [(card["id"], card["root"], card["parent"], card["max_model_len"]) for card in said["data"]]
    assert found == [
        (llm.name, "/weights", None, 256),
        (f"/folder/of-{llm.name}", "/weights", None, 256),
        (f"adapter-of-{llm.name}", "/adapter", llm.name, 256),
    ]
    assert {(card["object"], card["owned_by"]) for card in said["data"]} == {("model", "servescope")}
    for path in (f"/v1/models//folder/of-{llm.name}", f"/v1/models/%2Ffolder%2Fof-{llm.name}"):
        assert llm.get(path).json() == said["data"][1] | {"name": f"/folder/of-{llm.name}", "ready": False}
    answer = llm.post()
    assert error(answer)[:3] == (503, "ServiceUnavailableError", None)
    assert "retry-after" not in answer.headers
    assert llm.counted(503) == 1


def test_refusals(llm, deploy):
    """Each in OpenAI's shape; those of a registered model are among its requests."""
    plain = deploy(NOOP)
    url = llm.server.url("inference", "/v1/completions")
    assert error(llm.post(model="none")) == (404, "NotFoundError", "model", "The model `none` does not exist.")
    assert error(llm.get("/v1/models/none"))[:3] == (404, "NotFoundError", "model")
    assert error(llm.server.http.post(url, content=b"{"))[:3] == (400, "BadRequestError", None)
    assert error(llm.server.http.post(url, data={"model": llm.name}))[:2] == (415, "UnsupportedMediaTypeError")
    assert error(llm.get("/v1/completions"))[:2] == (405, "MethodNotAllowedError")
    assert error(llm.post(model=plain.name))[:3] == (400, "BadRequestError", "model")
    assert error(llm.post(prompt="x" * 7_000_000))[:2] == (413, "RequestEntityTooLargeError")
    assert error(llm.post(prompt="nowhere")) == (404, "NotFoundError", None, "no such place")
    assert error(llm.post(prompt="raise")) == (503, "ServiceUnavailableError", None, "Prediction failed")
    assert Asked(plain, llm.server).counted(400) == 1
    assert (llm.counted(404), llm.counted(503), llm.counted(413)) == (1, 1, 0)


def test_a_worker_that_dies(llm):
    """Before the answer: 500; in its midst: an event that says so, and no proper end. The next one gets a new worker."""
    assert error(llm.post(prompt="exit"))[:2] == (500, "InternalServerError")
    with llm.stream(prompt="gate") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b'data: {"text": "one"}\n\n'
        llm.model.open()
        said = json.loads(next(pieces).removeprefix(b"data: "))["error"]
        assert (said["type"], said["code"]) == ("InternalServerError", 500)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            next(pieces)
    assert llm.post().status_code == 200
    assert llm.counted(500) == 2


def test_a_client_that_does_not_read(llm):
    """Is broken off when too much waits for it, counted as one that hung up, and the model is told to stop."""
    body = json.dumps({"model": llm.name, "stream": True, "prompt": "flood"}).encode()
    client = hang_up(llm.server.ports["inference"], "/v1/completions", body)
    wait_until((llm.model.notes / "flood.cancelled").exists)
    wait_until(lambda: llm.counted(499) == 1)
    with client, client.makefile("rb") as answer:
        while answer.readline() != b"\r\n":
            pass
        sizes = []
        while line := answer.readline():
            sizes.append(int(line, 16))
            answer.read(sizes[-1] + 2)
    assert 0 not in sizes  # which would be the proper end
    assert llm.post().status_code == 200


def test_tokens(launch):
    """401 where the token is wrong; the right one is the client's API key."""
    server = launch(disable_token_authorization="false", load_models="none")
    key = json.loads((server.directory / "key_file.json").read_text())["inference"]["key"]
    url = server.url("inference", "/v1/completions")
    refused = server.http.post(url, headers={"authorization": "Bearer wrong"}, json={})
    assert error(refused)[:2] == (401, "AuthenticationError")
    assert refused.headers["www-authenticate"] == "Bearer"
    asked = server.http.post(url, headers={"authorization": f"Bearer {key}"}, json={})
    assert error(asked)[:3] == (400, "BadRequestError", "model")


def test_no_language_models(launch):
    """Then `/v1/models` is no path of TorchServe's, and answers as that."""
    server = launch(load_models="none")
    answer = server.http.get(server.url("inference", "/v1/models"))
    assert (answer.status_code, answer.json()["type"]) == (404, "ResourceNotFoundException")


def test_a_browsers_question_beforehand(launch):
    """Is answered as on every path, and answers may be read by pages of the origin."""
    server = launch(cors_allowed_origin="https://page", cors_allowed_methods="GET, POST")
    asked = {"origin": "https://page", "access-control-request-method": "POST"}
    answer = server.http.options(server.url("inference", "/v1/chat/completions"), headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (200, "GET, POST")
    answer = server.http.post(server.url("inference", "/v1/chat/completions"), content=b"{}")
    assert error(answer)[0] == 400
    assert answer.headers["access-control-allow-origin"] == "https://page"


def test_a_server_on_its_way_out(launch):
    """A stream in hand goes on to its end."""
    server = launch()
    archive = pack(server.store / "m.mar", "m", MODEL.replace("os._exit(3)", "pass"), config=CONFIG)
    assert server.register(archive).status_code == 200
    (server.notes / "m").mkdir()
    url = server.url("inference", "/v1/completions")
    with server.http.stream("POST", url, json={"stream": True, "prompt": "gate"}) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        server.process.terminate()
        (server.notes / "m" / "gate.go").touch()
        assert b"".join(pieces).endswith(b"data: [DONE]\n\n")
    assert server.process.wait(30) == 0
