"""Ids of requests: UUIDs that differ, or the client's own where it can be carried."""

import re
from itertools import islice

from servescope.web.http.request_id import given_or_new_id, new_request_id, uuids

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}")


def test_they_differ():
    """And are UUIDs of version 4."""
    ids = [new_request_id() for _ in range(10_000)]
    assert len(set(ids)) == 10_000
    assert all(UUID.fullmatch(one) for one in ids)


def test_counting_wraps():
    """A seed at the end of the numbers begins anew at zero, and keeps the rest of it."""
    ids = list(islice(uuids("f" * 32), 0x1001))
    assert ids[0] == "ffffffff-ffff-4fff-afff-fffffffff000"
    assert ids[0xFFF] == "ffffffff-ffff-4fff-afff-ffffffffffff"
    assert ids[0x1000] == "ffffffff-ffff-4fff-afff-000000000000"


def test_a_clients_own():
    """Is taken where it is 1 to 128 printable characters; anything else gets a new one."""
    assert given_or_new_id(b"checkout 42") == "checkout 42"
    for odd in (b"", b"x" * 129, b"a\tb", "ü".encode()):
        assert UUID.fullmatch(given_or_new_id(odd))
