"""The answers about workflows that were recorded off a TorchServe 0.12.0, asked again in the same order.

`tests/golden/workflows` has the archives, the cases and the answers.
"""

import json

import pytest

from golden.replay import ask
from golden.workflows import GOLDEN_WORKFLOWS
from golden.workflows.make_wars import pack
from integration.server import Server

pytestmark = pytest.mark.integration

CASES = json.loads((GOLDEN_WORKFLOWS / "cases.json").read_text())
EXPECTED = json.loads((GOLDEN_WORKFLOWS / "answers.json").read_text())
PORTS = {8080: "inference", 8081: "management"}
# Of these a sentence begins as TorchServe's does, and goes on with what is wrong.
GOES_ON = {case["id"] for case in CASES if case.get("only") == "beginning"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Every case's answer, by its id."""
    directory = tmp_path_factory.mktemp("golden")
    server = Server(directory, {"default_workers_per_model": "1"})
    pack(server.store)
    try:
        return {case["id"]: ask(case | {"port": server.ports[PORTS[case["port"]]]}) for case in CASES}
    finally:
        server.end()


@pytest.mark.parametrize("case", EXPECTED)
def test_an_answer_as_recorded(answers, case):
    """Status, headers and every byte of the body; a sentence about what is wrong may go on."""
    given, expected = answers[case], EXPECTED[case]
    if case in GOES_ON:
        given_body, expected_body = json.loads(given.pop("body")), json.loads(expected["body"])
        said = expected_body.pop("message").removesuffix("]")
        assert given_body.pop("message").startswith(said)
        assert (given, given_body) == ({key: expected[key] for key in given}, expected_body)
    else:
        assert given == expected
