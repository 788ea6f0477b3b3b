"""How connections between front end and workers elsewhere are set."""

import socket
from contextlib import contextmanager

import pytest

from servescope.wire.tcp import IDLE_S, SAME_MACHINE_BUFFER, prepare


@contextmanager
def connected(host, own):
    """Both ends of a connection to an address, from another."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with (
        socket.create_server((host, 0), family=family) as server,
        socket.create_connection(server.getsockname()[:2], source_address=(own, 0)) as near,
        server.accept()[0] as far,
    ):
        yield near, far


@pytest.mark.parametrize(("host", "own"), [("127.0.0.1", "127.0.0.1"), ("127.0.0.1", "127.0.0.2"), ("::1", "::1")])
def test_small_frames_go_at_once_and_the_other_end_is_looked_for(host, own):
    """At either end, whatever kind of address it is."""
    with connected(host, own) as ends:
        for end in ends:
            prepare(end)
            assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            assert end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == IDLE_S


@pytest.mark.parametrize(("own", "bounded"), [("127.0.0.1", True), ("127.0.0.2", False)])
def test_buffers_are_the_systems_between_machines(own, bounded):
    """Which other addresses stand for; on one machine what is on its way is bounded. Linux doubles what it is told."""
    with connected("127.0.0.1", own) as ends:
        for end in ends:
            before = end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            prepare(end)
            after = end.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)
            assert after == (2 * SAME_MACHINE_BUFFER if bounded else before)
