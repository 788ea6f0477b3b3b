"""What requests say of their sequences, whatever they say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.errors import BadRequest
from servescope.serving.queue.sequences.headers import Asked, SequenceHeaders
from servescope.wire.messages import Request


def request(*headers: tuple[bytes, bytes], **extra: str) -> Request:
    return Request("r", list(headers), extra, [])


def test_what_a_request_says():
    """In any case of letters; the last of repeated headers, and the server's own word before a client's."""
    headers = SequenceHeaders()
    assert headers.read(request()) == Asked("")
    said = [
        (b"TS_REQUEST_SEQUENCE_ID", b" s1 "),
        (b"ts_request_sequence_start", b"TRUE"),
        (b"ts_request_sequence_end", b"yes"),
    ]
    assert headers.read(request(*said)) == Asked("s1", starts=True)
    assert headers.read(
        request(*said, (b"ts_request_sequence_id", b"s2"), (b"ts_request_sequence_end", b"true"))
    ) == Asked("s2", starts=True, ends=True)
    assert headers.read(request(*said, ts_request_sequence_id="s3", ts_request_sequence_start="false")) == Asked("s3")


def test_other_names():
    """As ts_header_key_sequence_id and its like say; handlers are told of them."""
    headers = SequenceHeaders(id="X-Seq")
    assert headers.read(request((b"x-seq", b"1"), (b"ts_request_sequence_id", b"2"))).id == "1"
    assert headers.renamed() == {"TS_REQUEST_SEQUENCE_ID": "X-Seq"}
    assert SequenceHeaders().renamed() == {}


def test_an_id_that_is_too_long():
    """It is refused, and named; what is kept of sequences is bounded."""
    assert SequenceHeaders().read(request((b"ts_request_sequence_id", b"x" * 1024))).id == "x" * 1024
    with pytest.raises(BadRequest, match="ts_request_sequence_id has 1025 characters; at most 1024"):
        SequenceHeaders().read(request((b"ts_request_sequence_id", b"x" * 1025)))


@given(st.lists(st.tuples(st.binary(max_size=40), st.binary(max_size=40)), max_size=5))
def test_any_headers(headers):
    """Nothing that a client sends is more than an id, a yes or a no."""
    said = SequenceHeaders().read(Request("r", [*headers, (b"ts_request_sequence_id", b"\xff")], {}, []))
    assert said.id == "\xff"


@given(st.text())
def test_any_answer(value):
    """Ids are what is left between the semicolons."""
    names = SequenceHeaders().ended_by({"ts_request_sequence_end": value, "other": "x"})
    assert all(name and name == name.strip() and ";" not in name for name in names)
    assert SequenceHeaders().ended_by({"other": value}) == []
