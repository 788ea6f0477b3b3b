"""How a body becomes the handler's row: JSON, text, bytes, forms of both kinds, and none (contract, section A, "Request → row")."""

import pytest

from integration.net_server import PROBE, error, fields, predict, serving

pytestmark = pytest.mark.integration

URLENCODED = "application/x-www-form-urlencoded"
EDGE = "multipart/form-data; boundary=EDGE"


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    """A server with one model."""
    with serving(tmp_path_factory.mktemp("bodies"), models={"probe": PROBE}) as server:
        yield server


def sent(net, content_type, body, path="/predictions/probe", method="POST"):
    """The row that a body of a type became."""
    return fields(predict(net, path, body, method, content_type=content_type))


def multipart(*parts):
    """A body of parts: each the header lines, and the content."""
    return b"".join(f"--EDGE\r\n{head}\r\n\r\n{text}\r\n".encode() for head, text in parts) + b"--EDGE--\r\n"


def text_part(name, value):
    return f'Content-Disposition: form-data; name="{name}"', value


def file_part(name, content_type, value):
    return f'Content-Disposition: form-data; name="{name}"; filename="f.bin"\r\nContent-Type: {content_type}', value


@pytest.mark.parametrize(
    ("content_type", "body", "value"),
    [
        ("application/json", b'{"a": [1]}', ["dict", {"a": [1]}]),
        ("application/json;", b'{"a": 1}', ["dict", {"a": 1}]),
        ("application/json; charset=utf-8", b"3.5", ["float", 3.5]),
        ("application/json", b'{"a":', ["bytearray", '{"a":']),
        ("application/json", b"", ["bytearray", ""]),
        ("application/problem+json", b"{}", ["bytearray", "{}"]),
        ("text/plain", b"a", ["str", "a"]),
        ("text/plain; charset=utf-8", "ä".encode(), ["str", "ä"]),
        ("text/csv", b"a,b", ["str", "a,b"]),
        ("textual", b"a", ["str", "a"]),
        ("text/plain", b"", ["str", ""]),
        ("application/octet-stream", b"raw", ["bytearray", "raw"]),
        ("nonsense", b"raw", ["bytearray", "raw"]),
        ("", b"raw", ["bytearray", "raw"]),
    ],
)
def test_a_raw_body(net, content_type, body, value):
    """Decoded by its type; what cannot be decoded stays as it came, and is no error."""
    assert sent(net, content_type, body) == {"body": value}


def test_no_body(net):
    """A GET's row has an empty body; so has a POST of nothing."""
    assert fields(predict(net, "/predictions/probe", method="GET")) == {"body": ["bytearray", ""]}
    assert fields(predict(net, "/predictions/probe")) == {"body": ["bytearray", ""]}
    assert sent(net, "text/plain", b"in a get", method="GET") == {"body": ["str", "in a get"]}


@pytest.mark.parametrize(
    ("body", "row"),
    [
        (b"a=1&b=2", {"a": "1", "b": "2"}),
        (b"a=1&a=2", {"a": "2"}),
        (b"a=b=c", {"a": "b=c"}),
        (b"a=", {"a": ""}),
        (b"a=%C3%A4+b&%C3%B6=1%2B1", {"a": "ä b", "ö": "1+1"}),
        (b"", {}),
    ],
)
def test_an_urlencoded_form(net, body, row):
    """Names and values are decoded; values are bytes; of a repeated name the last wins."""
    expected = {name: ["bytearray", value] for name, value in row.items()}
    assert sent(net, URLENCODED, body) == expected
    assert sent(net, URLENCODED + "; charset=utf-8", body, method="PUT") == expected


@pytest.mark.parametrize(
    "body", [b'{"text":"hi"}', b'{"q": "a=b"}', b"[1, 2]", b"no form at all", b'<a b="c"/>', b"k = 1\nl = 2\n"]
)
def test_a_body_that_says_form_and_is_none(net, body):
    """As curl says of every body: it reaches the handler as it came."""
    for content_type in (URLENCODED, EDGE):
        assert sent(net, content_type, body) == {"body": ["bytearray", body.decode()]}


def test_the_log_tells_once(net):
    """Of bodies that are no forms, and of fields that come more than once."""
    for _ in range(2):
        sent(net, URLENCODED, b"{}")
        sent(net, URLENCODED, b"a=1&a=2")
    lines = (net.directory / "logs" / "ts_log.log").read_text().splitlines()
    assert sum("and is none" in line for line in lines) == 1
    assert sum("more than once" in line for line in lines) == 1


