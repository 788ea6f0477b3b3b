"""The history's file: what was remembered comes back, and a file that is none costs nothing but a warning."""

import hashlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.history.test_ring import MODEL, sample
from servescope.console.history.file import SHAPE, packing, read, write
from servescope.console.history.ring import Ring


def filled():
    ring = Ring(5.0, 10)
    for step in (3, 4, 6):
        ring.take(step * 5.0, sample(step, step, b1=float(step)))
    return ring


def rest(steps):
    """What comes of packing, from where it is."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def packed(rings):
    """The pieces, where nothing happens in between."""
    return rest(packing(rings))


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A file's."""
    path = tmp_path_factory.mktemp("history") / "history"
    write(path, packed([filled()]))
    return path.read_bytes()


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


def refused(path, content, caplog, rings=1):
    """What is said of a file with this content; nothing of it was taken."""
    path.write_bytes(content)
    kept = [Ring(5.0, 10) for _ in range(rings)]
    caplog.clear()
    read(path, kept)
    assert all(ring.latest == -1 and not ring.tracks for ring in kept)
    assert f"console_history_file={path}" in caplog.text
    return caplog.text


def test_no_history(tmp_path, caplog, content):
    """What is no history, is cut off, or is of another shape leaves the rings empty, and the words say which."""
    path = tmp_path / "history"
    for nothing in (b"", b"{}", b"\xc1", b"servescope console history ", b"\n" * 99):
        assert "no history of a console" in refused(path, nothing, caplog)
    for end in range(30, len(content), 97):
        assert "cut off" in refused(path, content[:end], caplog)
    assert "cut off" in refused(path, content + b"\0", caplog)
    newer = content.replace(b"history %d" % SHAPE, b"history 7", 1)
    assert f"the shape 7, and not {SHAPE}" in refused(path, newer, caplog)
    refused(path, content, caplog, rings=2)


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_no_file(tmp_path, caplog, make):
    """What is no regular file is neither read, which may wait for ever, nor replaced, as /dev/null would be."""
    path = tmp_path / "history"
    make(path)
    kind = path.stat().st_mode
    read(path, [Ring(5.0, 10)])
    assert "no regular file" in caplog.text
    with pytest.raises(OSError, match="no regular file"):
        write(path, [b"x"])
    assert path.stat().st_mode == kind


def test_columns_of_another_length(tmp_path, caplog, content):
    """Also where its sum is right, as a program that is not ours may have written it."""
    ring = filled()
    ring.tracks[MODEL]["there", ""].pop()
    path = tmp_path / "other"
    write(path, packed([ring]))
    assert "9 steps, and not 10" in refused(path, path.read_bytes(), caplog)


def test_a_step_meanwhile():
    """What is packed while the rings take a step would be of two moments: so it is not taken, and asked for again."""
    ring = filled()
    steps = packing([ring])
    next(steps)
    ring.take(35.0, sample(9))
    assert rest(steps) is None
    steps = packing([ring])
    next(steps)
    next(ring.taking(65.0, sample(9)))
    assert rest(steps) is None
    assert packed([ring]) is not None


def test_a_failed_write(tmp_path):
    """The file before stays, and nothing beside it."""
    path = tmp_path / "history"
    write(path, [b"before"])
    before = path.read_bytes()
    with pytest.raises(OSError, match="no room"):
        write(path, NoRoom())
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["history"]


class NoRoom:
    """Pieces on whose way the disk is full."""

    def __iter__(self):
        yield b"x"
        raise OSError("no room")


def test_another_step(tmp_path, caplog):
    """A history in other steps is not for this ring."""
    path, ring = tmp_path / "history", Ring(1.0, 10)
    write(path, packed([filled()]))
    read(path, [ring])
    assert ring.latest == -1
    assert not caplog.records


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte(tmp_path_factory, content, place, change):
    """Whatever byte is another one, no false number is shown."""
    path = tmp_path_factory.getbasetemp() / "changed"
    changed, ring = bytearray(content), Ring(5.0, 10)
    changed[place % len(content)] ^= change
    path.write_bytes(changed)
    read(path, [ring])
    assert ring.latest == -1
    assert not ring.tracks


@given(st.binary(max_size=300))
def test_anything_with_its_sum(tmp_path_factory, body):
    """Nothing is raised, whatever stands there."""
    path = tmp_path_factory.getbasetemp() / "anything"
    whole = b"servescope console history %d\n" % SHAPE + body
    path.write_bytes(whole + hashlib.sha256(whole).digest())
    read(path, [Ring(5.0, 10)])
