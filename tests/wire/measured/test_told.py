"""What an agent tells of a worker's measurements is read once, and can be asked for."""

import asyncio

from servescope.wire.measured.told import A_PART, ToldReader
from servescope.wire.measured.update import MetricUpdate


def updates(count):
    return [MetricUpdate("counter", "c", "", [], [], float(number), "") for number in range(count)]


def test_taken_once():
    """In order, as many as are wanted."""
    reader = ToldReader(lambda: None)
    reader.tell(updates(5), last=False)
    assert [update.value for update in reader.take(most=2)] == [0.0, 1.0]
    assert [update.value for update in reader.take()] == [2.0, 3.0, 4.0]
    assert reader.take(final=True) == []


def test_parts():
    """A little at a time, and others may take in between."""
    reader = ToldReader(lambda: None)
    reader.tell(updates(A_PART * 3), last=False)
    parts = reader.parts()
    assert len(next(parts)) == A_PART
    assert len(reader.take(most=A_PART)) == A_PART
    assert sum(map(len, parts)) == A_PART


def test_asked():
    """Once for all who wait, done with the last of the answer, and by the end of the worker."""

    async def main():
        asked = []
        reader = ToldReader(lambda: asked.append(1))
        first = reader.ask()
        assert reader.ask() is first
        reader.tell(updates(1), last=False)
        assert not first.done()
        reader.tell([], last=True)
        assert first.done()
        second = reader.ask()
        reader.close()
        assert second.done()
        assert reader.ask() is None
        assert len(asked) == 2

    asyncio.run(main())
