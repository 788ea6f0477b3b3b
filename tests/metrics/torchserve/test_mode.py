"""What each metrics_mode shows, logs and records."""

import pytest

from servescope.errors import ConfigurationError
from servescope.metrics.definitions import DEFINITIONS, TORCHSERVE
from servescope.metrics.torchserve.mode import LEGACY, metrics_mode

ALL = {definition.name for definition in DEFINITIONS}
THEIRS = {definition.name for definition in TORCHSERVE}
THREE = {"ts_inference_requests_total", "ts_inference_latency_microseconds", "ts_queue_latency_microseconds"}
MODES = [
    ("prometheus", ALL, set(), True),
    ("log", set(), THEIRS, False),
    ("legacy", THREE, THEIRS - THREE, False),
    ("prometheus,log", ALL, THEIRS, True),
    ("off", set(), set(), False),
]


@pytest.mark.parametrize(("text", "shown", "logged", "custom"), MODES)
def test_modes(text, shown, logged, custom):
    """As the table of the contract has it."""
    mode = metrics_mode(text)
    assert {definition.name for definition in mode.shown(DEFINITIONS)} == shown
    assert {definition.name for definition in mode.logged(TORCHSERVE)} == logged
    assert (mode.shows_custom, mode.exposes, mode.logs) == (custom, bool(shown), bool(logged))
    assert mode.records is (text != "off")


def test_legacy_shows_counters():
    """Three, all of them."""
    assert [d.kind for d in DEFINITIONS if d.name in LEGACY] == ["counter"] * 3


def test_an_unknown_mode():
    """Is named, with those that there are."""
    with pytest.raises(ConfigurationError, match=r"metrics_mode='promethius' is no metrics mode: .*prometheus,log"):
        metrics_mode("promethius")
