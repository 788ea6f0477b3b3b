"""Workers on a real Ray cluster serve as local ones do, and leave nothing behind."""

import re
import subprocess
from pathlib import Path

import pytest

from integration.remote.rig import HANDLER
from integration.server import COMMAND, pack, wait_until
from ray_cluster.asking import predict, told
from ray_cluster.cluster import all_gone, asked, head, left_files, patiently
from ray_cluster.needed import needed

needed("ray")
DRIVER = "servescope.fleet.backends.ray.driver"
pytestmark = pytest.mark.integration


def test_it_serves_and_goes(make, cluster):
    """From registering to unregistering, with the model's files once on the machine and removed at the end."""
    server = make()
    assert server.register("told.mar").status_code == 200
    assert predict(server, b"hello").text == "hello"
    large = bytes(range(256)) * 24 * 1024
    assert predict(server, large).content == large
    directory = told(server, "answer = context.system_properties['model_dir']")
    assert Path(directory).name in left_files()
    assert server.manage("PUT", "/models/told", min_worker=3, max_worker=3, synchronous="true").status_code == 200
    assert len([name for name in left_files() if not name.startswith("agent-") and not name.endswith(".lock")]) == 1
    assert server.manage("DELETE", "/models/told").status_code == 200
    all_gone(cluster.address)


def test_the_front_end_has_no_ray(make):
    """Its driver has, which is a process of its own."""
    server = make()
    assert server.register("told.mar").status_code == 200
    assert "_raylet" not in Path(f"/proc/{server.process.pid}/maps").read_text()
    drivers = [process for process in server.family() if DRIVER in process.cmdline()]
    assert "_raylet" in Path(f"/proc/{drivers[0].pid}/maps").read_text()


def test_a_server_that_wants_none_has_no_driver(make):
    """A model with `backend: process` runs here, on a server that runs others on Ray."""
    server = make("backend: process\n")
    assert server.register("told.mar").status_code == 200
    assert told(server, "answer = os.getppid()") == str(server.process.pid)
    assert not [process for process in server.family() if DRIVER in process.cmdline()]


def test_mixed(make, cluster):
    """One model there, one here, on a server whose workers are processes unless a model says otherwise."""
    server = make(worker_backend="process")
    pack(server.store / "there.mar", "there", HANDLER, config="backend: ray\n")
    assert server.register("told.mar").status_code == server.register("there.mar").status_code == 200
    here, there = (told(server, "answer = 'RAY_JOB_ID' in os.environ", model) for model in ("told", "there"))
    assert (here, there) == ("False", "True")


def test_what_a_model_asks_for(make, cluster):
    """Resources, variables and a node are as its yaml says."""
    node = asked(cluster.address, "[n['NodeID'] for n in ray.nodes() if 'second' in n['Resources']][0]")
    config = f"""
ray:
  num_cpus: 0.5
  resources: {{second: 0.25}}
  placement: node:{node[:12]}
  runtime_env: {{env_vars: {{GREETING: hello}}}}
"""
    server = make(config)
    assert server.register("told.mar").status_code == 200, server.console()
    assert told(server, "answer = os.environ['GREETING']") == "hello"
    free = asked(cluster.address, "ray.available_resources()")
    assert (free["second"], free["CPU"]) == (0.75, 3.5)


def test_metrics(make):
    """What a handler has measured before its answer is in the next scrape; so is what it crashed after."""
    server = make()
    assert server.register("told.mar").status_code == 200
    for count in range(1, 6):
        told(server, "context.metrics.add_counter('Remote', 2)")
        assert server.metrics("Remote", ModelName="told") == 2.0 * count
    assert predict(server, b"do context.metrics.add_counter('Remote', 90); os._exit(5)").status_code != 200
    wait_until(lambda: server.metrics("Remote", ModelName="told") == 100.0)
    wait_until(lambda: server.metrics("servescope_worker_restarts_total", model_name="told", reason="exit") == 1.0)
    wait_until(lambda: predict(server, b"again").status_code == 200)


