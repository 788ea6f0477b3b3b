"""The history's file: what was remembered comes back, and a file that is none costs nothing but a warning."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.history.test_ring import MODEL, sample
from servescope.console.history.file import packed, read, write
from servescope.console.history.ring import Ring


def filled():
    ring = Ring(5.0, 10)
    for step in (3, 4, 6):
        ring.take(step * 5.0, sample(step, step, b1=float(step)))
    return ring


def test_back_again(tmp_path):
    """Everything, and counters that begin anew are counted from there."""
    path, ring = tmp_path / "history", Ring(5.0, 10)
    write(path, packed([filled()]))
    read(path, [ring])
    assert (ring.tracks, ring.bounds, ring.stamps, ring.latest) == (
        filled().tracks,
        filled().bounds,
        filled().stamps,
        filled().latest,
    )
    ring.take(40.0, sample(2))
    assert ring.value(MODEL, ("requests", "2xx"), 8) == 2
    assert [found.name for found in tmp_path.iterdir()] == ["history"]


def test_none_yet(tmp_path, caplog):
    """No file is no reason to say anything."""
    read(tmp_path / "history", [Ring(5.0, 10)])
    assert not caplog.records


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xc1", packed([]), packed([filled()])[:-9], packed([filled(), filled()])]
)
def test_no_history(tmp_path, caplog, content):
    """What is no history leaves the rings empty, and is named."""
    path, ring = tmp_path / "history", Ring(5.0, 10)
    path.write_bytes(content)
    read(path, [ring])
    assert ring.latest == -1
    assert not ring.tracks
    assert f"console_history_file={path}" in caplog.text


def test_another_step(tmp_path, caplog):
    """A history in other steps is not for this ring."""
    path, ring = tmp_path / "history", Ring(1.0, 10)
    write(path, packed([filled()]))
    read(path, [ring])
    assert ring.latest == -1
    assert not caplog.records


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_a_changed_byte(tmp_path_factory, place, value):
    """Whatever byte is another one, nothing is raised."""
    path = tmp_path_factory.mktemp("history") / "history"
    content = bytearray(packed([filled()]))
    content[place % len(content)] = value
    path.write_bytes(content)
    read(path, [Ring(5.0, 10)])
