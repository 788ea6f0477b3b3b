"""Log records among printed lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.wire.records import LINE_LIMIT, MARK, TEXT_LIMIT, HandedRecord, decode_record, encode_record

texts = st.text(st.characters(codec=None))


@given(st.integers(), texts, texts, st.lists(texts).map(tuple), texts)
def test_as_it_was(level, name, message, ids, exception):
    """Whatever it holds, a record is one line, and is read as it was written."""
    record = HandedRecord(level, name, message, ids, exception)
    line = encode_record(record)
    assert line.startswith(MARK)
    assert line.index("\n") == len(line) - 1
    assert decode_record(line[1:]) == record


@given(st.text())
def test_anything_else_is_none(text):
    """And never raises."""
    assert decode_record(text) is None or text


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "[1]", '["1","","",[],""]', '[1,"","",[1],""]', '[1,"","","",""]', "[" * 9999]
)
def test_what_is_no_record(text):
    """JSON of another shape, and no JSON."""
    assert decode_record(text) is None


def test_the_longest_fits_a_line():
    """A message and an exception of control characters, each as long as it may be."""
    worst = "\x01" * TEXT_LIMIT
    assert len(encode_record(HandedRecord(40, "x" * 200, worst, ("i" * 256,) * 100, worst))) <= LINE_LIMIT
