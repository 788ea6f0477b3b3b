"""The management API on the wire: each message and status, as JSON and as a query (contract, section B)."""

import json

import pytest

from integration.net_server import NOOP, error, log, predict, serving
from integration.server import pack, wait_until

pytestmark = pytest.mark.integration

NOT_ALLOWED = (405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")
PROCESSING = {"status": "Processing worker updates..."}
BROKEN = "def handle(data, context):\n    raise RuntimeError('no such weights')\n"
GREEDY = "def handle(data, context):\n    raise MemoryError\n"
DESCRIBED = """
def handle(data, context):
    if data is None:
        return None
    if context.get_request_header(0, "describe") == "True":
        return [{"layers": 3}]
    return [b"ok"] * len(data)
"""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with models in its store and none loaded."""
    with serving(tmp_path_factory.mktemp("management"), {"allowed_urls": "http://127.0.0.1:1/.*"}, {}) as server:
        for name, code in {"noop": NOOP, "broken": BROKEN, "greedy": GREEDY, "described": DESCRIBED}.items():
            pack(server.store / f"{name}.mar", name, code)
        pack(server.store / "noop2.mar", "noop", NOOP, version="2.0")
        pack(
            server.store / "set.mar",
            "set",
            NOOP,
            config="minWorkers: 1\nmaxWorkers: 2\nbatchSize: 4\nresponseTimeout: 33\n",
        )
        yield server


@pytest.fixture(autouse=True)
def _tidy(net):
    """Each test leaves no model behind."""
    yield
    for model in net.manage("GET", "/models").json()["models"]:
        versions = [found["modelVersion"] for found in described(net, model["modelName"], "/all")]
        for version in sorted(versions, key=described(net, model["modelName"])[0]["modelVersion"].__eq__):
            assert net.manage("DELETE", f"/models/{model['modelName']}/{version}").status_code == 200


def described(net, name, more="", **query):
    return net.manage("GET", f"/models/{name}{more}", **query).json()


def register(net, **query):
    return net.manage("POST", "/models", **query)


def post_json(net, body, **query):
    content = body if isinstance(body, (str, bytes)) else json.dumps(body)
    return net.http.post(
        net.url("management", "/models"), content=content, params=query, headers={"content-type": "application/json"}
    )


def test_register_without_workers(net):
    """The default by API."""
    answer = register(net, url="noop.mar", synchronous="true")
    text = 'Model "noop" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.'
    assert (answer.status_code, answer.content) == (200, json.dumps({"status": text}, indent=2).encode() + b"\n")
    status, type_name, message = error(predict(net, "/predictions/noop", b"x"))
    assert (status, type_name) == (503, "ServiceUnavailableException")
    assert message.startswith('Model "noop" has no worker to serve inference request. Please use scale workers API')
    message = error(predict(net, "/predictions/noop/1.0", b"x"))[2]
    assert message.startswith('Model "noop" Version 1.0" has no worker')
    assert predict(net, "/predictions/noop", b"x").headers["retry-after"] == "1"


def test_register_and_wait(net):
    """`synchronous` is the default."""
    answer = register(net, url="noop.mar", initial_workers=2)
    assert answer.json() == {"status": 'Model "noop" Version: 1.0 registered with 2 initial workers'}
    assert predict(net, "/predictions/noop", b"x").text == "ok"


@pytest.mark.parametrize("word", ["false", "no", ""])
def test_register_without_waiting(net, word):
    """Anything but `true` means no."""
    answer = register(net, url="noop.mar", initial_workers=1, synchronous=word)
    assert (answer.status_code, answer.json()) == (202, PROCESSING)
    assert predict(net, "/predictions/noop", b"x").text == "ok"


def test_register_by_json(net):
    """The body's parameters; the query's are not looked at."""
    body = {"url": "noop.mar", "model_name": "js", "initial_workers": 1, "batch_size": 2, "max_batch_delay": 50}
    assert post_json(net, body, model_name="other").json()["status"].endswith("registered with 1 initial workers")
    (model,) = described(net, "js")
    assert (model["batchSize"], model["maxBatchDelay"], model["minWorkers"]) == (2, 50, 1)


@pytest.mark.parametrize("body", ["", '{"url":', "nonsense", b"\xff"])
def test_register_by_what_is_no_json(net, body):
    """500 with Gson's exception's name."""
    assert error(post_json(net, body))[:2] == (500, "JsonSyntaxException")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, (400, "BadRequestException", "Parameter url is required.")),
        ({"url": ""}, (404, "ModelNotFoundException", "empty url")),
        ({"url": "absent.mar"}, (404, "ModelNotFoundException", "Model not found at: absent.mar")),
        ({"url": "../x.mar"}, (404, "ModelNotFoundException", "Relative path is not allowed in url: ../x.mar")),
        ({"url": "noop.mar", "runtime": "java"}, (400, "BadRequestException", "Invalid RuntimeType value: java")),
    ],
)
def test_register_refused(net, query, expected):
    """Texts of the contract, the same for a query and for JSON."""
    assert error(register(net, **query)) == expected
    assert error(post_json(net, query)) == expected


@pytest.mark.parametrize(
    ("url", "status", "type_name", "text"),
    [
        (
            "http://127.0.0.1:1/x.mar",
            400,
            "DownloadArchiveException",
            "Failed to download archive from: http://127.0.0.1:1/x.mar",
        ),
        (
            "https://h/x.mar",
            404,
            "ModelNotFoundException",
            "Given URL https://h/x.mar does not match any allowed URL(s)",
        ),
    ],
)
def test_register_from_afar_refused(net, url, status, type_name, text):
    """A URL that is not allowed, and one that cannot be read."""
    found = error(register(net, url=url))
    assert found[:2] == (status, type_name)
    assert found[2].startswith(text)


def test_a_second_version_is_not_the_default(net):
    """Until it is made so; then the first can go, and a model with versions keeps its default one."""
    register(net, url="noop.mar")
    assert error(register(net, url="noop.mar")) == (
        409,
        "ConflictStatusException",
        "Model version 1.0 is already registered for model noop",
    )
    register(net, url="noop2.mar")
    assert [model["modelVersion"] for model in described(net, "noop")] == ["1.0"]
    assert [model["modelVersion"] for model in described(net, "noop", "/all")] == ["1.0", "2.0"]
    assert error(net.manage("DELETE", "/models/noop")) == (
        403,
        "InvalidModelVersionException",
        "Cannot remove default version for model noop",
    )
    assert net.manage("DELETE", "/models/noop", model_version="2.0").status_code == 403
    answer = net.manage("PUT", "/models/noop/2.0/set-default")
    assert answer.json() == {"status": 'Default version successfully updated for model "noop" to "2.0"'}
    assert [model["modelVersion"] for model in described(net, "noop")] == ["2.0"]
    assert net.manage("DELETE", "/models/noop/1.0").json() == {"status": 'Model "noop" unregistered'}


def test_precedence(net):
    """Batches: the API before the yaml; workers and timeouts: the yaml before the API."""
    register(net, url="set.mar", batch_size=9, initial_workers=3, response_timeout=44, synchronous="false")
    (model,) = described(net, "set")
    names = ("minWorkers", "maxWorkers", "batchSize", "maxBatchDelay", "responseTimeout", "startupTimeout")
    assert [model[name] for name in names] == [1, 2, 9, 100, 33, 120]


@pytest.mark.parametrize(("model", "status"), [("broken", 500), ("greedy", 507)])
def test_a_model_that_cannot_load(net, model, status):
    """Waited for, it is gone again; not waited for, it stays and is tried again."""
    answer = register(net, url=f"{model}.mar", initial_workers=1)
    text = f"Failed to start workers for model {model} version: 1.0"
    assert error(answer) == (status, "InternalServerException", text)
    assert net.manage("GET", f"/models/{model}").status_code == 404
    assert register(net, url=f"{model}.mar", initial_workers=1, synchronous="false").status_code == 202
    assert net.manage("GET", f"/models/{model}").status_code == 200
    assert "no such weights" in log(net, "model_log.log") or model == "greedy"


@pytest.mark.parametrize(
    ("method", "path", "query", "names"),
    [
        ("POST", "/models", {"url": "noop.mar", "batch_size": "abc"}, ("batch_size", "abc")),
        ("POST", "/models", {"url": "noop.mar", "initial_workers": "-1"}, ("initial_workers", "-1")),
        ("POST", "/models", {"url": "noop.mar", "response_timeout": "1.5"}, ("response_timeout", "1.5")),
        ("POST", "/models", {"url": "noop.mar", "startup_timeout": "9" * 400}, ("startup_timeout", "999")),
        ("PUT", "/models/noop", {"min_worker": "abc"}, ("min_worker", "abc")),
        ("PUT", "/models/noop", {"min_worker": "-1"}, ("min_worker", "-1")),
        ("PUT", "/models/noop", {"max_worker": ""}, ("max_worker", "''")),
        ("GET", "/models", {"limit": "many"}, ("limit", "many")),
        ("GET", "/models", {"next_page_token": "x"}, ("next_page_token", "x")),
    ],
)
def test_numbers_that_are_none(net, method, path, query, names):
    """400 with the parameter and the value."""
    status, type_name, message = error(net.manage(method, path, **query))
    assert (status, type_name) == (400, "BadRequestException")
    assert all(name in message for name in names)


def test_unknown_parameters_are_logged(net):
    """Ignored, as ever, but not in silence."""
    assert register(net, url="noop.mar", bach_size=3).status_code == 200
    assert "unknown parameter bach_size is ignored" in log(net, "ts_log.log")


def test_pages(net):
    """By name; a token is given even where the page ends at the end; limits out of bounds are the greatest."""
    for name in ("c", "a", "b"):
        register(net, url="noop.mar", model_name=name)

    def page(**query):
        said = net.manage("GET", "/models", **query).json()
        return said.get("nextPageToken"), [model["modelName"] for model in said["models"]]

    assert page() == (None, ["a", "b", "c"])
    assert page(limit=2) == ("2", ["a", "b"])
    assert page(limit=2, next_page_token=2) == (None, ["c"])
    assert page(limit=3) == ("3", ["a", "b", "c"])
    for limit in (-1, 101):
        assert page(limit=limit) == (None, ["a", "b", "c"])
    assert page(next_page_token=9) == (None, [])


def test_scale(net):
    """At once or waited for, up and down; max_worker below min_worker is refused."""
    register(net, url="noop.mar")
    assert net.manage("PUT", "/models/noop").json() == PROCESSING
    wait_until(lambda: described(net, "noop")[0]["workers"][0]["status"] == "READY")
    answer = net.manage("PUT", "/models/noop", min_worker=2, synchronous="true")
    assert answer.json() == {"status": "Workers scaled to 2 for model: noop"}
    answer = net.manage("PUT", "/models/noop/1.0", min_worker=1, synchronous="true")
    assert answer.json() == {"status": "Workers scaled to 1 for model: noop, version: 1.0"}
    answer = net.manage("PUT", "/models/noop", min_worker=0, synchronous="true", model_version="1.0")
    assert answer.json() == {"status": "Workers scaled to 0 for model: noop, version: 1.0"}
    assert net.manage("GET", "/v1/models/noop").json() == {"name": "noop", "ready": False}
    bad = net.manage("PUT", "/models/noop", min_worker=2, max_worker=1)
    assert error(bad) == (400, "BadRequestException", "max_worker cannot be less than min_worker.")


def test_readiness_and_description(net):
    """What a model says of itself, where it has a worker; {} where it says nothing."""
    register(net, url="described.mar", initial_workers=1)
    assert net.manage("GET", "/v1/models/described").json() == {"name": "described", "ready": True}
    assert described(net, "described", customized="true")[0]["customizedMetadata"] == {"layers": 3}
    assert "customizedMetadata" not in described(net, "described")[0]
    register(net, url="noop.mar")
    status, type_name, message = error(net.manage("GET", "/models/noop", customized="true"))
    assert (status, type_name) == (503, "ServiceUnavailableException")
    assert message.startswith('Model "noop" has no worker to serve describe request.')


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models/none"),
        ("GET", "/models/none/all"),
        ("PUT", "/models/none"),
        ("DELETE", "/models/none"),
        ("OPTIONS", "/models/none"),
        ("PUT", "/models/none/1.0/set-default"),
        ("GET", "/v1/models/none"),
    ],
)
def test_unknown_models(net, method, path):
    """404 whatever is asked."""
    assert error(net.manage(method, path)) == (404, "ModelNotFoundException", "Model not found: none")


def test_unknown_versions(net):
    """404, with two texts of which one is for set-default."""
    register(net, url="noop.mar")
    text = "Model version: 9 does not exist for model: noop"
    for method, path in (("GET", "/models/noop/9"), ("PUT", "/models/noop/9"), ("DELETE", "/models/noop/9")):
        assert error(net.manage(method, path)) == (404, "ModelVersionNotFoundException", text)
    text = "Model version 9 does not exist for model noop"
    assert error(net.manage("PUT", "/models/noop/9/set-default")) == (404, "ModelVersionNotFoundException", text)


@pytest.mark.parametrize(
    "method, path", [("DELETE", "/models"), ("PUT", "/models"), ("GET", "/"), ("POST", "/models/x")]
)
def test_methods_not_allowed(net, method, path):
    """Known paths with another method."""
    assert error(net.manage(method, path)) == NOT_ALLOWED
