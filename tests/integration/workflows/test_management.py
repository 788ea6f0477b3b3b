"""`/workflows`: register, list, describe, unregister; and what is refused leaves nothing behind."""

import json
import os
from pathlib import Path

import httpx
import pytest

from integration.server import Server, pack, wait_until
from integration.workflows.conftest import MODEL
from integration.workflows.flow import Flow, pack_war, spec_of
from servescope.archive.downloaded import publish_download

pytestmark = pytest.mark.integration

NOT_ALLOWED = "Requested method is not allowed, please refer to API document."


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server that has no workflows but those of this module's tests."""
    server = Server(tmp_path_factory.mktemp("workflows"), {"workflow_store": "flows", "max_workers_per_model": "4"})
    (server.directory / "flows").mkdir()
    pack(server.store / "upper.mar", "upper", MODEL)
    pack(server.store / "broken.mar", "broken", "raise RuntimeError('no such thing')\n")
    yield server
    server.end()


def war(server: Server, name: str, spec: str, **how: object) -> Path:
    return pack_war(server.directory / "flows" / f"{name}.war", name, spec, **how)


def left(server: Server) -> tuple[object, list[str], list[str]]:
    """What is registered, and the files of models and workflows."""
    workspaces = [path for path in server.directory.glob("servescope-*") if path.is_dir()]
    files = [
        sorted(os.listdir(path / kind))
        for path in workspaces
        for kind in ("models", "workflows")
        if (path / kind).exists()
    ]
    listed = [server.manage("GET", path).json() for path in ("/models", "/workflows")]
    return listed, files, sorted(os.listdir(server.directory / "flows"))


def refused(server: Server, url: str, **query: object) -> tuple[int, str, str]:
    """Status, type and message of a refused registration, which leaves nothing."""
    before = left(server)
    answer = server.manage("POST", "/workflows", url=url, **query)
    assert left(server) == before
    said = answer.json()
    assert said["code"] == answer.status_code
    return answer.status_code, said["type"], said["message"]


def test_none(own):
    """An empty list is a list."""
    answer = own.manage("GET", "/workflows")
    assert (answer.status_code, answer.text) == (200, '{\n  "workflows": []\n}\n')


def test_the_life_of_a_workflow(own):
    """TorchServe's words all along; its functions are models without archives, which the list of models leaves out."""
    war(
        own,
        "life",
        spec_of(
            {"same": ["m", "left"], "m": ["join"], "left": ["join"]},
            batch_size=2,
            m={"url": "upper.mar", "max-workers": 2},
        ),
    )
    assert own.manage("POST", "/workflows", url="life.war").json() == {
        "status": "Workflow life has been registered and scaled successfully."
    }
    assert own.manage("GET", "/workflows").json() == {
        "workflows": [{"workflowName": "life", "workflowUrl": "life.war"}]
    }
    assert own.manage("GET", "/workflows/life").json() == [
        {
            "workflowName": "life",
            "workflowUrl": "life.war",
            "minWorkers": 1,
            "maxWorkers": 1,
            "batchSize": 2,
            "maxBatchDelay": 50,
            "workflowDag": "{same=[m, left], m=[join], left=[join]}",
        }
    ]
    assert own.manage("GET", "/models").json() == {"models": [{"modelName": "life__m", "modelUrl": "upper.mar"}]}
    (model,) = own.manage("GET", "/models/life__m").json()
    assert (model["minWorkers"], model["maxWorkers"], model["batchSize"], model["maxBatchDelay"]) == (2, 2, 2, 50)
    (function,) = own.manage("GET", "/models/life__same").json()
    assert "modelUrl" not in function
    assert (function["maxWorkers"], function["batchSize"], function["maxBatchDelay"]) == (1, 1, 0)
    again = own.manage("POST", "/workflows", url="life.war")
    assert (again.status_code, again.json()["type"], again.json()["message"]) == (
        409,
        "ConflictStatusException",
        "Workflow life is already registered.",
    )
    assert own.manage("DELETE", "/workflows/life").json() == {"status": 'Workflow "life" unregistered'}
    assert own.manage("GET", "/models").json() == {"models": []}
    for method in ("GET", "DELETE"):
        gone = own.manage(method, "/workflows/life")
        assert (gone.status_code, gone.json()["type"], gone.json()["message"]) == (
            404,
            "WorkflowNotFoundException",
            "Workflow not found: life",
        )


