"""Every door to a model leads to the same counts: all paths, methods and kinds of bodies, one connection or many."""

import socket

import pytest

from integration.net_server import NOOP
from integration.server import wait_until
from truth.client import Ask, load
from truth.comparison import REQUESTS, assert_same_counts, at_rest, counted, of_model
from truth.handlers import WORK

pytestmark = pytest.mark.integration

# Answers whatever it is sent, as a text.
FORM = "multipart/form-data; boundary=b"


def test_every_path(truth_server, model_of):
    """Predictions and explanations in all their spellings, by route."""
    model = model_of(code=NOOP)
    predictions = [
        model.path,
        f"{model.path}/1.0",
        f"{model.path}/1.0/with/a/path",
        f"/models/{model.name}/invoke",
        f"/invocations?model_name={model.name}",
        f"/{model.name}/predict",
        f"/v1/models/{model.name}:predict",
        f"/v2/models/{model.name}/infer",
    ]
    explanations = [
        f"/explanations/{model.name}",
        f"/v1/models/{model.name}:explain",
        f"/v2/models/{model.name}/explain",
    ]
    asks = [Ask(path, b"{}", content_type="application/json") for path in (*predictions, *explanations)]
    books = load(truth_server.ports["inference"], asks)
    now = at_rest(truth_server, model)
    assert books.codes() == {"200": len(asks)}
    assert now.by("route", REQUESTS) == {"predict": len(predictions), "explain": len(explanations)}
    assert_same_counts(now, model, books)


def test_bodies_that_cannot_be_read(truth_server, model_of):
    """400 for a form that is broken: a request of its model like any other, and in flight no more."""
    model = model_of(code=NOOP)
    asks = [Ask(model.path, b"--b\r\n: broken\r\n\r\n", content_type=FORM)] * 3 + [Ask(model.path, b"fine")]
    books = load(truth_server.ports["inference"], asks)
    assert books.codes() == {"400": 3, "200": 1}
    assert_same_counts(at_rest(truth_server, model), model, books)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD"])
def test_other_methods(truth_server, model_of, method):
    """They predict as well; the bytes of an answer are those that were sent, none for HEAD."""
    model = model_of(code=NOOP)
    books = load(truth_server.ports["inference"], [Ask(model.path, b"x", method=method)] * 3)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    own = sum(len(entry.body) for entry in books.entries)
    assert now.value("servescope_response_bytes_sum", model_name=model.name) == own


def test_a_description_is_no_request(truth_server, model_of):
    """OPTIONS describes the model and counts as no request of it."""
    model = model_of(code=NOOP)
    books = load(truth_server.ports["inference"], [Ask(model.path, method="OPTIONS")] * 2)
    assert books.codes() == {"200": 2}
    assert counted(at_rest(truth_server, model), model) == {}


def request(model, body):
    return b"POST %b HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%b" % (model.path.encode(), len(body), body)


def test_pipelined_requests(truth_server, model_of):
    """Three in one write: three answers, three counts."""
    model = model_of(code=WORK)
    with socket.create_connection(("127.0.0.1", truth_server.ports["inference"]), timeout=30) as client:
        client.sendall(request(model, b"size 1") * 3)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 3 or not answers.endswith(b"\r\n\r\nx"):
            answers += client.recv(4096)
    assert counted(at_rest(truth_server, model), model) == {"200": 3}


def test_pipelined_requests_of_a_client_that_hangs_up(truth_server, model_of):
    """Four in one write, and the client goes while the first is handled: each is counted, as given up or as answered in vain, since
    the server reads no further, and sees no end, while requests wait.
    """
    model = model_of(code=WORK)
    with socket.create_connection(("127.0.0.1", truth_server.ports["inference"]), timeout=30) as client:
        client.sendall(request(model, b"gate held") + request(model, b"size 1") * 3)
        wait_until((model.notes / "held.began").exists)
    model.open("held")
    wait_until(lambda: sum(counted(of_model(truth_server, model), model).values()) == 4, "four to be counted")
    said = counted(at_rest(truth_server, model), model)
    assert set(said) <= {"200", "499"}
    assert sum(said.values()) == 4
