"""Requests become rows as TorchServe makes them: JSON, text or a bytearray by MIME type, and never an error."""

import json

from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.messages import Field, Request
from servescope.worker.requests.rows import Bodies, bodies_of, decode_value, read_requests

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def rows_of(*fields, attachments=b"", decode=True, extra=None):
    rows, _ = read_requests([Request("r", [], extra or {}, list(fields))], Bodies(bytearray(attachments)), decode)
    return rows[0]


@given(JSON_VALUES)
def test_json(value):
    """Whatever JSON says, from bytes and from an attachment alike."""
    data = json.dumps(value).encode()
    assert decode_value("application/json", data) == decode_value("application/json", bytearray(data)) == value


@given(st.text())
def test_text(text):
    """Every type that begins with text."""
    for kind in ("text/plain", "text/csv; header=present", "text"):
        assert decode_value(kind, text.encode("utf-8", "surrogatepass")) in (
            text,
            bytearray(text.encode("utf-8", "surrogatepass")),
        )
        if text.isascii():
            assert decode_value(kind, text.encode()) == text


@given(
    st.binary(),
    st.sampled_from(["", "application/json", "text/plain", "image/png", "application/JSON", "application/jsonx"]),
)
def test_nothing_is_refused(data, kind):
    """What cannot be decoded comes as it is, and always as a bytearray that the handler may change."""
    value = decode_value(kind, data)
    if kind not in ("application/json", "text/plain"):
        assert isinstance(value, bytearray)
    if isinstance(value, bytearray):
        assert value == data


def test_what_cannot_be_decoded(capsys):
    """A warning in the model log, and the bytes."""
    assert decode_value("application/json", b"{") == bytearray(b"{")
    assert decode_value("text/plain", b"\xff") == bytearray(b"\xff")
    deep = b"[" * 100_000
    assert decode_value("application/json", deep) == deep
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_rows_and_headers():
    """A key a field; each field's type is a header of its name, and the server's own headers win over it."""
    fields = [Field("a", "application/json", b"[1]"), Field("b", "", b"x"), Field("explain", "text/plain", b"y")]
    requests = [Request("one", [(b"X-A", b"1")], {"explain": "False"}, fields), Request("two", [], {}, [])]
    rows, processors = read_requests(requests, Bodies(bytearray()), True)
    assert rows == [{"a": [1], "b": bytearray(b"x"), "explain": "y"}, {}]
    one, two = processors
    assert one.get_request_property("a") == {"content-type": "application/json"}
    assert one.get_request_property("b") == {"content-type": ""}
    assert (one.get_request_property("explain"), one.get_request_property("x-a")) == ("False", "1")
    assert two.get_request_property("a") is None
    assert one.get_request_property("B") == {"content-type": ""}
    assert dict(one.get_request_properties()) == {
        "X-A": "1",
        "a": {"content-type": "application/json"},
        "b": {"content-type": ""},
        "explain": "False",
    }


def test_a_field_passes_for_nothing_that_the_server_says():
    """Whoever asks first, and whatever it is called."""
    fields = [Field("explain", "text/plain", b"y"), Field("other", "", b"z")]
    for first in ("get_request_properties", "wire_headers", "said_by_server"):
        _, (one,) = read_requests([Request("one", [], {"explain": "False"}, fields)], bodies_of(bytearray()), True)
        asked = getattr(one, first)
        if callable(asked):
            asked(*(["explain"] if first == "said_by_server" else []))
        assert one.said_by_server("explain") == "False"
        assert one.get_request_property("explain") == "False"


def test_undecoded():
    """decode_input_request=false: bytearrays only."""
    assert rows_of(Field("a", "application/json", b"[1]"), decode=False) == {"a": bytearray(b"[1]")}


def test_the_last_of_a_repeated_field():
    """Wins, and each takes its own attachment."""
    row = rows_of(Field("a", "", 2), Field("a", "", 3), Field("b", "", 1), attachments=b"112223")
    assert row == {"a": bytearray(b"222"), "b": bytearray(b"3")}


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=6))
def test_attachments_in_order(bodies):
    """Over all requests of the batch; two rows never share memory."""
    requests = [Request(str(number), [], {}, [Field("body", "", len(body))]) for number, body in enumerate(bodies)]
    rows, _ = read_requests(requests, Bodies(bytearray(b"".join(bodies))), True)
    assert [bytes(row["body"]) for row in rows] == bodies
    for row in rows:
        row["body"].extend(b"grown")
    assert [bytes(row["body"]) for row in rows] == [body + b"grown" for body in bodies]


def test_a_lone_attachment_is_not_copied():
    """A large picture is read once."""
    body = bytearray(b"x" * 100)
    assert Bodies(body).take(100) is body