def test_pages(own):
    """As those of models."""
    for name in ("p2", "p1"):
        war(own, name, spec_of({"same": []}))
        assert own.manage("POST", "/workflows", url=f"{name}.war").status_code == 200
    first = own.manage("GET", "/workflows", limit=1).json()
    assert first == {"nextPageToken": "1", "workflows": [{"workflowName": "p1", "workflowUrl": "p1.war"}]}
    second = own.manage("GET", "/workflows", limit=2, next_page_token=1).json()
    assert second == {"workflows": [{"workflowName": "p2", "workflowUrl": "p2.war"}]}
    for name in ("p2", "p1"):
        own.manage("DELETE", f"/workflows/{name}")


def test_another_name_and_json(own):
    """A workflow may have several registrations, each with models of its own."""
    war(own, "named", spec_of({"left": []}))
    url = own.url("management", "/workflows")
    assert own.http.post(url, json={"url": "named.war", "workflow_name": "one"}).status_code == 200
    assert own.manage("POST", "/workflows", url="named.war", workflow_name="two").status_code == 200
    assert Flow(own, "one").ask("x").text == Flow(own, "two").ask("x").text == "left x"
    for name in ("one", "two"):
        assert own.manage("DELETE", f"/workflows/{name}").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/workflows"), ("DELETE", "/workflows"), ("PUT", "/workflows/x"), ("POST", "/workflows/x")],
)
def test_no_such_call(own, method, path):
    """405, as in TorchServe."""
    answer = own.manage(method, path)
    assert (answer.status_code, answer.json()["message"]) == (405, NOT_ALLOWED)


