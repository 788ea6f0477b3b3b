"""A fixture for servers that shall see GPUs on a machine without one: `Server(directory, settings, cards.environment)`.

A test module that wants it says `pytest_plugins = ["integration.nvml"]` and marks its tests with
`metrics.collectors.gpus.nvml.stand_in.needs_gcc`.
"""

from pathlib import Path

import pytest

from metrics.collectors.nvml.stand_in import StandIn, build


@pytest.fixture
def nvml_stand_in(tmp_path: Path) -> StandIn:
    """Two cards, one of them in MIG mode, as a library in a folder of the test's own; see metrics/collectors/nvml/stand_in.c."""
    folder = tmp_path / "nvml"
    folder.mkdir()
    return StandIn(build(folder), tmp_path / "cards")
