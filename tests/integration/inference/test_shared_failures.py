"""A PredictionException in a batch of real requests, and what the server's log says of it."""

import pytest

pytestmark = pytest.mark.integration

REFUSING = """
from ts.service import PredictionException

def handle(data, context):
    if data is None:
        return None
    if data[0]["body"] == b"alone":
        context.set_response_status(418, idx=0)
        return ["no tea"] + ["tea"] * (len(data) - 1)
    raise PredictionException("no tea", 418)
"""


def test_all_of_a_batch_are_refused_and_the_log_says_so_once(server, deploy):
    """As TorchServe does; what the log recommends refuses one request, and not its neighbour."""
    model = deploy(REFUSING, "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 2\nmaxBatchDelay: 60000\n")

    def ask(*bodies):
        return [answer.result() for answer in [model.send(body) for body in bodies]]

    for _ in range(2):
        for answer in ask("a", "b"):
            assert (answer.status_code, answer.json()["message"]) == (418, "no tea")
    pair = ask("alone", "alone")
    assert sorted((answer.status_code, answer.text) for answer in pair) == [(200, "tea"), (418, "no tea")]
    said = [line for line in server.console().splitlines() if f"Model {model.name}: a PredictionException" in line]
    assert len(said) == 1
    assert "all 2 requests" in said[0]
