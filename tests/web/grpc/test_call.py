"""Who a call is from, by gRPC's word for the other end of its connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("grpc", reason="grpcio is not installed: make test-grpc has it")

from servescope.web.grpc.call import address_of


@pytest.mark.parametrize(
    ("peer", "address"),
    [
        ("ipv4:127.0.0.1:50000", ("127.0.0.1", 50000)),
        ("ipv6:%5B::1%5D:50000", ("::1", 50000)),
        ("ipv6:[fe80::1%25eth0]:1", ("fe80::1%25eth0", 1)),
        ("unix:", None),
        ("unix:/tmp/a:1", None),
        ("ipv4:127.0.0.1", None),
        ("ipv4:127.0.0.1:", None),
        ("", None),
    ],
)
def test_the_other_end(peer: str, address: tuple[str, int] | None):
    """Host and port, or nothing that is known."""
    assert address_of(peer) == address


@given(st.text())
def test_whatever_grpc_says(peer: str):
    """It is an address or none."""
    found = address_of(peer)
    assert found is None or isinstance(found[1], int)
