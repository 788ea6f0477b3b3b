"""The stand-in for NVIDIA's library, compiled once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from metrics.collectors.nvml.observed import Observer, observing
from metrics.collectors.nvml.stand_in import StandIn, build


@pytest.fixture(scope="session")
def nvml_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("nvml"))


@pytest.fixture
def nvml_stand_in(nvml_folder: Path, tmp_path: Path) -> StandIn:
    """Two cards, one of them in MIG mode, in good health until told otherwise."""
    return StandIn(nvml_folder, tmp_path / "cards")


@pytest.fixture
def observer(nvml_stand_in: StandIn) -> Iterator[Observer]:
    """A process that sees the cards."""
    with observing(nvml_stand_in.environment) as process:
        yield process
