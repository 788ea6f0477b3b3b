"""One snapshot file."""

import javaproperties
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.config.snapshots.file import MODEL_SNAPSHOT, WRITER, DamagedSnapshot, read, render

TEXTS = st.text(max_size=12)
CONTENT = render({"model_store": "/store", "token": "a=b: c"}, '{"models": {}}')


@given(st.dictionaries(TEXTS.filter(lambda key: key not in (MODEL_SNAPSHOT, WRITER)), TEXTS), TEXTS)
def test_what_is_written_is_read_again(properties, models):
    """Whatever keys and texts have in them; a program that reads Java properties reads the same."""
    content = render(properties, models)
    assert read(content) == {**properties, MODEL_SNAPSHOT: models, WRITER: "servescope"}
    assert javaproperties.loads(content.decode()) == read(content)


@pytest.mark.parametrize("end", range(len(CONTENT)))
def test_one_that_is_cut_off_is_damaged(end):
    """Wherever it is."""
    with pytest.raises(DamagedSnapshot):
        read(CONTENT[:end])


@pytest.mark.parametrize("place", range(len(CONTENT)))
def test_one_with_another_byte_is_damaged(place):
    """But in the comment that says what it is, behind its sign."""
    changed = CONTENT[:place] + b"\0" + CONTENT[place + 1 :]
    head = CONTENT.index(b"\n")
    if 0 < place < head:
        read(changed)
    else:
        with pytest.raises(DamagedSnapshot):
            read(changed)


def test_one_that_lost_its_sum_is_damaged():
    """A line less at its beginning; the end says whose it was."""
    with pytest.raises(DamagedSnapshot, match="checksum is missing"):
        read(CONTENT.split(b"\n", 2)[2])


def test_torchserves_need_no_sum():
    """They never had one."""
    content = (
        b'#Saving snapshot\n#Tue Nov 24 15:11:53 UTC 2026\nmodel_store=/s\nmodel_snapshot={\\n  "models"\\: {}\\n}\n'
    )
    assert read(content) == {"model_store": "/s", MODEL_SNAPSHOT: '{\n  "models": {}\n}'}


def test_a_file_without_models_is_no_snapshot():
    """Such as an empty one, or another configuration."""
    for content in (b"", b"model_store=/s\n", b"\0" * 100):
        with pytest.raises(DamagedSnapshot, match="it has no model_snapshot"):
            read(content)
    with pytest.raises(DamagedSnapshot, match="no properties file"):
        read(b"a=\\u12")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_damaged(content):
    """Nothing else is raised."""
    try:
        read(content)
    except DamagedSnapshot:
        pass
