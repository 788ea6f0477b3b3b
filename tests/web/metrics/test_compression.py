"""Gzip: who gets it, and that it unpacks."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.web.metrics.compression import compressed, takes_gzip


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", False),
        ("gzip", True),
        ("GZip;Q=0.5", True),
        ("deflate, gzip;q=1.0, *;q=0.5", True),
        ("x-gzip", True),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=0.000", False),
        ("identity", False),
        ("br, deflate", False),
        ("gzip;q=x", False),
    ],
)
def test_who_gets_it(header, wanted):
    """Whoever names it or takes anything, with a quality above zero."""
    assert takes_gzip(header) is wanted


@given(st.text())
def test_no_header_raises(header):
    """Whatever a client sends."""
    assert takes_gzip(header) in (True, False)


@given(st.lists(st.binary(max_size=200_000), max_size=4))
def test_it_unpacks(pieces):
    """A piece for each, and the end."""
    packed = list(compressed(iter(pieces)))
    assert len(packed) == len(pieces) + 1
    assert gzip.decompress(b"".join(packed)) == b"".join(pieces)
