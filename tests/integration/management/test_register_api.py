"""POST /models on the wire: each message and status, by a query and by JSON (contract, section B)."""

import json

import pytest

from integration.models import UNLOADED, described, register, unregister_all
from integration.net_server import NOOP, error, log, predict, serving
from integration.server import pack

pytestmark = pytest.mark.integration

PROCESSING = {"status": "Processing worker updates..."}
DEFAULTS = {"batchSize": 1, "maxBatchDelay": 100, "responseTimeout": 120, "startupTimeout": 120, "minWorkers": 0}
BROKEN = "def handle(data, context):\n    raise RuntimeError('no such weights')\n"
GREEDY = "def handle(data, context):\n    raise MemoryError\n"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with models in its store and none loaded."""
    with serving(tmp_path_factory.mktemp("management"), UNLOADED, {}) as server:
        for name, code in {"noop": NOOP, "broken": BROKEN, "greedy": GREEDY}.items():
            pack(server.store / f"{name}.mar", name, code)
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
    unregister_all(net)


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
    assert "retry-after" not in predict(net, "/predictions/noop", b"x").headers


def test_register_and_wait(net):
    """`synchronous` is the default."""
    answer = register(net, url="noop.mar", initial_workers=2)
    assert answer.json() == {"status": 'Model "noop" Version: 1.0 registered with 2 initial workers'}
    assert predict(net, "/predictions/noop", b"x").text == "ok"


@pytest.mark.parametrize("word", ["false", "no"])
def test_register_without_waiting(net, word):
    """Anything but `true` means no; an empty text is not given."""
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


def test_precedence(net):
    """Batches: the API before the yaml; workers and timeouts: the yaml before the API."""
    register(net, url="set.mar", batch_size=9, initial_workers=3, response_timeout=44, synchronous="false")
    (model,) = described(net, "set")
    names = ("minWorkers", "maxWorkers", "batchSize", "maxBatchDelay", "responseTimeout", "startupTimeout")
    assert [model[name] for name in names] == [1, 2, 9, 100, 33, 120]


@pytest.mark.parametrize(
    ("model", "status", "reason"), [("broken", 500, "RuntimeError: no such weights"), ("greedy", 507, "MemoryError")]
)
def test_a_model_that_cannot_load(net, model, status, reason):
    """Waited for, it is gone again, and its client knows why; not waited for, it stays and is tried again."""
    answer = register(net, url=f"{model}.mar", initial_workers=1)
    text = f"Failed to start workers for model {model} version: 1.0: {reason}"
    assert error(answer) == (status, "InternalServerException", text)
    assert net.manage("GET", f"/models/{model}").status_code == 404
    assert register(net, url=f"{model}.mar", initial_workers=1, synchronous="false").status_code == 202
    assert net.manage("GET", f"/models/{model}").status_code == 200
    assert "no such weights" in log(net, "model_log.log") or model == "greedy"


@pytest.mark.parametrize(
    ("method", "path", "query", "names"),
    [
        ("POST", "/models", {"url": "noop.mar", "batch_size": "abc"}, ("batch_size", "abc")),
        ("POST", "/models", {"url": "noop.mar", "response_timeout": "1.5"}, ("response_timeout", "1.5")),
        ("POST", "/models", {"url": "noop.mar", "startup_timeout": "9" * 400}, ("startup_timeout", "999")),
        ("PUT", "/models/noop", {"min_worker": "abc"}, ("min_worker", "abc")),
        ("PUT", "/models/noop", {"min_worker": "-1"}, ("min_worker", "-1")),
        ("GET", "/models", {"limit": "many"}, ("limit", "many")),
    ],
)
def test_numbers_that_are_none(net, method, path, query, names):
    """400 with the parameter and the value."""
    status, type_name, message = error(net.manage(method, path, **query))
    assert (status, type_name) == (400, "BadRequestException")
    assert all(name in message for name in names)


@pytest.mark.parametrize(
    ("method", "path", "query", "name"),
    [
        ("POST", "/models", {"url": "noop.mar", "batch_size": "0"}, "batch_size"),
        ("POST", "/models", {"url": "noop.mar", "max_batch_delay": "-1"}, "max_batch_delay"),
        ("POST", "/models", {"url": "noop.mar", "response_timeout": "0"}, "response_timeout"),
        ("POST", "/models", {"url": "noop.mar", "startup_timeout": "-1"}, "startup_timeout"),
        ("POST", "/models", {"url": "noop.mar", "initial_workers": "-1"}, "initial_workers"),
        ("GET", "/models", {"limit": "0"}, "limit"),
        ("GET", "/models", {"limit": "1000"}, "limit"),
        ("GET", "/models", {"next_page_token": "zz"}, "next_page_token"),
    ],
)
def test_numbers_that_the_default_stands_in_for(net, method, path, query, name):
    """As there, and both the answer and the log say so."""
    answer = net.manage(method, path, **query)
    assert answer.status_code == 200
    (warning,) = answer.json()["warnings"]
    assert warning.startswith(f"{name}={query[name]!r} ")
    assert warning.endswith(": the default is used")
    assert answer.headers["warning"] == f"299 - {json.dumps(warning)}"
    assert f"{method} {path}: {warning}" in log(net, "ts_log.log")
    if method == "POST":
        assert described(net, "noop")[0].items() >= DEFAULTS.items()


def test_empty_parameters_are_not_given(net):
    """Without a word, in every call."""
    numbers = ("batch_size", "max_batch_delay", "initial_workers", "response_timeout", "startup_timeout")
    for query in (dict.fromkeys(numbers, ""), {"model_name": "", "handler": "", "runtime": "", "synchronous": ""}):
        answer = register(net, url="noop.mar", **query)
        assert (answer.status_code, list(answer.json())) == (200, ["status"])
        assert described(net, "noop")[0].items() >= DEFAULTS.items()
        assert net.manage("PUT", "/models/noop", min_worker="", max_worker="", model_version="").status_code == 202
        assert net.manage("DELETE", "/models/noop").status_code == 200
    assert list(net.manage("GET", "/models", limit="", next_page_token="").json()) == ["models"]


@pytest.mark.parametrize(
    ("method", "path", "query", "status"),
    [
        ("POST", "/models", {"url": "noop.mar", "odd": 3}, 200),
        ("POST", "/models", {"url": "absent.mar", "odd": 3}, 404),
        ("POST", "/models", {"odd": "noop.mar"}, 400),
        ("PUT", "/models/noop", {"odd": 2}, 202),
        ("PUT", "/models/noop/1.0", {"odd": 2, "min_worker": "x"}, 400),
        ("PUT", "/models/noop/1.0/set-default", {"odd": 2}, 200),
        ("GET", "/models", {"odd": 2}, 200),
        ("GET", "/models/noop", {"odd": "true"}, 200),
        ("DELETE", "/models/noop", {"odd": "2.0"}, 200),
    ],
)
def test_unknown_parameters_are_told(net, method, path, query, status):
    """Ignored, as ever, but not in silence: named in the log and in the answer, whatever that is."""
    if method != "POST":
        register(net, url="noop.mar")
    answer = net.manage(method, path, **query)
    assert answer.status_code == status
    said = answer.json()
    assert isinstance(said, list) or said["warnings"] == ["unknown parameter odd is ignored"]
    assert answer.headers["warning"] == '299 - "unknown parameter odd is ignored"'
    assert f"{method} {path}: unknown parameter odd is ignored" in log(net, "ts_log.log")


def test_unknown_parameters_of_a_body(net):
    """The same."""
    assert post_json(net, {"url": "noop.mar", "odd": 1}).json()["warnings"] == ["unknown parameter odd is ignored"]


def test_a_client_that_returns_the_token_as_it_came(net):
    """Datadog's check sends `nextPageToken`: it gets through the list, and not the first page for ever."""
    for name in "abc":
        register(net, url="noop.mar", model_name=name)
    found, token = [], None
    for _ in range(4):
        page = net.manage("GET", "/models", limit=2, **({"nextPageToken": token} if token else {})).json()
        found += [model["modelName"] for model in page["models"]]
        if (token := page.get("nextPageToken")) is None:
            break
    assert found == ["a", "b", "c"]
