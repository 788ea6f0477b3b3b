"""One server for the tests with real clients of KServe's V2 protocol, with models that answer what they are asked."""

from collections.abc import Iterator

import pytest

from integration.server import Server, pack

ECHO = """
def handle(data, context):
    if data is None:
        return None
    return [one["data"] for one in data]
"""
# Says what it was given: an array, of which datatype and shape.
ARRAYS = """
def handle(data, context):
    if data is None:
        return None
    (one,) = data
    assert type(one["data"]).__name__ == "ndarray"
    return [one["data"], str(one["data"].dtype)]
"""
DECLARED = """
v2:
  tensors: numpy
  platform: onnx
  inputs:
    - {name: x, datatype: FP32, shape: [-1, 2]}
  outputs:
    - {name: same, datatype: FP32, shape: [-1, 2]}
    - {name: dtype, datatype: BYTES, shape: [1]}
"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`lists` and `arrays` speak V2, `plain` does not; of `lists` there are two versions."""
    directory = tmp_path_factory.mktemp("kserve")
    store = directory / "store"
    store.mkdir()
    pack(store / "lists.mar", "lists", ECHO, config="v2:\n")
    pack(store / "lists2.mar", "lists", ECHO, version="2", config="v2:\n")
    pack(store / "arrays.mar", "arrays", ARRAYS, config=DECLARED)
    pack(store / "plain.mar", "plain", "def handle(data, context):\n    return data and ['ok'] * len(data)\n")
    server = Server(directory, {"load_models": "all", "default_workers_per_model": "1"})
    yield server
    server.end()