def test_a_query_is_a_header(net):
    """It adds no field to the row, and reaches the handler whole."""
    answer = predict(net, "/predictions/probe?a=b%20c&a=2", b"x", content_type="text/plain")
    assert fields(answer) == {"body": ["str", "x"]}
    assert answer.json()["headers"]["x-query-string"] == "a=b%20c&a=2"
    assert "x-query-string" not in predict(net, "/predictions/probe", b"x").json()["headers"]


@pytest.mark.parametrize(
    ("parts", "row"),
    [
        ([text_part("a", "1"), text_part("b", "2")], {"a": ["bytearray", "1"], "b": ["bytearray", "2"]}),
        ([text_part("a", "1"), text_part("a", "2")], {"a": ["bytearray", "2"]}),
        ([file_part("a", "text/plain", "1"), text_part("a", "2")], {"a": ["bytearray", "2"]}),
        ([text_part("a", "1"), file_part("a", "text/plain", "2")], {"a": ["str", "2"]}),
        ([file_part("a", "application/json", '{"x": 1}')], {"a": ["dict", {"x": 1}]}),
        ([file_part("a", "application/json; charset=utf-8", "[1]")], {"a": ["list", [1]]}),
        ([file_part("a", "text/plain; charset=utf-8", "ä")], {"a": ["str", "ä"]}),
        ([file_part("a", "image/png", "PNG")], {"a": ["bytearray", "PNG"]}),
        ([file_part("a", "text/plain", "")], {"a": ["str", ""]}),
        ([text_part("body", "1")], {"body": ["bytearray", "1"]}),
        ([], {}),
    ],
)
def test_a_multipart_form(net, parts, row):
    """Text fields are bytes; files are decoded by their own type."""
    assert sent(net, EDGE, multipart(*parts)) == row


def test_a_quoted_boundary(net):
    """As some clients write it."""
    body = multipart(text_part("a", "1"))
    assert sent(net, 'multipart/form-data; boundary="EDGE"', body) == {"a": ["bytearray", "1"]}


def test_each_field_has_its_type_among_the_headers(net):
    """An entry for each key of the row: text fields have no type."""
    body = multipart(text_part("a", "1"), file_part("b", "image/png", "PNG"))
    headers = predict(net, "/predictions/probe", body, content_type=EDGE).json()["headers"]
    assert headers["a"] == {"content-type": ""}
    assert headers["b"] == {"content-type": "image/png"}


def test_invocations_find_the_model_in_three_ways(net):
    """A parameter; the only model that was loaded at the start; and beside the form's other fields."""
    assert sent(net, "text/plain", b"x", "/invocations?model_name=probe")["model_name"] == ["bytearray", "probe"]
    assert sent(net, "text/plain", b"x", "/invocations") == {"body": ["str", "x"]}
    row = {"model_name": ["bytearray", "probe"], "z": ["bytearray", "1"]}
    assert sent(net, URLENCODED, b"model_name=probe&z=1", "/invocations") == row
    assert sent(net, EDGE, multipart(text_part("model_name", "probe"), text_part("z", "1")), "/invocations") == row


def test_a_form_beside_a_query(net):
    """On the routes where the query gives fields, the form's win."""
    row = {"a": ["bytearray", "form"], "b": ["bytearray", "query"]}
    assert sent(net, URLENCODED, b"a=form", "/probe/predict?a=query&b=query") == row
    assert sent(net, EDGE, multipart(text_part("a", "form")), "/models/probe/invoke?a=query&b=query") == row


def test_a_broken_form(net):
    """400 that says so, and the worker is none the worse."""
    body = b"--EDGE\r\nContent-Disposition: form-data\r\n\r\n1\r\n--EDGE--\r\n"
    status, type_name, message = error(predict(net, "/predictions/probe", body, content_type=EDGE))
    assert (status, type_name) == (400, "BadRequestException")
    assert "multipart/form-data" in message
    assert sent(net, "text/plain", b"x") == {"body": ["str", "x"]}


def test_a_large_field(net):
    """More than travels inside the message, beside a small one."""
    body = multipart(file_part("big", "text/plain", "x" * 300_000), text_part("small", "1"))
    row = sent(net, EDGE, body)
    assert (row["big"][0], len(row["big"][1]), row["small"]) == ("str", 300_000, ["bytearray", "1"])


def test_a_chunked_body(net):
    """The same as one with a length."""
    answer = net.http.post(
        net.url("inference", "/predictions/probe"),
        content=iter([b"in ", b"pieces"]),
        headers={"content-type": "text/plain"},
    )
    assert fields(answer) == {"body": ["str", "in pieces"]}
