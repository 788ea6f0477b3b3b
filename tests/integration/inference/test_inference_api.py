"""The inference API on the wire: every route, what reaches a handler, and what its answer looks like (contract, section A)."""

import re

import pytest

from integration.net_server import error, fields, obey, predict, serving, talk
from integration.server import wait_until

pytestmark = pytest.mark.integration

NOT_FOUND = (404, "ResourceNotFoundException", "Requested resource is not found, please refer to API document.")
NOT_ALLOWED = (405, "MethodNotAllowedException", "Requested method is not allowed, please refer to API document.")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with the Open Inference Protocol on."""
    with serving(tmp_path_factory.mktemp("inference"), {"ts_open_inference_protocol": "true"}) as server:
        yield server


def headers(answer):
    """The headers that the model `probe` was given."""
    return answer.json()["headers"]


@pytest.mark.parametrize(
    ("path", "explain", "url_path"),
    [
        ("/predictions/probe", "False", ""),
        ("/predictions/probe/", "False", ""),
        ("/predictions/probe/1.0", "False", ""),
        ("/predictions/probe/1.0/v1/chat/completions", "False", "v1/chat/completions"),
        ("/predictions/probe/1.0/a%2Fb?q=1/2", "False", "a/b"),
        ("/explanations/probe", "True", ""),
        ("/explanations/probe/1.0/zz", "True", "zz"),
        ("/v1/models/probe:predict", "False", None),
        ("/v1/models/probe:explain", "True", None),
        ("/v2/models/probe/infer", "False", None),
        ("/v2/models/probe/explain", "True", None),
        ("/models/probe/invoke", None, None),
        ("/invocations?model_name=probe", None, None),
        ("/probe/predict", None, None),
        ("/probe/1.0/predict", None, None),
    ],
)
def test_routes(net, path, explain, url_path):
    """Every path that predicts, and the headers that the server adds for the handler."""
    answer = predict(net, path, "hello", content_type="text/plain")
    assert fields(answer)["body"] == ["str", "hello"]
    assert headers(answer).get("explain") == explain
    assert headers(answer).get("url_path") == url_path


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_any_method_predicts(net, method):
    """`curl -T` puts, and a GET without a body is a request as well."""
    assert predict(net, "/predictions/noop", b"" if method in ("GET", "TRACE") else b"x", method).text == "ok"


def test_head_has_no_body(net):
    """The headers of a GET."""
    answer = predict(net, "/predictions/noop", method="HEAD")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "2")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/predictions", NOT_FOUND),
        ("/predictions/", NOT_FOUND),
        ("/explanations", NOT_FOUND),
        ("/what", NOT_FOUND),
        ("/models", NOT_FOUND),
        ("/models/noop", NOT_FOUND),
        ("/v1/models/noop", NOT_FOUND),
        ("/v1/models/noop:what", NOT_FOUND),
        ("/v2/health/what", NOT_FOUND),
        ("/x/y/z/predict", NOT_FOUND),
        ("/metrics", NOT_FOUND),
        ("/", NOT_ALLOWED),
        ("/predictions/none", (404, "ModelNotFoundException", "Model not found: none")),
        ("/none/predict", (404, "ModelNotFoundException", "Model not found: none")),
        ("/invocations?model_name=none", (404, "ModelNotFoundException", "Model not found: none")),
        (
            "/predictions/noop/9.9",
            (404, "ModelVersionNotFoundException", "Model version: 9.9 does not exist for model: noop"),
        ),
        (
            "/predictions/noop//x",
            (404, "ModelVersionNotFoundException", "Model version:  does not exist for model: noop"),
        ),
        ("/invocations", (400, "BadRequestException", "Parameter model_name is required.")),
    ],
)
def test_refusals(net, path, expected):
    """Status, type and message of each, and a connection that closes."""
    answer = predict(net, path, "x", content_type="text/plain")
    assert error(answer) == expected
    assert answer.headers["connection"] == "close"
    assert answer.headers["content-type"] == "application/json"
    assert answer.content.startswith(b'{\n  "code": ')
    assert answer.content.endswith(b"\n}\n")


def test_ping(net):
    """Healthy, whatever comes after it."""
    for path in ("/ping", "/ping/", "/ping/x"):
        answer = predict(net, path, method="GET")
        assert (answer.status_code, answer.content) == (200, b'{\n  "status": "Healthy"\n}\n')


def test_open_inference(net):
    """The server's own routes of the protocol."""
    said = predict(net, "/v2", method="GET").json()
    assert (said["name"], said["extenstion"]) == ("Torchserve", ["kserve", "kubeflow"])
    assert predict(net, "/v2/health/live", method="GET").json() == {"live": True}
    # The tests before have had workers end, which come back.
    wait_until(lambda: predict(net, "/v2/health/ready", method="GET").json() == {"ready": True})
    answer = predict(net, "/v2/models/noop/versions/1/infer", b"{}")
    assert (answer.status_code, answer.json()) == (501, {"error": "Model versioning is not yet supported."})


def test_response_headers(net):
    """What every answer carries."""
    answer = predict(net, "/predictions/noop", b"x")
    assert UUID.fullmatch(answer.headers["x-request-id"])
    assert answer.headers["pragma"] == "no-cache"
    assert answer.headers["cache-control"] == "no-cache; no-store, must-revalidate, private"
    assert answer.headers["expires"] == "Thu, 01 Jan 1970 00:00:00 UTC"
    assert answer.headers["connection"] == "keep-alive"
    assert "content-type" not in answer.headers


