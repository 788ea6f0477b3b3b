"""A Ray cluster of two nodes on this machine, to be run where nobody else has ports (`unshare -n` with the loopback up).

In: nothing. Out: its address, its nodes, and who of its processes, actors and files are left.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from integration.server import free_ports, wait_until

OBJECT_STORE = 200 << 20


def start():
    """A head and another node, of two CPUs each."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": OBJECT_STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    cluster.add_node(**node, resources={"second": 1})
    return cluster


@contextmanager
def ray_start(*options, environ=None, before=(), program=("-m", "ray.scripts.scripts")):
    """A node in processes of its own, started as `ray start` does, by the command `before`."""
    fixed = ("start", "--num-cpus=2", f"--object-store-memory={OBJECT_STORE}", "--block")
    words = [*before, sys.executable, *program, *fixed, *options]
    with subprocess.Popen(words, env={**os.environ, **(environ or {})}, stdout=subprocess.DEVNULL) as node:
        try:
            yield node
        finally:
            below = psutil.Process(node.pid).children(recursive=True) if node.poll() is None else []
            for process in [*below, node]:
                with suppress(psutil.NoSuchProcess):  # many end with the one before
                    process.kill()  # in order it would wait 30 s for actors


@contextmanager
def head(*options, **more):
    """The address of a cluster of one node of this kind, on the loopback, once somebody is there."""
    (port,) = free_ports(1)
    fixed = ("--head", f"--port={port}", "--node-ip-address=127.0.0.1", "--include-dashboard=false")
    with ray_start(*fixed, *options, **more) as node:
        wait_until(lambda: node.poll() is not None or answers(port), "the head")
        assert node.poll() is None, "the head has ended"
        yield f"127.0.0.1:{port}"


def answers(port):
    """Whether somebody listens there."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def patiently(condition, what=""):
    """Wait for what takes Ray its time, on a machine with other things to do."""
    for _ in range(3):
        with suppress(AssertionError):
            return wait_until(condition, what)
    return wait_until(condition, what)


def asked(address, expression):
    """What an expression of `ray` comes to in a process of its own, as this one must not be a driver."""
    code = f"import json, ray; ray.init(address={address!r}, log_to_driver=False); print(json.dumps({expression}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    return json.loads(said.splitlines()[-1])


def free_cpus(address):
    """How many processors no actor has."""
    return asked(address, "ray.available_resources().get('CPU', 0)")


def left_files():
    """What is left of models on this machine."""
    return [path.name for path in Path(tempfile.gettempdir()).glob(f"servescope-{os.geteuid()}/*")]


def all_gone(address):
    """Wait until no actor has anything, and no file is left."""
    wait_until(lambda: not left_files(), "the models' files to go")
    wait_until(lambda: free_cpus(address) == 4.0, "the actors to go")
