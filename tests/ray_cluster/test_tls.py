"""On a cluster that speaks TLS, workers' connections do, and nobody without a certificate comes near."""

import re
import socket
import ssl
from contextlib import suppress

import pytest

from integration.remote.rig import HANDLER
from integration.server import PATIENCE_S, pack, wait_until
from ray_cluster.asking import fails_for, predict, told
from ray_cluster.cluster import head
from ray_cluster.needed import needed
from servescope.wire.agent import Role, greeting, new_ticket
from tls_files import tls_files

needed("ray")
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tls_files(tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture(scope="module")
def variables(files):
    """Ray's own."""
    return {
        "RAY_USE_TLS": "1",
        "RAY_TLS_SERVER_CERT": files.certificate.path,
        "RAY_TLS_SERVER_KEY": files.key.path,
        "RAY_TLS_CA_CERT": files.authority.path,
    }


@pytest.fixture(scope="module")
def secure(variables):
    """The address of a cluster of one node that speaks TLS."""
    with head(environ=variables) as address:
        yield address


def knock(server):
    """A connection to the port for workers."""
    port = re.search(r"Workers on Ray connect back to \S+, port (\d+)", server.console())[1]
    return socket.create_connection(("127.0.0.1", int(port)), PATIENCE_S)


def hears_nothing(connection):
    """It is cut off after its greeting."""
    with connection, suppress(ConnectionError, ssl.SSLError):
        connection.sendall(greeting(Role.CONTROL, new_ticket()))
        assert connection.recv(1) == b""


def test_it_serves(make, secure, variables, files):
    """By Ray's own certificates; a stranger is cut off."""
    server = make(environ=variables, ray_address=secure)
    assert server.register("told.mar").status_code == 200, server.console()
    large = bytes(range(256)) * 24 * 1024
    assert predict(server, large).content == large
    told(server, "context.metrics.add_counter('Secured', 2)")
    assert server.metrics("Secured", ModelName="told") == 2.0
    hears_nothing(knock(server))
    wait_until(lambda: "to the port for workers is refused: no TLS with it" in server.console())
    hears_nothing(files.connecting().wrap_socket(knock(server), server_hostname="127.0.0.1"))
    wait_until(lambda: "to the port for workers is refused: no such worker is expected" in server.console())


def test_on_a_cluster_that_speaks_in_the_clear(make, variables):
    """`ray_tls` encrypts what goes to the front end, where the nodes have the files too; that they have not is said."""
    server = make(environ={**variables, "RAY_USE_TLS": "0"}, ray_tls="true")
    assert server.register("told.mar", synchronous="false").status_code == 202
    said = "its actor has ended: TLS cannot be set up: the variable RAY_TLS_SERVER_CERT is not set"
    wait_until(lambda: said in server.console())
    files = ", ".join(f"{name}: {path}" for name, path in variables.items() if name != "RAY_USE_TLS")
    config = f"ray: {{runtime_env: {{env_vars: {{{files}}}}}}}\n"
    pack(server.store / "known.mar", "known", HANDLER, config=config)
    assert server.register("known.mar").status_code == 200, server.console()
    assert predict(server, b"hello", "known").text == "hello"


def test_a_file_of_the_front_end_that_is_not_there(make, variables):
    """It is named, and models here are served."""
    server = make(environ={**variables, "RAY_USE_TLS": "0", "RAY_TLS_SERVER_KEY": "/not/there"}, ray_tls="true")
    fails_for(server, "TLS cannot be set up: RAY_TLS_SERVER_KEY=/not/there cannot be read: No such file or directory")
