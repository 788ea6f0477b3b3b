"""The GPU collector, through nvidia-ml-py and a compiled stand-in for NVML with two cards, and without the library."""

import subprocess
from collections.abc import Iterator

import pytest

from metrics.collectors.nvml.observed import Observer, observing
from metrics.collectors.nvml.stand_in import StandIn, needs_gcc
from servescope.metrics.collectors.gpus.device import memory_readings
from servescope.metrics.collectors.gpus.gpu import GpuCollector, count_gpus
from servescope.metrics.collectors.gpus.nvml import load_nvml
from servescope.metrics.collectors.reading import Reading
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.registry import Registry

MIB = 1024**2
PLAIN = ("0", "GPU-aaaa", "Stand-in G1", "h")
SPLIT = ("1", "GPU-bbbb", "Stand-in G2", "h")
INSTANCE = ("1:1", "MIG-cccc", "Stand-in G2 MIG 1g.5gb", "h")
SUCCESS = "servescope_collector_success"


@needs_gcc
def test_two_cards(observer: Observer) -> None:
    """Every family in its unit; of the card in MIG mode memory by instance and the rest by card, as NVML has it."""
    seen = observer.sample()
    expected = {
        "GPUUtilization": {("Host", "0", "h"): 37.0},
        "GPUMemoryUsed": {("Host", "0", "h"): 2048.0, ("Host", "1", "h"): 4096.0},
        # Used / total, not the time with memory traffic.
        "GPUMemoryUtilization": {("Host", "0", "h"): 25.0, ("Host", "1", "h"): 10.0},
        "servescope_gpu_utilization_ratio": {PLAIN: 0.37},
        "servescope_gpu_memory_used_bytes": {PLAIN: 2048.0 * MIB, INSTANCE: 1216.0 * MIB},
        "servescope_gpu_memory_total_bytes": {PLAIN: 8192.0 * MIB, INSTANCE: 4864.0 * MIB},
        "servescope_gpu_power_watts": {PLAIN: 71.5, SPLIT: 120.25},
        "servescope_gpu_power_limit_watts": {PLAIN: 150.0, SPLIT: 400.0},
        "servescope_gpu_temperature_celsius": {PLAIN: 41.0, SPLIT: 55.0},
        "servescope_gpu_sm_clock_hertz": {PLAIN: 1.41e9, SPLIT: 1.41e9},
        "servescope_gpu_energy_joules_total": {PLAIN: 5000.5, SPLIT: 5000.5},
        "servescope_gpu_ecc_errors_total": {PLAIN: 3.0, SPLIT: 3.0},
        SUCCESS: {("gpu",): 1.0},
    }
    assert {name: seen[name] for name in expected} == {name: pytest.approx(values) for name, values in expected.items()}
    assert observer.answer["gpus"] == 2
    assert observer.answer["torch"] is False


FIGURES = {
    "utilization": {"GPUUtilization", "servescope_gpu_utilization_ratio"},
    "memory": {
        "GPUMemoryUsed", "GPUMemoryUtilization", "servescope_gpu_memory_used_bytes", "servescope_gpu_memory_total_bytes",
    },
    "power": {"servescope_gpu_power_watts"},
    "power_limit": {"servescope_gpu_power_limit_watts"},
    "clock": {"servescope_gpu_sm_clock_hertz"},
    "energy": {"servescope_gpu_energy_joules_total"},
    "ecc": {"servescope_gpu_ecc_errors_total"},
}  # fmt: skip


@needs_gcc
def test_what_a_card_lacks_is_left_out_alone(observer: Observer, nvml_stand_in: StandIn) -> None:
    """Each figure by itself; the collector does its work, and the figure comes back with the card's ability."""

    def shown() -> set[str]:
        seen = observer.sample()
        assert seen[SUCCESS] == {("gpu",): 1.0}
        return {
            name for name, values in seen.items() if any(labels in (PLAIN, ("Host", "0", "h")) for labels in values)
        }

    everything = shown()
    for figure, families in FIGURES.items():
        nvml_stand_in.say(f"lacks 0 {figure}")
        assert everything - shown() == families, figure
    nvml_stand_in.say()
    assert shown() == everything


