"""What a workflow answers: its nodes in order, forks and joins, rows and leaves, as TorchServe's (contract, section H)."""

import json

import pytest

pytestmark = pytest.mark.integration

UPPER = {"url": "upper.mar"}


def test_a_sequence(flow):
    """Functions and models one after the other, each with the answer before it as its body."""
    made = flow({"same": ["m"], "m": ["left"]}, m=UPPER)
    answer = made.ask("hello", X_Request_Id="mine")
    assert (answer.status_code, answer.text) == (200, "left HELLO")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"] == "mine"


def test_any_method_and_what_stands_behind_the_name(flow, server):
    """As in TorchServe, which looks at neither."""
    made = flow({"same": []})
    for method, path in (("PUT", ""), ("POST", "/1.0"), ("DELETE", "/a/b")):
        url = server.url("inference", f"/wfpredict/{made.name}{path}")
        assert server.http.request(method, url, content="x").text == "x"


def test_a_fork_and_a_join(flow):
    """A node with several before it gets their answers by their names."""
    made = flow({"same": ["left", "m"], "left": ["join"], "m": ["join"]}, m=UPPER)
    assert json.loads(made.ask("hi").text) == {"left": "left hi", "m": "HI"}


def test_a_way_past_a_node(flow):
    """A node waits for all that lead to it, however far they are."""
    made = flow({"same": ["left", "join"], "left": ["right"], "right": ["join"]})
    assert json.loads(made.ask("hi").text) == {"same": "hi", "right": "right left hi"}


def test_several_leaves(flow):
    """Their answers by their names, in the graph's order: JSON as it is, text as a string."""
    made = flow({"same": ["record", "left"]})
    answer = made.ask("hi")
    assert answer.text == '{\n  "record": {\n    "said": "hi"\n  },\n  "left": "left hi"\n}\n'
    assert answer.headers["content-type"] == "application/json"


def test_a_node_that_streams(flow):
    """The next one gets the whole of it, up to what may wait for a client."""
    made = flow({"same": ["stream"], "stream": ["left"]}, retry_attempts=0)
    assert made.ask("2").text == "left aaaaaaaaaaaab"
    assert made.failure(made.ask(str(6_000_000))) == (
        "Error executing stream: a streamed answer is larger than 33554432 bytes"
    )
    assert made.ask("1").text == "left aaaaaab"


def test_leaves_at_the_edge_of_json(flow):
    """NaN, lone surrogates and deep nesting are answered, and harm nobody else."""
    made = flow({"same": ["nan", "deep"]})
    answer = made.ask("x")
    assert answer.status_code == 200
    assert json.loads(answer.text)["nan"] == '{\n  "n": NaN\n}'
    assert made.ask("y").status_code == 200


def test_a_leaf_that_is_no_text(flow):
    """Alone it is the answer; beside others it has no place in JSON, and the error says which."""
    assert flow({"bytes_": []}).ask().content == b"\xff\xfe"
    made = flow({"same": ["bytes_", "left"]})
    assert made.failure(made.ask()).startswith(
        "Error executing bytes_: its answer, of 2 bytes, is neither JSON nor text"
    )


def test_the_rows_of_the_first_node(flow, server):
    """A form's fields by their names, as of any model."""
    made = flow({"join": []})
    url = server.url("inference", f"/wfpredict/{made.name}")
    assert json.loads(server.http.post(url, data={"a": "1", "b": "2"}).text) == {"a": "1", "b": "2"}


def test_large_bodies(flow):
    """What travels beside the messages reaches every node whole."""
    made = flow({"same": ["left", "right"], "left": ["join"], "right": ["join"]})
    text = "é" * 200_000
    assert json.loads(made.ask(text).text) == {"left": f"left {text}", "right": f"right {text}"}


def test_headers_and_ids(flow):
    """Every node sees the client's headers, and its request's id."""
    made = flow({"same": ["headers", "ids"]})
    answer = made.ask("x", X_Mine="yes", X_Request_Id="r-1").json()
    assert answer == {"headers": {"x-mine": "yes", "traceparent": None}, "ids": "r-1"}


def test_a_nodes_status_is_its_own(flow):
    """As in TorchServe: what a handler sets is neither the workflow's nor an error."""
    answer = flow({"same": ["teapot"], "teapot": ["left"]}).ask()
    assert (answer.status_code, answer.text) == (200, "left short and stout")


def test_unknown(server):
    """TorchServe's words."""
    answer = server.http.post(server.url("inference", "/wfpredict/none"), content="x")
    assert answer.status_code == 404
    assert answer.json() == {"code": 404, "type": "WorkflowNotFoundException", "message": "Workflow not found: none"}
    assert (
        server.http.post(server.url("inference", "/wfpredict"), content="x").json()["type"]
        == "ResourceNotFoundException"
    )
