"""Envelopes of a real server: batches, empty ones, clients' mistakes, numpy, NaN, and the type of what is JSON."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from integration.net_server import OBEY, error, obey, predict, serving
from integration.server import Server, pack

pytestmark = pytest.mark.integration

# Answers with what it was given, as numpy has it; fails where it is told to.
ECHO = """
import numpy

def handle(data, context):
    if data is None:
        return None
    if data == ["fail"]:
        raise RuntimeError("as told")
    return [numpy.array(one["data"]) if isinstance(one, dict) else one for one in data]
"""
CONFIG = "batchSize: 3\nmaxBatchDelay: 60000\nminWorkers: 1\nmaxWorkers: 1\n"


def enveloped(directory, envelope):
    """A server whose model answers three requests at a time, and not before."""
    (directory / "store").mkdir(parents=True)
    pack(directory / "store" / "echo.mar", "echo", ECHO, config=CONFIG)
    return Server(directory, {"load_models": "all", "service_envelope": envelope})


def at_once(server, bodies, path="/predictions/echo"):
    """The answers to a batch of these."""
    with ThreadPoolExecutor(len(bodies)) as threads:
        return list(
            threads.map(lambda body: predict(server, path, json.dumps(body), content_type="application/json"), bodies)
        )


def test_kserve(tmp_path):
    """Each request of a batch has its own answer, also one without instances; a mistake and a failure are nobody else's."""
    server = enveloped(tmp_path / "kserve", "kserve")
    try:
        answers = at_once(
            server, [{"instances": [1, 2]}, {"instances": [3]}, {"instances": []}], "/v1/models/echo:predict"
        )
        assert [answer.json() for answer in answers] == [
            {"predictions": [1, 2]},
            {"predictions": [3]},
            {"predictions": []},
        ]
        good, mistake, failure = at_once(server, [{"instances": [1]}, [1], {"instances": ["fail"]}])
        assert good.json() == {"predictions": [1]}
        assert error(mistake)[:2] == (400, "BadRequestException")
        assert "'instances'" in error(mistake)[2]
        assert error(failure)[::2] == (503, "Prediction failed")
    finally:
        server.end()


def test_kservev2(tmp_path):
    """The same, with real shapes; on V2's own paths and on TorchServe's."""
    server = enveloped(tmp_path / "kservev2", "kservev2")
    try:
        bodies = [
            {"id": str(n), "inputs": [{"name": f"x{n}", "shape": [1, n], "datatype": "INT64", "data": [n] * n}]}
            for n in (1, 2)
        ]
        for path, mistaken in (
            ("/predictions/echo", ["code", "type", "message"]),
            ("/v2/models/echo/infer", ["error"]),
        ):
            first, second, mistake = at_once(server, [*bodies, {"instances": [1]}], path)
            for n, answer in ((1, first), (2, second)):
                said = answer.json()
                (output,) = said["outputs"]
                assert (said["id"], said["model_name"], said["model_version"]) == (str(n), "echo", "1.0")
                assert output == {"name": f"x{n}", "datatype": "INT64", "data": [n] * n, "shape": [1, n]}
            assert (mistake.status_code, list(mistake.json())) == (400, mistaken)
    finally:
        server.end()


def test_json_as_before(tmp_path):
    """Bare NaN, no type, and now numpy's arrays and scalars as well."""
    with serving(tmp_path / "plain", {}, {"obey": OBEY}) as server:
        answer = obey(server, "[{'a': float('nan'), 'b': [float('-inf')]}]")
        assert answer.text == '{\n  "a": NaN,\n  "b": [\n    -Infinity\n  ]\n}'
        assert "content-type" not in answer.headers
        import_numpy = "numpy = __import__('numpy')\n"
        assert obey(server, import_numpy + "[numpy.array([[1, 2], [3, 4]])]").json() == [[1, 2], [3, 4]]
        assert obey(server, import_numpy + "[{'p': numpy.float32(0.5)}]").json() == {"p": 0.5}
        assert obey(server, import_numpy + "numpy.array([7])").json() == 7


@pytest.mark.parametrize("nan", ["null", "error"])
def test_json_that_is_json(tmp_path, nan):
    """For those who want it, typed."""
    settings = {"json_nan": nan, "default_content_type": "auto"}
    with serving(tmp_path / nan, settings, {"obey": OBEY}) as server:
        answer = obey(server, "[{'a': float('nan')}]")
        if nan == "null":
            assert answer.json() == {"a": None}
        else:
            assert error(answer)[0] == 500
            assert "json_nan=error" in answer.text
        answer = obey(server, "[{'a': 1}]")
        assert (answer.json(), answer.headers["content-type"]) == ({"a": 1}, "application/json")
        assert "content-type" not in obey(server, "['{}']").headers
        typed = obey(server, "context.set_response_content_type(0, 'a/b')\n[{}]")
        assert typed.headers["content-type"] == "a/b"
