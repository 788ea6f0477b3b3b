"""Writes neither wait nor fail, and every line is either written or counted."""

import io
import os
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.server import wait_until
from servescope.logs.streams import outlet as module
from servescope.logs.streams.outlet import Outlet
from servescope.logs.streams.stream import Stream


@pytest.fixture
def pipe():
    """Its reading end, and a text stream over the other."""
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as read, open(writer, "w", encoding="utf-8") as below:
        yield read, below


def drained(reader, until):
    """All that comes, up to these bytes."""
    found = b""
    while not found.endswith(until):
        found += reader.read(1 << 20)
    return found


def test_whoever_writes_waits_for_nobody(pipe):
    """A pipe that nobody reads takes some; the rest waits, and comes in order once it is read."""
    reader, below = pipe
    stream = Stream(below, Outlet())
    lines = [f"line {number} {'x' * 100}\n" for number in range(3000)]
    for line in lines:
        stream.write(line)
    stream.flush()
    assert drained(reader, lines[-1].encode()).decode() == "".join(lines)
    assert (stream.descriptor.lost, stream.descriptor.trouble) == (0, "")


def test_one_that_does_not_block(pipe):
    """It is waited for just so: whole, in order, and without processor time while nobody reads."""
    reader, below = pipe
    os.set_blocking(below.fileno(), False)
    stream = Stream(below, Outlet())
    text = "".join(f"line {number}\n" for number in range(100_000))
    stream.write(text)
    assert not stream.outlet.settle(0.2)
    before = time.process_time()
    assert not stream.outlet.settle(0.5)
    assert time.process_time() - before < 0.25
    assert drained(reader, b"line 99999\n").decode() == text
    assert stream.outlet.settle(60)
    assert stream.descriptor.lost == 0


def test_one_that_does_not_block_loses_its_reader(pipe):
    """The thread goes on."""
    reader, below = pipe
    os.set_blocking(below.fileno(), False)
    stream = Stream(below, Outlet())
    stream.write("x" * 100_000 + "\n")
    assert not stream.outlet.settle(0.1)
    reader.close()
    assert stream.outlet.settle(60)
    assert (stream.descriptor.lost, stream.descriptor.trouble) == (1, "Broken pipe")


def test_what_waits_is_measured_in_bytes(pipe, monkeypatch):
    """And not in characters, of which these take three each."""
    monkeypatch.setattr(module, "MOST_BYTES", 1_000_000)
    reader, below = pipe
    stream = Stream(below, Outlet())
    line = "\u6f22" * 1000 + "\n"
    for _ in range(1000):
        stream.write(line)
    assert stream.descriptor.lost > 600
    assert "wait to be read" in stream.descriptor.trouble
    kept = 1000 - stream.descriptor.lost
    read = b""
    while len(read) < kept * 3001:
        read += reader.read(1 << 20)
    assert read.decode() == line * kept
    wait_until(lambda: not stream.descriptor.trouble, "room")


def test_a_reader_that_is_gone(pipe):
    """Costs lines, which are counted, with the reason."""
    reader, below = pipe
    stream = Stream(below, Outlet())
    reader.close()
    stream.write("one\ntwo\n")
    print("three", file=stream, flush=True)
    assert stream.outlet.settle(60)
    assert (stream.descriptor.lost, stream.descriptor.trouble) == (3, "Broken pipe")


def test_a_full_disk():
    """Is written to by whoever writes, and raises nothing."""
    with open("/dev/full", "w") as below:
        stream = Stream(below, None)
        stream.write("one\n")
        assert (stream.descriptor.lost, stream.descriptor.trouble) == (1, "No space left on device")


def test_a_disk_that_has_room_again(tmp_path):
    """A line that was cut short is ended before the next begins."""
    program = """
import resource, signal, sys
from servescope.logs.streams.stream import Stream
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
stream = Stream(open("file", "w"), None)
resource.setrlimit(resource.RLIMIT_FSIZE, (8, resource.RLIM_INFINITY))
stream.write("first\\nsecond\\n")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(stream.descriptor.lost, stream.descriptor.trouble)
stream.write("third\\n")
print(stream.descriptor.lost, stream.descriptor.trouble)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "1 File too large\n1 \n"
    assert (tmp_path / "file").read_text() == "first\nse\nthird\n"


def test_a_narrow_encoding(pipe):
    """What it has not is escaped."""
    reader, below = pipe
    below.reconfigure(encoding="ascii")
    Stream(below, Outlet()).write("na\u00efve\n")
    assert drained(reader, b"\n") == b"na\\xefve\n"


def test_it_is_a_text_stream(pipe):
    """With all that handlers and libraries ask of one; bytes can be written too."""
    reader, below = pipe
    stream = Stream(below, Outlet())
    assert isinstance(stream, io.TextIOBase)
    assert (stream.fileno(), stream.encoding, stream.isatty()) == (below.fileno(), "utf-8", False)
    stream.buffer.write(bytearray(b"bytes\n"))
    assert drained(reader, b"\n") == b"bytes\n"


def test_closed_while_something_waits(pipe):
    """As a FileHandler does: what was written before is written."""
    reader, below = pipe
    stream = Stream(below, Outlet())
    text = "x" * 200_000 + "\n"
    stream.write(text)
    stream.close()
    del stream
    assert drained(reader, b"\n").decode() == text


@given(st.lists(st.text(max_size=300), max_size=20), st.booleans())
def test_whatever_is_written_arrives(texts, nonblocking):
    """From whichever thread, and whatever it is."""
    reader, writer = os.pipe()
    with open(reader, "rb") as read:
        with open(writer, "w", encoding="utf-8") as below:
            os.set_blocking(writer, not nonblocking)
            stream = Stream(below, Outlet())
            for text in texts:
                thread = threading.Thread(target=stream.write, args=(text,))
                thread.start()
                thread.join()
            assert stream.outlet.settle(60)
        assert read.read() == "".join(texts).encode("utf-8", "backslashreplace")
