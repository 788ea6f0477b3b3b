"""Resident memory of processes."""

import os
from pathlib import Path

import psutil
import pytest

from servescope.metrics.collectors.process import ProcessMemory, parse_resident_pages

PROC = Path(__file__).parent / "proc"


def test_fixture() -> None:
    """The second field of statm counts pages."""
    assert ProcessMemory(PROC, page_size=4096).resident_bytes(4711) == 512 * 4096


@pytest.mark.parametrize("pid", [0, -1, 4712])
def test_no_such_process(pid: int) -> None:
    """A worker that is gone has no memory, and its description no error."""
    assert ProcessMemory(PROC).resident_bytes(pid) == 0


def test_a_process_on_its_way_out() -> None:
    """Its statm may be empty."""
    assert parse_resident_pages("") == 0


def test_this_process_as_psutil_sees_it() -> None:
    """Read one right after the other."""
    ours = ProcessMemory().resident_bytes(os.getpid())
    assert ours == pytest.approx(psutil.Process().memory_info().rss, rel=0.05)
