"""Memory that was in use is the next body's, while there is little of it, and for a while."""

import asyncio
import gc
import os

import pytest

from servescope.web.front_ends.child import spares as module
from servescope.web.front_ends.child.spares import MOST, MOST_BYTES, Spares


def descriptors():
    return len(os.listdir("/proc/self/fd"))


def used(spares, size):
    """A body of it, that is longer than it was written."""
    body = spares.empty()
    if size:
        os.pwrite(body.descriptor, b"x", size - 1)
    body.append(b"a")
    return body


def inode(body):
    return os.fstat(body.descriptor).st_ino


async def until(holds):
    """For half a minute at most."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # of a timer's doing nobody is told
            await asyncio.sleep(0.01)


def run(act):
    """`act` with spares; nothing of them stays."""

    async def scene():
        gc.collect()  # what other tests have left
        before = descriptors()
        spares = Spares()
        await act(spares, lambda: descriptors() - before)
        spares.close()
        assert descriptors() == before

    asyncio.run(scene())


def test_it_is_used_again():
    """The one first that was in use last, and it is empty."""

    async def act(spares, _):
        bodies = [used(spares, 100) for _ in range(3)]
        found = [inode(body) for body in bodies]
        while bodies:
            bodies.pop(0)
        again = [spares.empty() for _ in range(4)]
        assert [inode(body) for body in again[:3]] == found[::-1]
        assert inode(again[3]) not in found
        assert [len(body) for body in again] == [0] * 4
        again[0].append(b"new")
        assert again[0].read() == again[0].mapped() == b"new"

    run(act)


def test_what_somebody_may_read_is_not():
    """It is closed."""

    async def act(spares, open_now):
        body = used(spares, 100)
        body.tell()
        del body
        assert open_now() == 0

    run(act)


@pytest.mark.parametrize(("size", "kept"), [(0, 1), (MOST_BYTES, 1), (MOST_BYTES + 1, 0)])
def test_a_large_one_goes(size, kept):
    """At once."""

    async def act(spares, open_now):
        used(spares, size)
        assert open_now() == kept

    run(act)


@pytest.mark.parametrize(("size", "most"), [(1, MOST), (MOST_BYTES // 4, 4), (MOST_BYTES // 4 + 1, 3)])
def test_there_are_few(size, most):
    """And little: those in use longest ago go."""

    async def act(spares, open_now):
        bodies = [used(spares, size) for _ in range(MOST + 3)]
        last = inode(bodies[-1])
        while bodies:
            bodies.pop(0)
        assert open_now() == most
        assert inode(spares.empty()) == last

    run(act)


def test_it_is_given_back(monkeypatch):
    """When no body has had use for it for a while; what is in use stays."""
    monkeypatch.setattr(module, "IDLE_S", 0.05)

    async def act(spares, open_now):
        body = used(spares, 10)
        used(spares, 10)
        assert open_now() == 2
        await until(lambda: open_now() == 1)
        assert body.read() == b"a"
        del body
        await until(lambda: open_now() == 0)

    run(act)


def test_one_that_could_not_be_had(monkeypatch):
    """Is not kept either."""
    monkeypatch.setattr(module, "scarce", lambda _: True)

    async def act(spares, open_now):
        used(spares, 10)
        assert open_now() == 0

    run(act)
