"""The picture of a simulation: two files that carry a mark, and a clear word where matplotlib is missing."""

import random
import sys

import pytest

from servescope.autoscaler.simulator.compare import NAMES, compare
from servescope.autoscaler.simulator.plot import FILES, MARK, picture, read_matplotlib
from servescope.autoscaler.simulator.pool import PoolOptions
from servescope.autoscaler.simulator.replay import Load, Terms
from servescope.errors import ConfigurationError

TERMS = Terms(PoolOptions(5.0), 2.0, 1, 20)


@pytest.fixture(scope="module")
def simulated():
    """A load and what all policies make of it."""
    chance = random.Random(1)
    at = sorted(chance.uniform(60, 240) for _ in range(400))
    load = Load(at, [1.0] * 400, 300.0)
    return load, TERMS, compare(load, TERMS)


def test_two_pictures_of_the_same(simulated):
    """PNG and SVG, both marked; the SVG has a line for every policy; drawn again they are the same bytes."""
    files = picture(*simulated)
    assert tuple(files) == FILES
    assert files["simulation.png"].startswith(b"\x89PNG")
    svg = files["simulation.svg"].decode()
    assert svg.startswith("<?xml")
    assert "http://www.w3.org/2000/svg" in svg
    assert all(MARK.encode() in content for content in files.values())
    assert all(f">{name}</text>" in svg for name in NAMES)
    assert picture(*simulated) == files


def test_the_extra_is_named(monkeypatch):
    """Where matplotlib is not installed."""
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigurationError, match=r"--out needs the extra plots .*: pip install 'matplotlib"):
        read_matplotlib()