def test_what_it_takes_of_its_node(make, cluster):
    """Memory and processor time are those of its process there, under its node; both go with it."""
    server = make(metric_time_interval="1", disable_system_metrics="false")
    assert server.register("told.mar").status_code == 200
    told(server, "sys.kept = b'x' * (300 << 20); sum(range(30_000_000))")
    of = {"model_name": "told"}
    wait_until(lambda: (server.metrics("servescope_worker_memory_bytes", **of) or 0) > 300 << 20)
    wait_until(lambda: (server.metrics("servescope_worker_cpu_seconds_total", **of) or 0) > 0.3)
    described = server.manage("GET", "/models/told").json()[0]["workers"][0]
    assert described["memoryUsage"] > 300 << 20
    nodes = [node[:12] for node in asked(cluster.address, "[n['NodeID'] for n in ray.nodes() if n['Alive']]")]
    (node,) = [node for node in nodes if server.metrics("servescope_worker_node_info", node=node, **of)]
    (listed,) = server.http.get(server.url("metrics", "/console/api/models/told")).json()["worker_list"]
    (asked_for,) = server.http.get(server.url("management", "/readyz/models")).json()["models"][0]["workers"]
    assert listed["node"] == asked_for["node"] == node
    status = [*COMMAND, "status", "--management-address", server.url("management", "")]
    assert node in subprocess.run(status, capture_output=True, text=True, check=True, timeout=60).stdout
    assert server.manage("PUT", "/models/told", min_worker=0, max_worker=0, synchronous="true").status_code == 200
    assert server.metrics("servescope_worker_node_info", **of) is None
    wait_until(lambda: server.metrics("servescope_worker_memory_bytes", **of) is None)


def infos(server):
    """The lines of /metrics that tell where workers are that run elsewhere than here."""
    lines = server.http.get(server.url("metrics", "/metrics")).text.splitlines()
    return [line for line in lines if "servescope_worker_node_info{" in line and 'host="elsewhere"' in line]


def test_another_host(make):
    """Its processors, memory and disk are shown under its name, once, however many workers it has, and go with its node."""
    other = ("unshare", "--uts", "sh", "-c", 'hostname elsewhere; exec "$@"', "sh")
    with head(before=other) as address:
        config = "ray: {num_cpus: 1}\nminWorkers: 2\nmaxWorkers: 2\n"
        server = make(config, ray_address=address, metric_time_interval="1", disable_system_metrics="false")
        assert server.register("told.mar", synchronous="false").status_code == 202
        patiently(lambda: len(infos(server)) == 2, "two workers")
        for name in ("CPUUtilization", "MemoryUsed", "DiskUtilization"):
            wait_until(lambda name=name: server.metrics(name, Hostname="elsewhere") is not None)
            page = server.http.get(server.url("metrics", "/metrics")).text
            assert len(re.findall(rf'^{name}{{[^}}]*Hostname="elsewhere"', page, re.MULTILINE)) == 1
            assert len(re.findall(rf"^{name}{{", page, re.MULTILINE)) == 2
        assert server.metrics("servescope_collector_success", collector="cpu") == 1.0
        assert server.manage("PUT", "/models/told", min_worker=1, max_worker=1, synchronous="true").status_code == 200
        assert server.metrics("CPUUtilization", Hostname="elsewhere") is not None
    wait_until(lambda: server.metrics("CPUUtilization", Hostname="elsewhere") is None)


def test_lines(make):
    """What it prints is in the model log."""
    server = make()
    assert server.register("told.mar").status_code == 200
    told(server, "print('said on a node')")
    wait_until(lambda: "said on a node" in (server.directory / "logs" / "model_log.log").read_text())


def test_a_child_of_the_handler_ends_with_it(make):
    """However the worker ends."""
    server = make()
    assert server.register("told.mar").status_code == 200
    child = told(server, "answer = subprocess.Popen(['sleep', '600']).pid")
    predict(server, b"do os._exit(3)")
    wait_until(lambda: not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes())


def test_no_single_node_has_room(make, cluster):
    """Though all of them together have: it is pending, with what each would have to have."""
    server = make("ray: {num_cpus: 1, placement: spread}\nminWorkers: 2\nmaxWorkers: 2\n")
    pack(server.store / "large.mar", "large", HANDLER, config="ray: {num_cpus: 2}\n")
    assert server.register("told.mar").status_code == 200
    answer = server.register("large.mar")
    assert answer.status_code == 202
    assert "waits for a place: it needs 2 CPU on one node; the one with most of that free, " in answer.text
    assert "), has 1 CPU" in answer.text
    assert server.metrics("servescope_workers", model_name="large", state="pending") == 1.0
    assert server.manage("PUT", "/models/told", min_worker=1, max_worker=1, synchronous="true").status_code == 200
    wait_until(lambda: predict(server, b"x", "large").status_code == 200)
    assert server.metrics("servescope_workers", model_name="large", state="pending") == 0.0


def test_it_waits_for_a_place(make, cluster):
    """What it waits for is said; a server that stops, or scales down, does not wait with it."""
    server = make("ray: {num_cpus: 3}\n")
    answer = server.register("told.mar", synchronous="false")
    assert answer.status_code == 202
    text = "A worker of told 1.0 waits for a place on Ray: it needs 3 CPU; no node of the cluster has more than 2"
    wait_until(lambda: text in server.console())
    assert server.manage("PUT", "/models/told", min_worker=0, synchronous="true").status_code == 200
    assert server.manage("PUT", "/models/told", min_worker=1, synchronous="false").status_code == 202
    server.process.terminate()
    assert server.process.wait(30) == 0
    all_gone(cluster.address)
