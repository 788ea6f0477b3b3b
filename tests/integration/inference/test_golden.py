"""The answers that were recorded off a TorchServe 0.12.0, asked again in the same order.

`tests/golden` has the archives' handlers, the cases, the answers and the program that compares them.
"""

import json

import pytest

from golden import GOLDEN
from golden.make_archives import pack
from golden.replay import ask
from integration.server import Server, wait_until

pytestmark = pytest.mark.integration

CASES = json.loads((GOLDEN / "cases.json").read_text())
EXPECTED = json.loads((GOLDEN / "answers.json").read_text())
HANDLERS = sorted((GOLDEN / "handlers").glob("*.py"))
SETTINGS = {
    "metrics_mode": "prometheus",
    "model_metrics_auto_detect": "true",
    "default_workers_per_model": "1",
    "load_models": ",".join(f"{handler.stem}.mar" for handler in HANDLERS),
    "disable_system_metrics": "false",
}
# Two versions of noop were unregistered before; TorchServe shows for good how long their workers took to load.
GONE = {f'WorkerLoadTime{{WorkerName="W-{number}-noop_1.0",Level="Host",Hostname="H",}} N' for number in (9003, 9007)}
PORTS = {8080: "inference", 8081: "management", 8082: "metrics"}


def settled(server):
    """Whether every worker of every model is there. The recording waited some seconds for one that had died instead."""
    names = [model["modelName"] for model in server.manage("GET", "/models").json()["models"]]
    described = [version for name in names for version in server.manage("GET", f"/models/{name}/all").json()]
    return all(
        len(model["workers"]) >= model["minWorkers"] and all(worker["status"] == "READY" for worker in model["workers"])
        for model in described
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Every case's answer, by its id."""
    directory = tmp_path_factory.mktemp("golden")
    store = directory / "store"
    store.mkdir()
    for handler in HANDLERS:
        pack(handler, store)
    pack(GOLDEN / "handlers" / "noop.py", store, "2.0")
    server = Server(directory, SETTINGS)
    try:
        given = {}
        wait_until(lambda: settled(server))
        for case in CASES:
            if "wait" in case:
                wait_until(lambda: settled(server))
            given[case["id"]] = ask(case | {"port": server.ports[PORTS[case["port"]]], "wait": 0})
        return given
    finally:
        server.end()


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_as_recorded(case, answers):
    """Status, the contract's headers and the body, but for what differs from run to run."""
    want, got = EXPECTED[case["id"]], dict(answers[case["id"]])
    if case.get("lines") == "at least":  # more families than recorded are welcome
        wanted = set(want["body"].splitlines()) - GONE
        want = want | {"body": "\n".join(sorted(wanted))}
        got["body"] = "\n".join(sorted(wanted & set(got["body"].splitlines())))
    assert got == want
