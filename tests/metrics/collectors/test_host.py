"""Which collectors a server has, by its settings."""

from dataclasses import replace

from servescope.config.settings import Settings
from servescope.config.values.collectors import COLLECTORS
from servescope.metrics.collectors.host import host_collectors, selected_collectors
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.definitions import BY_NAME
from servescope.metrics.registry import Registry


def test_every_name_has_a_collector() -> None:
    """The names of the option are the collectors' own, and they run in its order."""
    assert tuple(collector.name for collector in host_collectors("h")) == COLLECTORS
    assert [collector.name for collector in host_collectors("h", ["gpu", "cpu"])] == ["gpu", "cpu"]


def test_selected() -> None:
    """disable_system_metrics leaves the server's own processes."""
    settings = Settings(collectors=("cpu", "gpu", "process"))
    assert selected_collectors(settings) == ("cpu", "gpu", "process")
    assert selected_collectors(replace(settings, disable_system_metrics=True)) == ("process",)
    assert selected_collectors(Settings(disable_system_metrics=True)) == ("process", "workers")


def test_this_host() -> None:
    """Every collector of a server works here, GPUs or none, and fills the families of its own and TorchServe's name."""
    registry = Registry()
    Sampler(host_collectors("h"), 5.0, registry).sample_once()
    success = registry.gauge("servescope_collector_success")
    assert {labels: one.value for labels, one in success.series.items()} == {(name,): 1.0 for name in COLLECTORS}
    for name in ("CPUUtilization", "MemoryUsed", "MemoryAvailable", "MemoryUtilization", "DiskUsage", "DiskAvailable"):
        assert list(registry.gauge(name).series) == [("Host", "h")]
    declared = {name for name in BY_NAME if name.startswith(("process_", "python_gc_"))}
    assert declared == {name for name in declared if (family := registry.find(name)) and family.series}
