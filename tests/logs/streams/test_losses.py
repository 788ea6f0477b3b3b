"""An outage is told of once when it begins, and once with its count when it is over."""

import logging
import os

import pytest

from integration.server import wait_until
from servescope.logs.streams import outlet as module
from servescope.logs.streams.losses import Losses
from servescope.logs.streams.outlet import Outlet
from servescope.logs.streams.stream import Stream


@pytest.fixture
def pipe():
    """Its reading end, and a stream over the other."""
    reader, writer = os.pipe()
    with open(reader, "rb", buffering=0) as read, open(writer, "w") as below:
        yield read, Stream(below, Outlet())


def count(losses, name):
    return losses.counts[name]()


def test_an_outage(pipe, monkeypatch, caplog):
    """Two lines, however often somebody looks; the next outage has its own."""
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    reader, stream = pipe
    losses = Losses()
    losses.add("stdout", stream)
    losses.look()
    assert (caplog.messages, count(losses, "stdout")) == ([], 0)
    for lost in (7, 5):
        caplog.clear()
        stream.write("x" * 200_000)
        for _ in range(lost):
            stream.write("y\n")
            losses.look()
        (begun,) = caplog.messages
        assert begun.startswith("stdout loses lines from now on: ")
        wait_until(lambda: reader.read(1 << 20) and stream.outlet.settle(0.01), "the pipe to be read")
        for _ in range(3):
            losses.look()
        assert caplog.messages[1:] == [f"stdout has lost {lost} lines, and takes lines again"]
        assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert count(losses, "stdout") == 12


def test_a_reader_that_has_gone(pipe, caplog):
    """Is told of once, with the reason."""
    reader, stream = pipe
    losses = Losses()
    losses.add("stderr", stream)
    reader.close()
    for number in range(1, 4):
        stream.write("line\n")
        assert stream.outlet.settle(60)
        losses.look()
        assert count(losses, "stderr") == number
    assert caplog.messages == ["stderr loses lines from now on: Broken pipe"]


def test_one_that_was_over_before_anybody_looked(pipe, monkeypatch, caplog):
    """Is told of when it is over."""
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    reader, stream = pipe
    losses = Losses()
    losses.add("stdout", stream)
    stream.write("x" * 200_000)
    stream.write("y\n")
    wait_until(lambda: reader.read(1 << 20) and stream.outlet.settle(0.01), "the pipe to be read")
    losses.look()
    assert caplog.messages == ["stdout has lost 1 lines, and takes lines again"]


def test_two_of_one_name(pipe, tmp_path):
    """Are counted together."""
    reader, stream = pipe
    losses = Losses()
    losses.add("stdout", stream)
    with open("/dev/full", "w") as full:
        other = Stream(full, None)
        losses.add("stdout", other)
        other.write("one\ntwo\n")
    reader.close()
    stream.write("three\n")
    assert stream.outlet.settle(60)
    assert count(losses, "stdout") == 3
