"""GPU readings, from a stand-in for NVML with two cards, and on a machine without the library."""

import logging
from types import SimpleNamespace
from typing import Any

import pytest

from servescope.metrics.collectors.gpu import GpuCollector, load_nvml
from servescope.metrics.collectors.reading import Reading

MIB = 1024**2


class Missing(Exception):
    """NVML_ERROR_LIBRARY_NOT_FOUND."""


class Unsupported(Exception):
    """NVML_ERROR_NOT_SUPPORTED."""


class Cards:
    """NVML's calls for a plain card and one in MIG mode, which has no utilization as a whole."""

    NVMLError_LibraryNotFound = NVMLError_DriverNotLoaded = Missing
    NVMLError_NotSupported = Unsupported

    def nvmlInit(self) -> None:  # noqa: N802
        pass

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 2

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetMemoryInfo(self, device: int) -> Any:  # noqa: N802
        return SimpleNamespace(used=(device + 1) * 2048 * MIB, total=8192 * MIB)

    def nvmlDeviceGetUtilizationRates(self, device: int) -> Any:  # noqa: N802
        if device == 1:
            raise Unsupported
        return SimpleNamespace(gpu=37, memory=90)


def test_two_cards() -> None:
    """GPUMemoryUtilization is used / total, not the time with memory traffic; what a card lacks is left out."""
    assert list(GpuCollector("h", Cards).update()) == [
        Reading("GPUMemoryUsed", ("Host", "0", "h"), 2048.0),
        Reading("GPUMemoryUtilization", ("Host", "0", "h"), 25.0),
        Reading("GPUUtilization", ("Host", "0", "h"), 37.0),
        Reading("GPUMemoryUsed", ("Host", "1", "h"), 4096.0),
        Reading("GPUMemoryUtilization", ("Host", "1", "h"), 50.0),
    ]


def test_without_the_library(caplog: pytest.LogCaptureFixture) -> None:
    """No readings and no failure; it is looked for once."""

    class Nothing(Cards):
        def nvmlInit(self) -> None:  # noqa: N802
            raise Missing("NVML Shared Library Not Found")

    collector = GpuCollector("h", Nothing)
    with caplog.at_level(logging.INFO):
        assert list(collector.update()) == []
        assert list(collector.update()) == []
    assert [record.getMessage() for record in caplog.records] == ["no GPU is measured: NVML Shared Library Not Found"]


def test_the_real_module_has_what_is_called() -> None:
    """nvidia-ml-py's names, so that the stand-in cannot drift from it."""
    module = load_nvml()
    for name in (*vars(Cards), "NVMLError_LibraryNotFound"):
        if not name.startswith("_"):
            assert hasattr(module, name), name