@pytest.mark.parametrize(("sent", "kept"), [("my id: 1/2", True), ("x" * 128, True), ("x" * 129, False), ("ä", False)])
def test_request_id(net, sent, kept):
    """A client's id is the request's where it is 1 to 128 printable characters; the handler sees the same id."""
    head = f"GET /predictions/probe HTTP/1.1\r\nhost: h\r\nX-Request-Id: {sent}\r\nconnection: close\r\n\r\n"
    answer = talk(net.ports["inference"], head.encode()).decode()
    given = re.search(r"\r\nx-request-id: (.*)\r\n", answer)
    assert given is not None
    assert (given[1] == sent) == kept
    assert f'"id": "{given[1]}"' in answer


def test_request_headers_keep_their_case(net):
    """The wire's case; of repeated ones the last; explain and url_path are the server's; each field has its type."""
    lines = ["host: h", "X-Dup: a", "X-Dup: b", "X-MiXed: 1", "explain: True", "url_path: mine", "describe: no"]
    head = "POST /predictions/probe HTTP/1.1\r\n" + "".join(f"{line}\r\n" for line in lines)
    request = head + "Content-Type: text/plain\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
    body = talk(net.ports["inference"], request.encode()).decode()
    for part in (
        '"X-Dup": "b"',
        '"X-MiXed": "1"',
        '"explain": "False"',
        '"url_path": ""',
        '"describe": "no"',
        '"body": {\n      "content-type": "text/plain"\n    }',
    ):
        assert part in body
    assert body.count("X-Dup") == 1


def test_query_parameters_are_fields_on_the_old_routes_only(net):
    """Decoded bytes beside the body, which wins its own name."""
    expected = {"a": ["bytearray", "3"], "b c": ["bytearray", "ä+"], "e": ["bytearray", ""], "body": ["str", "real"]}
    for path in ("/models/probe/invoke", "/probe/predict", "/probe/1.0/predict"):
        answer = predict(net, f"{path}?a=1&a=3&b%20c=%C3%A4%2B&e=&body=no", "real", content_type="text/plain")
        assert fields(answer) == expected
    assert fields(predict(net, "/predictions/probe?a=1", "x", content_type="text/plain")) == {"body": ["str", "x"]}


def test_options_describes_a_model(net):
    """No prediction, but the model's description; 404 for what is not there."""
    said = predict(net, "/predictions/noop", method="OPTIONS").json()
    assert said["openapi"] == "3.0.1"
    assert "/predictions/noop" in said["paths"]
    assert error(predict(net, "/predictions/none", method="OPTIONS"))[1] == "ModelNotFoundException"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("[b'\\x00raw']", b"\x00raw"),
        ("[bytearray(b'raw')]", b"raw"),
        ("['ä']", "ä".encode()),
        ("['']", b""),
        ("[3.5]", b"3.5"),
        ("[None]", b"null"),
        ("[{'ä': [1]}]", b'{\n  "\\u00e4": [\n    1\n  ]\n}'),
    ],
)
def test_output_types(net, code, body):
    """Bytes as they are, text as UTF-8, all else as indented JSON."""
    answer = obey(net, code)
    assert (answer.status_code, answer.content) == (200, body)
    assert "content-type" not in answer.headers


def test_a_handlers_headers(net):
    """Its own names and its Content-Type."""
    code = "context.set_response_content_type(0, 'text/csv')\ncontext.set_response_header(0, 'x-note', 'n')\n['a,b']"
    answer = obey(net, code)
    assert (answer.headers["content-type"], answer.headers["x-note"]) == ("text/csv", "n")


@pytest.mark.parametrize("status", [200, 201, 202, 299, 302, 400, 404, 418, 429, 500, 503, 511, 599, 600, 700, 999])
def test_statuses(net, status):
    """Whatever the handler sets, with the handler's body; errors close the connection."""
    answer = obey(net, f"context.set_response_status(code={status}, idx=0)\n['mine']")
    assert (answer.status_code, answer.text) == (status, "mine")
    assert answer.headers["connection"] == ("close" if status >= 400 else "keep-alive")


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(net, status):
    """HTTP allows none, and the next request on the connection is not disturbed."""
    answer = obey(net, f"context.set_response_status(code={status}, idx=0)\n['mine']")
    assert (answer.status_code, answer.content) == (status, b"")
    assert predict(net, "/predictions/noop", b"x").text == "ok"


@pytest.mark.parametrize("status", [-1, 0, 99, 100, 101, 199, 1000])
def test_impossible_statuses(net, status):
    """A status that HTTP cannot carry as a final one is the server's error, not the client's riddle."""
    answer = obey(net, f"context.set_response_status(code={status}, idx=0)\n['mine']")
    assert error(answer) == (500, "InternalServerException", f"Invalid response status {status}")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("undefined", (503, "InternalServerException", "Prediction failed")),
        ("'text'", (503, "InternalServerException", "Invalid model predict output")),
        ("('a',)", (503, "InternalServerException", "Invalid model predict output")),
        ("[1, 2]", (503, "InternalServerException", "number of batch response mismatched")),
        ("[object()]", (503, "InternalServerException", "Unsupported model output data type.")),
        ("raise PredictionException('told', 422)\n0", (422, "InternalServerException", "told")),
        ("raise PredictionException('told')\n0", (500, "InternalServerException", "told")),
        ("raise PredictionException('told', 413)\n0", (507, "InternalServerException", "told")),
        ("raise MemoryError\n0", (507, "InternalServerException", "Out of resources")),
        ("raise RuntimeError('CUDA error')\n0", (507, "InternalServerException", "Out of resources")),
    ],
)
def test_failures(net, code, expected):
    """The error table of the contract."""
    assert error(obey(net, code)) == expected
