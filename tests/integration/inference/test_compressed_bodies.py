"""Compressed requests to a real server: what handlers see of them, what is refused, and how it is switched off."""

import gzip
import json
import zlib

import pytest

from integration.net_server import PROBE, error, fields, predict, serving

pytestmark = pytest.mark.integration

LIMIT = 300_000
TEXT = b'{"text": "hi"}'


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with one model and a small limit."""
    with serving(tmp_path_factory.mktemp("compressed"), {"max_request_size": str(LIMIT)}, {"probe": PROBE}) as server:
        yield server


def sent(net, body, encoding, content_type="application/json", path="/predictions/probe"):
    """The answer to a body in an encoding."""
    return predict(net, path, body, content_encoding=encoding, content_type=content_type)


@pytest.mark.parametrize(("encoding", "encode"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_decoded(net, encoding, encode):
    """The row and the headers are those of the body before."""
    answer = sent(net, encode(TEXT), encoding)
    assert fields(answer) == {"body": ["dict", {"text": "hi"}]}
    headers = {name.lower(): value for name, value in answer.json()["headers"].items()}
    assert "content-encoding" not in headers
    assert headers["content-length"] == str(len(TEXT))


def test_forms_and_pieces(net):
    """A form is taken apart after it is decoded; a body in chunks comes whole."""
    form = sent(net, gzip.compress(b"a=1&b=2"), "gzip", "application/x-www-form-urlencoded")
    assert set(fields(form)) == {"a", "b"}
    answer = net.http.post(
        net.url("inference", "/predictions/probe"),
        content=iter([gzip.compress(b"in ")[:7], gzip.compress(b"in ")[7:], gzip.compress(b"pieces")]),
        headers={"content-type": "text/plain", "content-encoding": "gzip"},
    )
    assert fields(answer) == {"body": ["str", "in pieces"]}


def test_a_large_body(net):
    """Up to the limit, in slices; over it 413 with the limit, and counted as the model's."""
    just = sent(net, gzip.compress(b"x" * LIMIT), "gzip", "text/plain")
    assert len(fields(just)["body"][1]) == LIMIT
    before = net.metrics("servescope_rejected_total", model_name="probe", reason="too_large") or 0
    for size in (LIMIT + 1, 50_000_000):
        status, _, message = error(sent(net, gzip.compress(b"x" * size), "gzip", "text/plain"))
        assert (status, str(LIMIT) in message, "gzip" in message) == (413, True, True)
    after = net.metrics("servescope_rejected_total", model_name="probe", reason="too_large")
    assert after == before + 2


@pytest.mark.parametrize(
    ("encoding", "body", "status", "words"),
    [
        ("br", TEXT, 415, "'br'"),
        ("gzip, zstd", TEXT, 415, "'zstd'"),
        ("gzip", TEXT, 400, "Content-Encoding (gzip)"),
        ("deflate", gzip.compress(TEXT), 400, "Content-Encoding (deflate)"),
        ("gzip", gzip.compress(TEXT)[:-3], 400, "cut short"),
    ],
)
def test_refused(net, encoding, body, status, words):
    """With the encoding, and those that would do; the connection and the worker go on."""
    answer = sent(net, body, encoding)
    said, _, message = error(answer)
    assert (said, words in message) == (status, True)
    assert (answer.headers.get("accept-encoding") == "gzip, deflate") == (status == 415)
    assert fields(sent(net, gzip.compress(TEXT), "gzip"))


def test_the_management_api(net):
    """Reads them too."""
    body = gzip.compress(json.dumps({"url": "none.mar"}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = net.http.post(net.url("management", "/models"), content=body, headers=headers)
    assert error(answer)[0] == 404
    assert "none.mar" in answer.text


def test_no_body(net):
    """There was nothing to encode."""
    answer = net.http.get(net.url("inference", "/predictions/probe"), headers={"content-encoding": "br"})
    assert fields(answer) == {"body": ["bytearray", ""]}


def test_switched_off(tmp_path):
    """Handlers get what came, whatever the encoding, and its header."""
    with serving(tmp_path / "off", {"decompress_requests": "false"}, {"probe": SIZES}) as server:
        for encoding, body in (("gzip", gzip.compress(TEXT)), ("br", b"anything")):
            answer = predict(server, "/predictions/probe", body, content_encoding=encoding)
            assert answer.json() == [encoding, body.hex()]


SIZES = """
def handle(data, context):
    if data is None:
        return None
    return [[context.get_request_header(0, "content-encoding"), bytes(data[0]["body"]).hex()]]
"""
