"""A Ray cluster of two nodes on this machine, to be run where nobody else has ports (`unshare -n` with the loopback up).

In: nothing. Out: its address, its nodes, and who of its processes, actors and files are left.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from integration.server import wait_until

OBJECT_STORE = 200 << 20


def start():
    """A head and another node, of two CPUs each."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": OBJECT_STORE}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    cluster.add_node(**node, resources={"second": 1})
    return cluster


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
    return [path.name for path in Path(tempfile.gettempdir()).glob("servescope-[0-9]*/*")]


def all_gone(address):
    """Wait until no actor has anything, and no file is left."""
    wait_until(lambda: not left_files(), "the models' files to go")
    wait_until(lambda: free_cpus(address) == 4.0, "the actors to go")
