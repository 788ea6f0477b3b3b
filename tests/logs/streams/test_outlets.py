"""Streams that may hang get an outlet, one for each file; `sys.stdout` and `sys.stderr` are given back unless they do hang."""

import io
import os
import pty
import socket
import sys

import pytest

from logs.piped import piped
from servescope.logs.streams import outlets as module
from servescope.logs.streams.outlets import Outlets, may_be_waited_for, standing_in
from servescope.logs.streams.stream import Stream


class Odd:
    """Has what `print` needs of a stream, and no more."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text


@pytest.fixture
def opened():
    """Opens descriptors as text streams, which are closed in the end."""
    streams = []

    def open_(descriptor):
        streams.append(open(descriptor, "w"))  # noqa: SIM115 - closed below
        return streams[-1]

    yield open_
    for stream in streams:
        if not stream.closed:
            stream.close()


def test_what_may_be_waited_for(tmp_path):
    """Files, also the one that takes all, and what is no stream of the system's; no pipe, socket or terminal."""
    with (tmp_path / "a").open("w") as file, open(os.devnull, "w") as nothing:
        assert may_be_waited_for(file)
        assert may_be_waited_for(nothing)
        file.close()
        assert may_be_waited_for(file)
    assert may_be_waited_for(Odd())
    for ends in (os.pipe(), os.openpty(), tuple(each.detach() for each in socket.socketpair())):
        with open(ends[0], "rb"), open(ends[1], "w") as stream:
            assert not may_be_waited_for(stream)


def test_one_outlet_for_one_file(opened):
    """Whatever descriptor leads to it, so that lines keep their order; and another for another."""
    reader, writer = os.pipe()
    first, second, same_pipe = opened(writer), opened(os.dup(writer)), opened(f"/dev/fd/{writer}")
    leader, follower = pty.openpty()
    outlets = Outlets()
    streams = [outlets.over(each) for each in (first, second, same_pipe, opened(follower))]
    assert len({id(each.outlet) for each in streams[:3]}) == 1
    assert streams[3].outlet is not streams[0].outlet
    for number in range(300):
        print(number, file=streams[number % 3])
    assert outlets.end()
    assert os.read(reader, 1 << 20).decode() == "".join(f"{number}\n" for number in range(300))
    os.close(reader)
    os.close(leader)


def test_a_file_has_none(tmp_path, opened):
    """Whoever writes writes to it, and nothing fails."""
    stream = Outlets().over(opened(tmp_path / "file"))
    assert isinstance(stream, Stream)
    assert stream.outlet is None
    stream.write("line\n")
    assert (tmp_path / "file").read_text() == "line\n"


def test_what_is_left_as_it_is():
    """A stream in memory, one that is closed, one that is hardly one, and one that has an outlet already."""
    outlets, closed = Outlets(), io.StringIO()
    closed.close()
    for stream in (io.StringIO(), closed, Odd()):
        assert outlets.over(stream) is stream


def test_both_in_one_order():
    """As they were written; after it they are Python's own again."""
    with piped() as reader:
        before = sys.stdout, sys.stderr
        with standing_in("stdout", "stderr"):
            for number in range(100):
                print(number, file=(sys.stdout, sys.stderr)[number % 2])
        assert (sys.stdout, sys.stderr) == before
        assert os.read(reader, 1 << 20).decode() == "".join(f"{number}\n" for number in range(100))


def test_what_was_buffered_comes_first():
    """What was printed before."""
    with piped() as reader:
        print("first", end=" ")
        with standing_in("stdout"):
            print("last", end="")
        assert os.read(reader, 1 << 20) == b"first last"


def test_one_in_another():
    """It uses the outlet that is there; the outer one stays where it is."""
    with piped() as reader:
        with standing_in("stderr"):
            outer = sys.stderr
            with standing_in("stdout", "stderr"):
                assert sys.stderr is outer
                assert sys.stdout.outlet is outer.outlet
                print("one")
            assert not isinstance(sys.stdout, Stream)
            assert sys.stderr is outer
            print("two", file=sys.stderr)
            print("three", flush=True)
        assert os.read(reader, 1 << 20) == b"one\ntwo\nthree\n"


def test_where_nobody_reads(monkeypatch):
    """They stay, and hold up nobody; the wait is once for all that stand in each other."""
    with piped() as reader:
        monkeypatch.setattr(module, "LAST_S", 0.01)
        with standing_in("stderr"):
            with standing_in("stdout"):
                print("x" * 200_000)
            hanging = sys.stdout
            assert isinstance(hanging, Stream)
            monkeypatch.setattr(module, "LAST_S", 3600.0)
            print("last words", file=sys.stderr)
        print("more", flush=True)
        assert sys.stdout is hanging
        assert isinstance(sys.stderr, Stream)
        text = b""
        while len(text) < 200_000 + len("\nlast words\nmore\n"):
            text += os.read(reader, 1 << 20)
        assert text.endswith(b"x\nlast words\nmore\n")


def test_streams_that_are_none(monkeypatch):
    """A process may have no standard output."""
    monkeypatch.setattr(sys, "stdout", None)
    with standing_in("stdout"):
        assert sys.stdout is None


def test_given_back_after_an_error():
    """Which comes through."""
    with piped():
        before = sys.stdout
        with pytest.raises(KeyError), standing_in("stdout"):
            raise KeyError
        assert sys.stdout is before
