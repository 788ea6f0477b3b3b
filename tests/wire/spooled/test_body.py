"""A body in memory of its own: its bytes come out as they went in, in any way, and nothing of it stays once nobody has it."""

import os
import resource

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bodies import bodies_open
from servescope.wire.spooled.body import Spooled, bytes_of, create, in_memory, spool


def spooled(*pieces):
    body = create()
    for piece in pieces:
        body.append(piece)
    return body


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 20), st.integers(0, 100), st.integers(0, 100))
def test_there_and_back(pieces, window, start, length):
    """Whole, in windows, mapped, and in parts, and parts of parts."""
    whole = b"".join(pieces)
    body = spooled(*pieces)
    assert (len(body), body.read(), b"".join(body.windows(window))) == (len(whole), whole, whole)
    assert body.read(start, length) == whole[start : start + length]
    start, length = min(start, len(whole)), len(whole[start : start + length])
    part = body.part(start, length)
    assert part.read() == bytes_of(part) == whole[start : start + length]
    assert part.part(length // 2, length - length // 2).read() == part.read()[length // 2 :]
    if length:
        assert in_memory([part, b"x"]) == [whole[start : start + length], b"x"]


@given(st.lists(st.sampled_from([b"\r\n--b", b"\r\n-", b"x", b"-b\r"]), max_size=40))
def test_occurrences(pieces):
    """Also of what lies across two windows."""
    whole = b"".join(pieces)
    found = [at for at in range(len(whole)) if whole.startswith(b"\r\n--b", at)]
    assert list(spooled(whole).occurrences(b"\r\n--b")) == found


@pytest.mark.parametrize("before", range(-7, 3))
def test_across_windows(before):
    """Which are of a quarter of a megabyte."""
    body = spooled(b"x" * (256 * 1024 + before), b"\r\n--b", b"y" * 300_000, b"\r\n--b")
    assert list(body.occurrences(b"\r\n--b")) == [256 * 1024 + before, 256 * 1024 + before + 300_005]


def test_a_part_deep_in_it_is_mapped():
    """Wherever it begins."""
    body = spooled(bytes(range(256)) * 100)
    assert body.part(5000, 300).mapped() == (bytes(range(256)) * 100)[5000:5300]


def test_nothing_stays():
    """Its descriptor is closed with the last part of it, or view."""
    before = bodies_open()
    body = spooled(b"x" * 100)
    part = body.part(1, 2)
    view = part.mapped()
    del body, part
    assert bytes(view) == b"xx"
    assert bodies_open() > before
    del view
    assert bodies_open() == before


def test_pieces_are_moved():
    """Once, and then what came since."""
    pieces = [b"a", b"b"]
    assert spool(pieces)
    (first,) = pieces
    pieces.append(b"c")
    assert spool(pieces)
    assert pieces == [first]
    assert first.read() == b"abc"


@pytest.fixture
def few():
    """Half of its descriptors are in use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * lowest, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_few_descriptors_are_left(few):
    """Then bodies stay bytes."""
    before = bodies_open()
    pieces = [b"a", b"b"]
    assert not spool(pieces)
    assert pieces == [b"a", b"b"]
    with pytest.raises(OSError, match=r"more than half of \d+ descriptors|Too many open files"):
        create()
    assert bodies_open() == before


def test_no_memory(monkeypatch):
    """What lies there already comes back."""
    pieces = [b"a"]
    assert spool(pieces)
    pieces.append(b"b")
    monkeypatch.setattr(os, "pwrite", refuse)
    assert not spool(pieces)
    assert pieces == [b"a", b"b"]


def refuse(*_):
    raise OSError(28, "No space left on device")


def test_nobody_makes_it_smaller():
    """Whoever has it mapped would die of that."""
    body = spooled(b"x" * 100)
    with pytest.raises(PermissionError):
        os.ftruncate(body.descriptor, 1)
    assert isinstance(body, Spooled)