@needs_gcc
def test_an_older_driver(observer: Observer, nvml_stand_in: StandIn) -> None:
    """The older call for the temperature is asked where there is no newer one; without both it is absent."""
    nvml_stand_in.say("lacks 0 temperature")
    assert observer.sample()["servescope_gpu_temperature_celsius"] == {PLAIN: 42.0, SPLIT: 55.0}
    nvml_stand_in.say("lacks 0 temperature", "lacks 0 old_temperature")
    assert observer.sample()["servescope_gpu_temperature_celsius"] == {SPLIT: 55.0}


@needs_gcc
def test_a_card_without_a_name(observer: Observer, nvml_stand_in: StandIn) -> None:
    """The labels stay, empty."""
    nvml_stand_in.say("lacks 0 uuid", "lacks 0 name")
    assert ("0", "", "", "h") in observer.sample()["servescope_gpu_power_watts"]


@needs_gcc
def test_a_card_that_is_lost(observer: Observer, nvml_stand_in: StandIn) -> None:
    """Its series go, the other's stay, and the failure shows; it is logged once."""
    observer.sample()
    nvml_stand_in.say("lost 0")
    seen = observer.sample()
    assert seen["servescope_gpu_power_watts"] == {SPLIT: pytest.approx(120.25)}
    assert seen["GPUMemoryUsed"] == {("Host", "1", "h"): 4096.0}
    assert "servescope_gpu_utilization_ratio" not in seen
    assert seen[SUCCESS] == {("gpu",): 0.0}
    (message,) = observer.answer["logged"]
    assert message.startswith("collector gpu fails in part: GPU 0: ")
    observer.sample()
    assert observer.answer["logged"] == []
    nvml_stand_in.say("lost 1:1")
    assert set(observer.sample()["servescope_gpu_power_watts"]) == {PLAIN}
    nvml_stand_in.say()
    seen = observer.sample()
    assert set(seen["servescope_gpu_power_watts"]) == {PLAIN, SPLIT}
    assert seen[SUCCESS] == {("gpu",): 1.0}


@needs_gcc
@pytest.mark.parametrize("reloading", ["unloaded", "lost 0\nlost 1"])
def test_a_driver_that_is_loaded_anew(observer: Observer, nvml_stand_in: StandIn, reloading: str) -> None:
    """While it is away the collector fails; then NVML is started again, and all is there."""
    observer.sample()
    nvml_stand_in.say(reloading)
    for _ in range(2):
        seen = observer.sample()
        assert seen[SUCCESS] == {("gpu",): 0.0}
        assert "GPUMemoryUsed" not in seen
    nvml_stand_in.say("reloads 1")
    observer.sample()  # whoever was initialized when that happened notices first
    seen = observer.sample()
    assert seen[SUCCESS] == {("gpu",): 1.0}
    assert seen["GPUMemoryUsed"] == {("Host", "0", "h"): 2048.0, ("Host", "1", "h"): 4096.0}


@needs_gcc
def test_energy_that_begins_anew(observer: Observer, nvml_stand_in: StandIn) -> None:
    """A counter never falls while its series lives, even where the device's own has begun anew."""
    nvml_stand_in.say("energy 0 7000")
    observer.sample()
    nvml_stand_in.say("energy 0 500")
    assert observer.sample()["servescope_gpu_energy_joules_total"][PLAIN] == pytest.approx(7.5)


@needs_gcc
def test_a_driver_that_comes_later(nvml_stand_in: StandIn) -> None:
    """A machine whose driver is not loaded yet has no GPU, and no failure, until it is."""
    nvml_stand_in.say("unloaded")
    with observing(nvml_stand_in.environment) as observer:
        assert observer.sample()[SUCCESS] == {("gpu",): 1.0}
        assert observer.answer["gpus"] == 0
        nvml_stand_in.say()
        assert "GPUMemoryUsed" in observer.sample()


