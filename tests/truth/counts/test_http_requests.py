"""servescope_http_requests_total: everything that came in on the three ports, by the route's template and never the raw path."""

import socket

import pytest

from integration.scrape import read
from truth.client import Ask, load
from truth.comparison import REJECTED, REQUESTS, assert_same_counts, at_rest, counted
from truth.conftest import BODY_LIMIT, amount

pytestmark = pytest.mark.integration

HTTP = "servescope_http_requests_total"


def grown(before, after, label, **labels):
    """What came in between two readings, by a label."""
    first, last = before.by(label, HTTP, **labels), after.by(label, HTTP, **labels)
    return {key: value - first.get(key, 0) for key, value in last.items() if value != first.get(key, 0)}


def test_everything_on_the_inference_port(truth_server, model_of):
    """A registered model, an unknown one, an unknown version, a path without a route: by code, exactly as the client counted."""
    model = model_of()
    first = read(truth_server, HTTP)
    asks = [
        *[Ask(model.path)] * amount(20),
        *[Ask(model.path, b"code 418")] * 3,
        *[Ask(f"/predictions/unknown-{number}") for number in range(30)],
        *[Ask(f"{model.path}/9.9")] * 2,
        *[Ask(f"/no/such/route/{number}") for number in range(30)],
        *[Ask("/ping", method="GET")] * 4,
    ]
    books = load(truth_server.ports["inference"], asks, clients=4)
    now = read(truth_server, HTTP, REQUESTS)
    assert grown(first, now, "code", listener="inference") == books.codes()
    assert grown(first, now, "method", listener="inference") == {"POST": len(asks) - 4, "GET": 4}
    assert counted(now, model) == {"200": amount(20), "418": 3}
    paths = {labels["path"] for labels, _ in now.matching(HTTP)}
    assert not any("unknown-" in path or "/no/such" in path or model.name in path for path in paths), paths
    assert grown(first, now, "path", listener="inference")["other"] == 30
    names = {labels["model_name"] for labels, _ in now.matching(REQUESTS)}
    assert not any(name.startswith("unknown-") for name in names), names


def test_the_other_ports(truth_server):
    """Management and metrics requests, each on its own listener; a scrape shows those before it."""
    first = read(truth_server, HTTP)
    for _ in range(3):
        truth_server.manage("GET", "/models")
    truth_server.manage("GET", "/models/nobody")
    now = read(truth_server, HTTP)
    assert grown(first, now, "code", listener="management") == {"200": 3, "404": 1}
    assert grown(first, now, "code", listener="metrics") == {"200": 1}


def test_bodies_that_are_too_large(truth_server, model_of):
    """413 without a body: the model's own counts have them too, and the reason of their refusal."""
    model = model_of()
    first = read(truth_server, HTTP)
    books = load(truth_server.ports["inference"], [Ask(model.path, b"x" * (BODY_LIMIT + 1))] * 5, clients=2)
    again = load(truth_server.ports["inference"], [Ask(model.path)])
    now = at_rest(truth_server, model)
    assert (books.codes(), again.codes()) == ({"413": 5}, {"200": 1})
    assert grown(first, read(truth_server, HTTP), "code", listener="inference") == {"413": 5, "200": 1}
    assert_same_counts(now, model, books, again)
    assert now.by("reason", REJECTED, model_name=model.name) == {"too_large": 5}


@pytest.mark.parametrize(
    "words", [b"what is this\r\n\r\n", b"POST / HTTP/1.1\r\nno colon here\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n"]
)
def test_what_is_no_http(truth_server, words):
    """400, counted as malformed, once a connection."""
    first = read(truth_server, HTTP)
    with socket.create_connection(("127.0.0.1", truth_server.ports["inference"]), timeout=30) as client:
        client.sendall(words)
        answer = b""
        while piece := client.recv(4096):
            answer += piece
    assert answer.startswith(b"HTTP/1.1 400 ")
    now = read(truth_server, HTTP)
    assert grown(first, now, "path", listener="inference", code="400") == {"malformed": 1}
