"""One answer fits its reply, or its request is told what is wrong with it."""

import http

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.frames import encode
from servescope.worker.replies.answer import Room, answer_of
from worker.conftest import context_of


def answered(data=b"ok", *, limit=0, status=200, headers=(), room=None):
    context = context_of()
    context.request_processor[0].status = status
    context.request_processor[0].response_headers.update(headers)
    return answer_of(context, 0, data, limit, room or Room())


@pytest.mark.parametrize(("size", "limit", "fits"), [(10, 10, True), (11, 10, False), (0, 1, True), (11, 0, True)])
def test_the_body(size, limit, fits):
    """Its size, the limit and the key are named; 0 is no limit."""
    part = answered(b"x" * size, limit=limit)
    assert part.error == ("" if fits else f"an answer of {size} bytes; max_response_size is {limit}")
    assert (part.status, len(part.data)) == ((200, size) if fits else (500, 0))


@pytest.mark.parametrize(("limit", "fits"), [(21, True), (20, False), (0, True)])
def test_the_headers_together(limit, fits):
    """Have the same limit, as they are on the wire."""
    part = answered(headers={"a": "1", "bc": "é" * 4 + "x"}, limit=limit)
    assert part.error == ("" if fits else f"response headers of 21 bytes; max_response_size is {limit}")
    assert part.headers == ({"a": "1", "bc": "ééééx"} if fits else {})


def test_headers_that_are_no_texts():
    """Are written as texts, as those that the context takes."""

    class Mute:
        def __str__(self):
            raise RuntimeError

    part = answered(headers={1: 2, "m": Mute()})
    assert part.headers == {"1": "2", "m": "Mute (which cannot be shown: RuntimeError)"}


@pytest.mark.parametrize(
    ("status", "text"),
    [("200", "200"), (None, "None"), (True, "True"), (10**5000, "int (which")],
    ids=["text", "none", "flag", "huge"],
)
def test_a_status_that_is_none(status, text):
    """Is named."""
    assert answered(status=status).error.startswith(f"Invalid response status {text}")


def test_a_status_by_its_name():
    """Is a number too."""
    assert type(answered(status=http.HTTPStatus.CREATED).status) is int


def test_no_room_left():
    """What does not fit the frame of a batch fails alone; a smaller one after it still fits."""
    room = Room(10)
    assert [bool(answered(b"x" * size, room=room).error) for size in (6, 5, 4, 1)] == [False, True, False, True]


anything = st.none() | st.integers() | st.text() | st.floats() | st.booleans() | st.binary()


@given(anything, st.dictionaries(anything, anything), st.integers(1, 50))
def test_any_part_can_be_sent(status, headers, limit):
    """Whatever a handler has set."""
    part = answered(status=status, headers=headers, limit=limit)
    assert len(encode(part)) < 2 * limit + 1024
