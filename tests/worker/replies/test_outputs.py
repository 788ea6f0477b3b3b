"""What a handler returns becomes bytes as TorchServe makes them, or one of its three complaints."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Writing
from servescope.worker.replies.json_text import JsonText
from servescope.worker.replies.outputs import BadOutput, build_parts, build_pieces, encode_output
from servescope.worker.replies.refusal import Refusal
from worker.conftest import context_of

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner | st.text(), max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary())
def test_bytes_as_they_are(data):
    """Both kinds of them."""
    assert bytes(encode_output(data)) == bytes(encode_output(bytearray(data))) == data


def test_bytes_of_a_kind_of_their_own():
    """numpy's, and a user's, go out as bytes, which the wire knows."""
    numpy = pytest.importorskip("numpy")
    for value in (numpy.bytes_(b"hey"), type("Own", (bytes,), {})(b"hey"), type("Own", (bytearray,), {})(b"hey")):
        assert type(encode_output(value)) is bytes
        assert encode_output(value) == b"hey"


@given(st.text())
def test_text_as_utf_8(text):
    """A lone surrogate does not end the worker."""
    assert bytes(encode_output(text)) == text.encode("utf-8", "surrogatepass")


@given(JSON_VALUES)
def test_json_indented_by_two(value):
    """As json.dumps prints it, ASCII only."""
    data = bytes(encode_output(value))
    assert data == json.dumps(value, indent=2).encode()
    assert json.loads(data) == value


def test_tensors():
    """As torch.save writes them."""
    torch = pytest.importorskip("torch")
    tensor = torch.arange(3)
    assert torch.equal(torch.load(io.BytesIO(bytes(encode_output(tensor)))), tensor)


def test_arrays():
    """Are JSON, one a request, and so are the rows of one for all; a number alone is no list."""
    numpy = pytest.importorskip("numpy")
    assert json.loads(encode_output(numpy.arange(3))) == [0, 1, 2]
    parts, _ = build_parts(numpy.array([[1, 2], [3, 4]]), 2, context_of(({}, {})), 0)
    assert [json.loads(part.data) for part in parts] == [[1, 2], [3, 4]]
    with pytest.raises(BadOutput, match="mismatched"):
        build_parts(numpy.zeros(3), 2, context_of(({}, {})), 0)
    with pytest.raises(BadOutput, match="Invalid model predict output"):
        build_parts(numpy.float32(1), 1, context_of(), 0)


def test_a_refusal_in_an_answers_place():
    """Is that request's alone."""
    parts, _ = build_parts([Refusal(400, "why", mistake=True), "x"], 2, context_of(({}, {})), 0)
    assert (parts[0].status, parts[0].error, parts[0].mistake) == (400, "why", True)
    assert (parts[1].data, parts[1].error) == (b"x", "")


def test_nan_that_is_refused():
    """500 for its own request."""
    parts, _ = build_parts([float("nan"), 1.0], 2, context_of(({}, {})), 0, Writing("error"))
    assert (parts[0].status, "json_nan" in parts[0].error, parts[1].data) == (500, True, b"1.0")


@pytest.mark.parametrize(
    ("value", "typed"),
    [({"a": 1}, True), ([1], True), (5, True), (None, True), (JsonText("{}"), True), ("{}", False), (b"{}", False)],
)
def test_the_type_of_json(value, typed):
    """Is told where it is wanted, of what was made JSON here, and of no piece of a stream; a handler's own type stays."""
    for wanted in (True, False):
        context = context_of()
        (part,), _ = build_parts([value], 1, context, 0, Writing("keep", wanted))
        assert part.headers == ({"content-type": "application/json"} if typed and wanted else {})
    for header in ("content-type", "Content-Type"):
        context = context_of()
        context.set_response_header(0, header, "a/b")
        (part,), _ = build_parts([value], 1, context, 0, Writing("keep", True))
        assert part.headers == {header: "a/b"}
    (part,), _ = build_pieces([value], 1, context_of(), 0, Writing("keep", True))
    assert part.headers == {"ts_stream_next": "true"}


def _circle():
    circle = []
    circle.append(circle)
    return circle


def _depth():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize("make", [object, _circle, _depth, lambda: {(1, 2): 3}, lambda: {1, 2}, lambda: [b"bytes"]])
def test_what_json_cannot_say(make):
    """TorchServe's words."""
    with pytest.raises(BadOutput, match=r"^Unsupported model output data type.$"):
        encode_output(make())


@pytest.mark.parametrize("outputs", [None, "ab", ("a", "b"), {"a": 1, "b": 2}, iter(["a", "b"])])
def test_no_list(outputs):
    """Nothing else will do, whatever its length."""
    with pytest.raises(BadOutput, match=r"^Invalid model predict output$"):
        build_parts(outputs, 2, context_of([{}, {}]), 0)


@pytest.mark.parametrize("outputs", [[], ["a"], ["a", "b", "c"]])
def test_wrong_length(outputs):
    """One answer a request."""
    with pytest.raises(BadOutput, match=r"^number of batch response mismatched$"):
        build_parts(outputs, 2, context_of([{}, {}]), 0)


def test_status_and_headers_are_each_requests_own():
    """As the handler set them in the context; nothing is added."""
    context = context_of([{}, {}])
    context.set_response_status(404, "gone", 1)
    context.set_response_content_type(1, "text/html")
    parts, attachments = build_parts(["a", "b"], 2, context, 0)
    assert [(part.status, part.headers, bytes(part.data)) for part in parts] == [
        (200, {}, b"a"),
        (404, {"content-type": "text/html"}, b"b"),
    ]
    assert attachments == []


def test_large_bodies_travel_beside():
    """In order, their lengths in their places."""
    large, larger = b"x" * (INLINE_LIMIT + 1), "y" * (INLINE_LIMIT + 2)
    parts, attachments = build_parts([large, b"z" * INLINE_LIMIT, larger], 3, context_of([{}] * 3), 0)
    assert [part.data if isinstance(part.data, int) else None for part in parts] == [len(large), None, len(larger)]
    assert [bytes(one) for one in attachments] == [large, larger.encode()]


def test_an_answer_over_the_limit_costs_nobody_else(capsys):
    """Its neighbours' bodies are there, in their places beside the message too."""
    large = b"x" * (INLINE_LIMIT + 1)
    parts, attachments = build_parts(
        [large, b"y" * (INLINE_LIMIT + 3), b"z"], 3, context_of([{}] * 3), INLINE_LIMIT + 2
    )
    assert [part.data for part in parts] == [len(large), b"", b"z"]
    assert [part.error for part in parts] == ["", "an answer of 65539 bytes; max_response_size is 65538", ""]
    assert attachments == [large]
    assert "Request id1 gets no answer: an answer of 65539 bytes" in capsys.readouterr().err
