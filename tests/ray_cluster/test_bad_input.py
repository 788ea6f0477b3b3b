"""What cannot be started on Ray is said clearly, and the server goes on serving what it can."""

import platform
import secrets
import shutil
import socket
from pathlib import Path

import pytest

import servescope
from integration.remote.rig import HANDLER
from integration.server import free_ports, pack
from ray_cluster.asking import fails_for
from ray_cluster.cluster import OBJECT_STORE, head
from ray_cluster.needed import needed

needed("ray")
pytestmark = pytest.mark.integration


def test_no_cluster(make):
    """Where nobody listens."""
    (port,) = free_ports(1)
    fails_for(make(ray_address=f"127.0.0.1:{port}"), f"ray_address=127.0.0.1:{port}: there is no cluster: [Errno 111]")


def test_something_else_at_the_address(make, tmp_path):
    """A port of this server's own, which is no head."""
    (port,) = free_ports(1)
    server = make(metrics_address=f"http://127.0.0.1:{port}", ray_address=f"ray://127.0.0.1:{port}")
    fails_for(server, f"ray_address=ray://127.0.0.1:{port}: ")


def test_no_such_node(make):
    """The nodes that there are are named."""
    fails_for(
        make("ray: {placement: 'node:nowhere'}\n"),
        "placement=node:nowhere: the cluster has no such node; it has ",
    )


def test_another_version(make, tmp_path):
    """Of Servescope on the node, whose agent tells both."""
    own = Path(servescope.__file__).parent
    other = shutil.copytree(own, tmp_path / "other" / "servescope", ignore=shutil.ignore_patterns("__pycache__"))
    (other / "__init__.py").write_text('__version__ = "0.0.1"\n')
    server = make(f"ray: {{runtime_env: {{env_vars: {{PYTHONPATH: {other.parent}}}}}}}\n")
    fails_for(server, f"its node has Servescope 0.0.1, the front end {servescope.__version__}")


OTHER = """
import sys, ray
ray._private.utils.compute_version_info = lambda: {versions}
from ray.scripts.scripts import main
sys.exit(main())
"""


def test_a_cluster_of_another_version(make):
    """Of Ray and of Python: both are told of both sides."""
    own = {"ray": needed("ray").__version__, "python": platform.python_version()}
    theirs = {"ray": "2.1.0", "python": "3.10.1"}
    with head(program=("-c", OTHER.format(versions=tuple(theirs.values())))) as address:
        there, here = (f"Ray {found['ray']} and Python {found['python']}" for found in (theirs, own))
        said = f"ray_address={address}: the cluster has {there}, this server {here}; they must be the same"
        fails_for(make(ray_address=address), said)


def test_a_cluster_that_asks_for_a_token(make):
    """That it may is said to who has none; who has it is served."""
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with head(environ=token) as address:
        said = f"ray_address={address}: ConnectionError: Failed to connect to Ray cluster at {address}. Somebody listens there"
        server = make(ray_address=address, environ={"RAY_NUM_REDIS_GET_RETRIES": "3"})  # a second each, else 20
        fails_for(server, said)
        server.process.terminate()
        assert server.process.wait(5) == 0, server.console()
        server = make(ray_address=address, environ=token)
        assert server.register("told.mar").status_code == 200, server.console()
        server.process.terminate()
        assert server.process.wait(30) == 0


@pytest.mark.parametrize("address", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machines(make, address):
    """Workers cannot connect back to it: the option is named."""
    fails_for(make(ray_worker_address=address), f"ray_worker_address={address}:0: workers cannot connect back to it: ")


def test_a_port_that_is_taken(make):
    """By somebody else, on this machine."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        place = f"127.0.0.1:{other.getsockname()[1]}"
        fails_for(
            make(ray_worker_address=place), f"ray_worker_address={place}: workers cannot connect back to it: [Errno 98]"
        )


def test_a_requirement_that_cannot_be_installed(make):
    """It is named, with what pip says of it."""
    server = make("ray: {runtime_env: {pip: [no-such-requirement==0.1]}}\n")
    fails_for(
        server,
        "its actor has ended: runtime_env cannot be prepared: No matching distribution found for no-such-requirement==0.1",
    )


def test_an_archive_too_large_for_the_object_store(make):
    """Both sizes are told."""
    server = make()
    pack(server.store / "told.mar", "told", HANDLER, files={"weights": "0" * (OBJECT_STORE + 1)})
    fails_for(server, f"the object store of a node {OBJECT_STORE}")