@pytest.fixture
def worker() -> Iterator[tuple[int, int]]:
    """A process that leads a group, as workers do, and a child of it: their ids."""
    process = subprocess.Popen(
        ["sh", "-c", "sleep 600 & echo $!; wait"], stdout=subprocess.PIPE, text=True, process_group=0
    )
    assert process.stdout is not None
    child = int(process.stdout.readline())
    yield process.pid, child
    subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)
    process.communicate()


@needs_gcc
def test_memory_of_workers(observer: Observer, nvml_stand_in: StandIn, worker: tuple[int, int]) -> None:
    """By worker and device, descendants included; other processes, and sizes that the driver keeps, are left out."""
    leader, child = worker
    nvml_stand_in.say(
        f"process 0 {leader} 1000", f"process 0 {child} 500", "process 0 1 7777", f"process 1:1 {child} 250"
    )
    labels = ("m", "1.0", "W-9000-m_1.0")
    seen = observer.sample((*labels, leader))
    assert seen["servescope_worker_gpu_memory_bytes"] == {(*labels, "0"): 1500.0, (*labels, "1:1"): 250.0}
    nvml_stand_in.say(f"process 0 {leader} -", f"process 1 {leader} 9")  # in MIG mode only the instances are asked
    assert "servescope_worker_gpu_memory_bytes" not in observer.sample((*labels, leader))


@needs_gcc
def test_a_driver_of_before_510(observer: Observer, nvml_stand_in: StandIn, worker: tuple[int, int]) -> None:
    """It has the second version of the call only."""
    labels = ("m", "1.0", "W-9000-m_1.0")
    nvml_stand_in.say("lacks 0 processes", f"process 0 {worker[0]} 1000")
    seen = observer.sample((*labels, worker[0]))
    assert seen["servescope_worker_gpu_memory_bytes"] == {(*labels, "0"): 1000.0}


class Bare:
    """nvidia-ml-py on a machine without NVML."""

    class NVMLError(Exception):
        pass

    class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801
        pass

    def nvmlInit(self) -> None:  # noqa: N802
        raise self.NVMLError_LibraryNotFound("NVML Shared Library Not Found")


def test_without_the_library(caplog: pytest.LogCaptureFixture) -> None:
    """No readings and no failure; it is looked for once."""
    collector = GpuCollector("h", load=Bare)
    with caplog.at_level("INFO"):
        assert list(collector.update()) == []
        assert list(collector.update()) == []
    assert [record.getMessage() for record in caplog.records] == ["no GPU is measured: NVML Shared Library Not Found"]
    assert count_gpus(Bare) == 0


def test_without_the_library_the_families_are_there_and_empty() -> None:
    """Declared, so that a board finds them; no series, and no failure."""
    registry = Registry()
    Sampler([GpuCollector("h", load=Bare)], 5.0, registry).sample_once()
    families = [family for family in registry.collect() if "gpu" in family.definition.name.lower()]
    assert len(families) == 13
    assert all(not family.series for family in families)
    assert registry.gauge(SUCCESS).labels("gpu").value == 1.0


def test_the_real_module_has_these_errors() -> None:
    """nvidia-ml-py's names, so that the bare one cannot drift from it."""
    module = load_nvml()
    assert issubclass(module.NVMLError_LibraryNotFound, module.NVMLError)
    assert issubclass(module.NVMLError_DriverNotLoaded, module.NVMLError)


def test_memory_of_a_card_that_says_none() -> None:
    """No division by zero."""
    assert memory_readings(("Host", "0", "h"), used=0, total=0) == [
        Reading("GPUMemoryUsed", ("Host", "0", "h"), 0.0),
        Reading("GPUMemoryUtilization", ("Host", "0", "h"), 0.0),
    ]
