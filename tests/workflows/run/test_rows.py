"""Answers become the fields of the next node's row."""

from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field
from servescope.workflows.run.rows import row_of, size_of


def test_one_before():
    """Its answer is the body."""
    assert row_of({"a": b"x"}) == ([Field("body", "", b"x")], [])


def test_several_before():
    """Each by its node's name; large ones travel beside the message."""
    large = memoryview(b"y" * (INLINE_LIMIT + 1))
    row = row_of({"a": b"x", "b": large})
    assert row == ([Field("a", "", b"x"), Field("b", "", INLINE_LIMIT + 1)], [large])
    assert size_of(row) == INLINE_LIMIT + 2
