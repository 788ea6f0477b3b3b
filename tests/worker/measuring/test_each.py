"""Writes for the modes that log: each a line with the time of its write."""

import itertools

import pytest

from servescope.wire.measured.lines import LineReader
from servescope.wire.measured.memory import private
from servescope.worker.measuring.complaints import Refused
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.measuring.each import Each


def test_each_write_has_its_time():
    """However late it is read."""
    memory = private()
    metrics = CustomMetrics("m", sink=Each(memory, itertools.count(100.0).__next__))
    for number in range(5):
        metrics.add_counter("C", number)
    assert [(one.value, one.at) for one in LineReader(memory).take()] == [(n, 100.0 + n) for n in range(5)]


def test_one_that_is_too_long_is_refused(caplog):
    """Said, and counted."""
    memory = private()
    metrics = CustomMetrics("m", sink=Each(memory))
    metrics.add_counter("n" * 100_000, 1)
    assert [(one.kind, one.unit) for one in LineReader(memory).take()] == [("dropped", "room")]
    assert "too long" in caplog.text


def test_a_child_writes_nothing():
    """The lines would be in the midst of its parent's."""
    memory = private()
    sink = Each(memory)
    entry = sink.entry("counter", "C", "u", (), ())
    sink.leave()
    with pytest.raises(Refused, match="child"):
        entry.write(1.0, "")
    assert LineReader(memory).take() == []