SPEC = spec_of({"same": []})
REFUSED = {
    "no such archive": ({"url": "none.war"}, 404, "WorkflowNotFoundException", "Workflow not found in workflow store: none.war"),
    "a way out of the store": ({"url": "../x.war"}, 404, "WorkflowNotFoundException", "Relative path is not allowed in url"),
    "no url": ({}, 400, "BadRequestException", "Parameter url is required."),
    "a name that no path can say": (
        {"url": "w.war", "workflow_name": "a/b"}, 400, "BadRequestException", "Parameter workflow_name 'a/b'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_bad_registrations(own, case):
    """Named, with the value."""
    query, status, kind, text = REFUSED[case]
    war(own, "w", SPEC)
    answer = own.manage("POST", "/workflows", **query)
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert answer.json()["message"].startswith(text)


SPECS = {
    "a cycle": (spec_of({"same": ["left"], "left": ["right"], "right": ["left"]}), "Not a valid DAG: 'left' → 'right'"),
    "two roots": (spec_of({"same": ["join"], "left": ["join"]}), "DAG should have only one start node, and has 2: 'same', 'left'"),
    "a node that is no function": (spec_of({"same": ["a-b"]}), "the node 'a-b' is not under models, and no function"),
    "a name with a slash": (spec_of({"same": ["a/b"]}), "dag.same: the node 'a/b': slashes and backslashes"),
    "a model without an archive": (spec_of({"m": []}, m={}), "spec.yaml: models.m.url=None must be the archive of a model"),
    "wrong types": (spec_of({"same": []}, min_workers="many"), "spec.yaml: models.min-workers='many' must be a whole number"),
    "no YAML": ("models: [", "Failed to parse yaml. "),
    "no graph": ("models: {}", "spec.yaml: dag=None must be a mapping"),
    "more workers than there may be": (
        spec_of({"m": []}, m={"url": "upper.mar", "max-workers": 5}), "spec.yaml of bad.war: m: max-workers=5 must be at most 4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPECS)
def test_bad_specifications(own, case):
    """400, and the words say where; nothing is registered or kept."""
    spec, text = SPECS[case]
    war(own, "bad", spec)
    status, kind, said = refused(own, "bad.war")
    assert status == 400
    assert kind == ("InvalidDAGException" if "DAG" in text else "InvalidWorkflowException")
    assert text in said


def test_bad_archives(own):
    """400, and nothing is unpacked outside, or left."""
    store = own.directory / "flows"
    (store / "text.war").write_text("no zip")
    (store / "half.war").write_bytes(war(own, "bad", SPEC).read_bytes()[:-40])
    war(own, "climbs", SPEC, files={"../../evil.txt": "x"})
    war(own, "bare", SPEC, handler=None)
    for url, text in (
        ("text.war", "Archive text.war is corrupt: it is no zip file"),
        ("half.war", "Archive half.war is corrupt"),
        ("climbs.war", "'..' is not allowed"),
        ("bare.war", "the workflow has no handler with functions"),
    ):
        status, kind, said = refused(own, url)
        assert (status, kind) == (400, "InvalidWorkflowException")
        assert text in said
    assert not list(own.directory.rglob("evil.txt"))


def test_what_does_not_start(own):
    """One node's fault takes back all that has begun; TorchServe's words and the reason."""
    cases = {
        "nosuch": "Failed to start workers for model bad__nosuch version: 1.0: ",
        "broken": "Failed to start workers for model bad__broken version: 1.0: RuntimeError: no such thing",
        "absent": "Workflow Node bad__absent failed to register. Details: Model not found at: absent.mar",
    }
    for node, text in cases.items():
        models = {"broken": {"url": "broken.mar"}, "absent": {"url": "absent.mar"}}
        war(own, "bad", spec_of({"same": [node]}, **{name: entry for name, entry in models.items() if name == node}))
        status, kind, said = refused(own, "bad.war")
        assert (status, kind) == (500, "WorkflowException")
        assert said.startswith(f"Workflow bad has failed to register. Failures: [{text}")


def test_a_name_that_is_taken(own):
    """A model that has a node's name stays what it is; TorchServe unregisters it."""
    pack(own.store / "taken.mar", "bad__same", MODEL)
    assert own.register("taken.mar").status_code == 200
    war(own, "bad", spec_of({"left": ["same"]}))
    status, _, said = refused(own, "bad.war")
    assert (status, "Model version 1.0 is already registered for model bad__same" in said) == (500, True)
    assert own.http.post(own.url("inference", "/predictions/bad__same"), content="x").text == "X"
    assert own.manage("DELETE", "/models/bad__same").status_code == 200


def test_a_name_that_another_version_has(own):
    """It would be asked in the node's place: requests of a workflow find the default version."""
    pack(own.store / "taken.mar", "bad__same", MODEL, version="2.0")
    assert own.register("taken.mar").status_code == 200
    war(own, "bad", spec_of({"left": ["same"]}))
    status, kind, said = refused(own, "bad.war")
    assert (status, kind) == (500, "WorkflowException")
    assert "Model bad__same is already registered, with the default version 2.0" in said
    assert own.manage("DELETE", "/models/bad__same").status_code == 200
    assert own.manage("POST", "/workflows", url="bad.war").status_code == 200
    assert own.manage("DELETE", "/workflows/bad").status_code == 200


def test_a_version_that_is_a_workflows(own):
    """What a workflow is counted as can be no model's, whichever comes first."""
    pack(own.store / "v.mar", "counted", MODEL, version="workflow")
    war(own, "counted", SPEC)
    assert own.register("v.mar").status_code == 200
    status, kind, said = refused(own, "counted.war")
    assert (status, kind) == (409, "ConflictStatusException")
    assert said.startswith("Workflow counted is counted as version workflow of counted")
    own.manage("DELETE", "/models/counted")
    assert own.manage("POST", "/workflows", url="counted.war").status_code == 200
    assert own.manage("POST", "/workflows", url="counted.war").status_code == 409
    assert own.register("v.mar").status_code == 409
    own.manage("DELETE", "/workflows/counted")
    assert own.register("v.mar").status_code == 200
    own.manage("DELETE", "/models/counted")


def test_unregistering_finishes_what_is_under_way(own):
    """New requests find it no more; those that it has are answered, all their nodes."""
    war(own, "ends", spec_of({"held": ["left"]}, timeout_ms=60_000))
    assert own.manage("POST", "/workflows", url="ends.war").status_code == 200
    made = Flow(own, "ends")
    answer = made.hold()
    ending = own.threads.submit(made.delete)
    wait_until(lambda: own.manage("GET", "/workflows/ends").status_code == 404)
    assert made.ask().status_code == 404
    made.open()
    assert answer.result().text == "left held gate"
    assert ending.result().status_code == 200
    assert own.manage("GET", "/models").json() == {"models": []}


def test_what_does_not_end_in_time(launch):
    """Its requests are answered all the same, and the time is over once, not once for the workflow and again for its models."""
    server = launch(unregister_model_timeout="1")
    made = Flow(server)
    assert made.register(spec_of({"held": ["left"]}, timeout_ms=60_000, retry_attempts=3)).status_code == 200
    answer = made.hold()
    ending = server.threads.submit(made.delete)
    wait_until(lambda: server.manage("GET", f"/workflows/{made.name}").status_code == 404)
    (described,) = server.manage("GET", f"/models/{made.name}__held").json()
    assert "unloading" not in described
    ended = ending.result()
    assert (ended.status_code, ended.json()["message"]) == (408, f"Timed out while cleaning resources: {made.name}")
    assert made.failure(answer.result()).startswith("Error executing held")
    lines = [line for line in server.console().splitlines() if f"Model {made.name}__held unregistered" in line]
    assert [line.rpartition("in flight, in ")[2] for line in lines] == ["0 s at most"]
    assert made.settled(1).value("servescope_requests_total", model_name=made.name, code="500") == 1
    assert server.manage("GET", "/models").json() == {"models": []}


def test_a_model_takes_the_place_of_a_node(own):
    """A further version of a node's model serves it once it is the default, and outlives the workflow."""
    pack(
        own.store / "next.mar",
        "swap__m",
        'def handle(data, context):\n    return data and ["next"] * len(data)\n',
        version="2.0",
    )
    war(own, "swap", spec_of({"m": []}, m={"url": "upper.mar"}))
    assert own.manage("POST", "/workflows", url="swap.war").status_code == 200
    assert own.register("next.mar").status_code == 200
    made = Flow(own, "swap")
    assert made.ask("x").text == "X"
    assert own.manage("PUT", "/models/swap__m/2.0/set-default").status_code == 200
    assert made.ask("x").text == "next"
    assert own.manage("DELETE", "/workflows/swap").status_code == 200
    assert [model["modelVersion"] for model in own.manage("GET", "/models/swap__m/all").json()] == ["2.0"]
    assert own.manage("DELETE", "/models/swap__m").status_code == 200


def test_without_the_model_api(launch):
    """Nobody registers or unregisters; what is there is listed."""
    server = launch(enable_model_api="false")
    pack_war(server.store / "w.war", "w", SPEC)
    assert server.manage("POST", "/workflows", url="w.war").status_code == 405
    assert server.manage("GET", "/workflows").json() == {"workflows": []}


def test_tokens(tmp_path_factory):
    """The inference token for requests, the management token for the rest, as of models."""
    server = Server(tmp_path_factory.mktemp("tokens"), {"disable_token_authorization": "false"})
    try:
        keys = json.loads((server.directory / "key_file.json").read_text())
        bearer = {kind: {"authorization": f"Bearer {keys[kind]['key']}"} for kind in ("management", "inference")}
        pack_war(server.store / "w.war", "w", SPEC)
        calls = {
            "management": ("POST", server.url("management", "/workflows?url=w.war")),
            "inference": ("POST", server.url("inference", "/wfpredict/w")),
        }
        for kind, (method, url) in calls.items():
            other = bearer["inference" if kind == "management" else "management"]
            for headers in ({}, other):
                refusal = server.http.request(method, url, headers=headers, content="x")
                assert (refusal.status_code, refusal.json()["type"]) == (400, "InvalidKeyException")
            assert server.http.request(method, url, headers=bearer[kind], content="x").status_code == 200
    finally:
        server.end()


def test_a_caller_that_leaves(own):
    """What it began goes on to its end."""
    slow = "import pathlib, time\nwhile not pathlib.Path({go!r}).exists():\n    time.sleep(0.01)\n" + MODEL
    go = own.directory / "go"
    pack(own.store / "slow.mar", "slow", slow.format(go=str(go)))
    war(own, "left", spec_of({"m": []}, m={"url": "slow.mar"}))
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(own.url("management", "/workflows"), params={"url": "left.war"}, timeout=0.5)
    assert own.manage("GET", "/workflows/left").status_code == 404
    go.touch()
    wait_until(lambda: own.manage("GET", "/workflows/left").status_code == 200)
    assert Flow(own, "left").ask("x").text == "X"
    assert own.manage("DELETE", "/workflows/left").status_code == 200


def test_a_model_that_goes_while_others_load(own):
    """A workflow registers whole or not at all."""
    go = own.directory / "gone.go"
    slow = f"import pathlib, time\nwhile not pathlib.Path({str(go)!r}).exists():\n    time.sleep(0.01)\n" + MODEL
    pack(own.store / "slow.mar", "slow", slow)
    war(own, "gap", spec_of({"m": ["left"]}, m={"url": "slow.mar"}))
    registering = own.threads.submit(own.manage, "POST", "/workflows", url="gap.war")
    wait_until(lambda: own.manage("GET", "/models/gap__left").status_code == 200)
    assert own.manage("DELETE", "/models/gap__left").status_code == 200
    go.touch()
    answer = registering.result()
    assert (answer.status_code, answer.json()["type"]) == (500, "WorkflowException")
    assert answer.json()["message"] == (
        "Workflow gap has failed to register. Failures: [Workflow Node gap__left was unregistered meanwhile]"
    )
    assert own.manage("GET", "/models").json() == {"models": []}
    assert own.manage("GET", "/workflows").json() == {"workflows": []}


def test_downloads(tmp_path):
    """They come into the workflow store, and go with their workflow, with the server, or at the next start."""
    store = tmp_path / "server" / "flows"
    store.mkdir(parents=True)
    (tmp_path / "part").write_text("x")
    publish_download(tmp_path / "part", store / "abandoned.war")
    away = pack_war(tmp_path / "away.war", "away", SPEC)
    server = Server(store.parent, {"workflow_store": "flows"})
    try:
        assert os.listdir(store) == []
        for name in ("one", "two"):
            answer = server.manage("POST", "/workflows", url=f"file://{away}", workflow_name=name)
            assert answer.status_code == 200, answer.text
        assert "away.war" in os.listdir(store)
        assert server.manage("DELETE", "/workflows/one").status_code == 200
        assert Flow(server, "two").ask("x").text == "x"
    finally:
        server.end()
    assert os.listdir(store) == []
    assert away.exists()


def test_a_server_that_stops(launch):
    """What is under way is answered, all its nodes, before the workers end; new requests are told so."""
    server = launch()
    made = Flow(server)
    assert made.register(spec_of({"held": ["left"]}, timeout_ms=60_000)).status_code == 200
    answer = made.hold()
    server.process.terminate()
    wait_until(lambda: server.ping() == 500)
    assert made.ask().status_code == 503
    assert server.manage("POST", "/workflows", url=f"{made.name}.war", workflow_name="x").status_code == 503
    made.open()
    assert answer.result().text == "left held gate"
    assert server.process.wait(30) == 0
    assert not list(server.directory.glob("servescope-*"))
