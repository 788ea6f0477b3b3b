"""GPU families of a live server: with a stand-in for NVIDIA's library, and without the library."""

import socket

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.net_server import serving
from integration.server import pack, wait_until
from metrics.collectors.nvml.stand_in import needs_gcc

pytest_plugins = ["integration.nvml"]
pytestmark = pytest.mark.integration

HOST = socket.gethostname()
GAUGES = {
    "servescope_gpu_utilization_ratio", "servescope_gpu_memory_used_bytes", "servescope_gpu_memory_total_bytes",
    "servescope_gpu_power_watts", "servescope_gpu_power_limit_watts", "servescope_gpu_temperature_celsius",
    "servescope_gpu_sm_clock_hertz", "GPUUtilization", "GPUMemoryUsed", "GPUMemoryUtilization",
}  # fmt: skip
COUNTERS = {"servescope_gpu_energy_joules_total", "servescope_gpu_ecc_errors_total"}
# Samples this machine every second.
SAMPLING = {"disable_system_metrics": "false", "metric_time_interval": "1"}


def samples(server, prefix=""):
    """All samples of a scrape: values by name and label values."""
    text = server.http.get(server.url("metrics", "/metrics")).text
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith(prefix)
    }


@needs_gcc
def test_cards_are_shown(tmp_path, nvml_stand_in):
    """Each family with its cards and instance; a card that is lost goes, and the failure shows, without a restart."""
    with serving(tmp_path / "server", SAMPLING, {}, nvml_stand_in.environment) as server:
        success = ("servescope_collector_success", "gpu")
        seen = wait_until(lambda: (found := samples(server)).get(success) == 1 and found, "a first sample")
        assert {name for name, *_ in seen} >= GAUGES | COUNTERS
        assert seen["servescope_gpu_power_watts", "0", "GPU-aaaa", "Stand-in G1", HOST] == pytest.approx(71.5)
        instance = ("1:1", "MIG-cccc", "Stand-in G2 MIG 1g.5gb", HOST)
        assert seen["servescope_gpu_memory_used_bytes", *instance] == 1216 * 1024**2
        nvml_stand_in.say("lost 0")
        seen = wait_until(lambda: (found := samples(server)).get(success) == 0 and found, "a sample that fails")
        wait_until(lambda: [key[1] for key in samples(server, "servescope_gpu_power_watts")] == ["1"])
        assert server.ping() == 200


@needs_gcc
def test_without_the_collector(tmp_path, nvml_stand_in):
    """`collectors=-gpu`: the library is there and its cards are not sampled; the families are declared and empty."""
    with serving(tmp_path / "server", SAMPLING | {"collectors": "-gpu"}, {}, nvml_stand_in.environment) as server:
        wait_until(lambda: samples(server, "MemoryUsed"), "a first sample")
        wait_until(lambda: ("servescope_collector_success", "workers") in samples(server), "its end")
        assert ("servescope_collector_success", "gpu") not in samples(server)
        assert not samples(server, "servescope_gpu_")


def test_without_the_library(tmp_path):
    """Families are declared and empty, and the collector has not failed."""
    with serving(tmp_path / "server", SAMPLING, {}, {"LD_LIBRARY_PATH": ""}) as server:
        success = ("servescope_collector_success", "gpu")
        seen = wait_until(lambda: (found := samples(server)).get(success) == 1 and found, "a first sample")
        types = {(name, "gauge") for name in GAUGES} | {(name, "counter") for name in COUNTERS}
        assert server.families().items() >= types
        assert not [key for key in seen if key[0] in GAUGES | COUNTERS]


HOLDER = """
import os

def handle(data, context):
    if data is None:
        return None
    return [str(os.getpid())] * len(data)
"""


@needs_gcc
def test_figures_of_a_worker(tmp_path, nvml_stand_in):
    """Memory, processor time and GPU memory of the worker's own process, under its name; a restart counts on."""
    with serving(tmp_path / "server", SAMPLING, {}, nvml_stand_in.environment) as server:
        pack(server.store / "holder.mar", "holder", HOLDER)
        assert server.register("holder.mar").status_code == 200

        def pid() -> int:
            return int(server.http.post(server.url("inference", "/predictions/holder"), content=b"x").text)

        first = pid()
        nvml_stand_in.say(f"process 0 {first} 123456")
        labels = ("holder", "1.0", "W-9000-holder_1.0")
        name = ("servescope_worker_gpu_memory_bytes", *labels, "0")
        memory = ("servescope_worker_memory_bytes", *labels)
        cpu = ("servescope_worker_cpu_seconds_total", *labels)
        # A scrape may come between the first series of a sample and the last.
        all_three = {name, memory, cpu}
        seen = wait_until(lambda: all_three <= (found := samples(server)).keys() and found, "a sample of the worker")
        assert seen[name] == 123456
        assert seen[memory] > 1024**2
        spent = seen[cpu]
        assert spent > 0
        psutil.Process(first).kill()
        wait_until(lambda: server.manage("GET", "/models/holder").json()[0]["workers"][0]["pid"] not in (0, first))
        again = pid()
        assert again != first
        wait_until(lambda: name not in samples(server), "the GPU memory of the first process to go")
        wait_until(lambda: samples(server).get(cpu, 0) > spent)
