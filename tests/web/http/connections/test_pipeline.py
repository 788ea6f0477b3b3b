"""Requests that wait: in their order, and no more of them than a connection may have."""

import pytest

from servescope.web.http.connections.pipeline import Pipeline
from servescope.web.http.request import Request


def test_order():
    """First come, first served; none is an error."""
    pipeline = Pipeline()
    first, second = Request(path="/1"), Request(path="/2")
    pipeline.put(first)
    pipeline.put(second)
    assert [pipeline.take(), pipeline.take()] == [first, second]
    assert not pipeline
    with pytest.raises(IndexError):
        pipeline.take()


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        (Request(), 64),
        (Request(size=300_000), 4),
        (Request(target=b"/" + b"x" * 250_000), 3),
        (Request(headers=[(b"a", b"")] * 1000), 6),
        (Request(headers=[(b"a", b"x" * 300_000)]), 4),
    ],
)
def test_full(request_, count):
    """By their number, or by the memory that bodies, targets and headers take; not when they are gone."""
    pipeline = Pipeline()
    for _ in range(2):
        for _ in range(count):
            assert not pipeline.full
            pipeline.put(request_)
        assert pipeline.full
        while pipeline:
            pipeline.take()
        assert not pipeline.full
