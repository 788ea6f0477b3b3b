"""What the server says of a workflow's requests, against the client's own books; and where their time went."""

from collections import Counter

import pytest

from integration.scrape import read
from integration.server import wait_until
from integration.workflows.flow import Flow, spec_of

pytestmark = pytest.mark.integration

NODES = "servescope_workflow_node_seconds"
STAGES = "servescope_request_stage_seconds"
DURATION = "servescope_request_duration_seconds"
WAY = {"listener": "inference", "method": "POST", "path": "/wfpredict/{workflow_name}"}


def test_requests_are_counted_once(flow, server):
    """Each with its code, in the series of its workflow and of its port; each attempt in its model's."""
    made = flow({"same": ["left", "m"], "left": ["join"], "m": ["join"]}, m={"url": "upper.mar"})
    broken = flow({"same": ["fails"]}, retry_attempts=1)
    before = read(server, "servescope_http_requests_total").by("code", "servescope_http_requests_total", **WAY)
    answers = [one.result() for one in [made.send(str(number)) for number in range(40)]]
    answers += [one.result() for one in [broken.send("x") for _ in range(7)]]
    answers.append(server.http.post(server.url("inference", "/wfpredict/none"), content="x"))
    own = Counter(str(answer.status_code) for answer in answers)
    assert own == {"200": 40, "500": 7, "404": 1}
    after = read(server, "servescope_http_requests_total").by("code", "servescope_http_requests_total", **WAY)
    assert {code: after[code] - before.get(code, 0) for code in own} == own
    books = made.settled(40)
    requests = "servescope_requests_total"
    labels = {"model_name": made.name, "model_version": "workflow", "transport": "rest", "route": "workflow"}
    assert books.by("code", requests, **labels) == {"200": 40}
    assert broken.settled(7).by("code", requests, model_name=broken.name) == {"500": 7}
    for node in ("same", "left", "m", "join"):
        assert books.by("transport", requests, model_name=f"{made.name}__{node}") == {"workflow": 40}
        assert books.value("servescope_workflow_node_attempts_total", node=node, outcome="ok") == 40
    sent = sum(len(answer.content) for answer in answers[:40])
    assert books.value("servescope_response_bytes_sum", model_name=made.name) == sent


@pytest.mark.parametrize("timeout_ms", [60_000, 150])
def test_a_requests_time_is_its_nodes(flow, timeout_ms):
    """By node and by stage it adds up to its duration, retries and failures included."""
    made = flow(
        {"same": ["left", "held"], "left": ["join"], "held": ["join"], "join": ["flaky"]},
        retry_attempts=3,
        timeout_ms=timeout_ms,
    )
    answers = [made.hold(), *(made.send(word) for word in ("a", "b", "c"))]
    if timeout_ms > 1000:
        wait_until(lambda: made.pending("held") == 3)
        made.open()
    codes = [answer.result().status_code for answer in answers]
    made.open()
    books = made.settled(len(answers))
    assert books.by("code", "servescope_requests_total", model_name=made.name) == Counter(map(str, codes))
    whole = books.total(f"{DURATION}_sum", model_name=made.name)
    assert books.total(f"{NODES}_sum", model_name=made.name) == pytest.approx(whole, rel=1e-6)
    assert books.total(f"{STAGES}_sum", model_name=made.name) == pytest.approx(whole, rel=1e-6)


def test_the_slower_of_two_branches(flow):
    """What the answer waited for has the time; what ran beside it has none."""
    made = flow({"same": ["held", "left"], "held": ["join"], "left": ["join"]}, timeout_ms=60_000)
    answer = made.hold()
    wait_until(lambda: made.scrape().value("servescope_workflow_node_attempts_total", node="left", outcome="ok") == 1)
    made.open()
    assert answer.result().status_code == 200
    books = made.settled(1)
    counts = {node: books.value(f"{NODES}_count", node=node) for node in ("same", "held", "left", "join")}
    assert counts == {"same": 1, "held": 1, "left": 0, "join": 1}
    whole = books.total(f"{DURATION}_sum", model_name=made.name)
    assert sum(books.value(f"{NODES}_sum", node=node) for node in counts) == pytest.approx(whole, rel=1e-6)


def test_what_was_never_asked(launch):
    """Bodies that are too large are their workflow's too."""
    small = launch(max_request_size="1000")
    made = Flow(small)
    assert made.register(spec_of({"same": []})).status_code == 200
    assert made.ask("x" * 2000).status_code == 413
    books = made.settled(1)
    assert books.value("servescope_requests_total", model_name=made.name, code="413") == 1
    assert books.value("servescope_rejected_total", model_name=made.name, reason="too_large") == 1


@pytest.mark.parametrize("mode", ["off", "log"])
def test_other_metric_modes(launch, mode):
    """Where nothing is measured, and where TorchServe's lines are written, a workflow answers all the same."""
    server = launch(metrics_mode=mode)
    made = Flow(server)
    assert made.register(spec_of({"same": ["left", "fails"]}, retry_attempts=0)).status_code == 200
    assert made.ask().status_code == 500
    again = Flow(server)
    assert again.register(spec_of({"same": ["left"]})).status_code == 200
    assert again.ask("x").text == "left x"
    assert again.delete().status_code == 200


def test_after_its_end(flow):
    """Its last counts stay for a while; its gauges go."""
    made = flow({"same": []})
    made.ask()
    assert made.delete().status_code == 200
    books = made.scrape()
    assert books.value("servescope_requests_total", model_name=made.name, code="200") == 1
    assert books.matching("servescope_requests_in_flight", model_name=made.name) == []


def test_the_access_log(flow, server):
    """One line a request, and none for what its nodes are asked."""
    made = flow({"same": ["left"]})
    made.ask()

    def lines(part):
        return [
            line for line in (server.directory / "logs" / "access_log.log").read_text().splitlines() if part in line
        ]

    wait_until(lambda: lines(f'"POST /wfpredict/{made.name} HTTP/1.1" 200'))
    assert len(lines(f"/wfpredict/{made.name}")) == 1
    assert not lines(f"{made.name}__")
