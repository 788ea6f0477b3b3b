"""One front end through its processes, which are real ones."""

import asyncio
import os
import signal

import psutil
import pytest

from metrics.series import series
from servescope.fleet.offspring.family import Offspring
from servescope.metrics.recording.ports.connections import PortConnections
from servescope.metrics.recording.ports.front_ends import FrontEndRecorder
from servescope.metrics.registry import Registry
from servescope.web.front_ends import front_end as module
from servescope.web.front_ends.front_end import MOST_STARTING, MOST_UNANSWERED, FrontEnd
from servescope.web.front_ends.messages import Terms

pytestmark = pytest.mark.integration


class App:
    """Is asked nothing."""

    body_limit = 1


class World:
    """A front end, and what is counted."""

    def __init__(self, directory, terms):
        self.registry = Registry()
        self.offspring = Offspring(directory)
        ports = PortConnections(self.registry, "inference")
        self.front_end = FrontEnd(1, lambda: terms, App(), ports, FrontEndRecorder(self.registry), self.offspring)

    async def __aenter__(self):
        self.offspring.start()
        return self

    async def __aexit__(self, *_):
        await self.front_end.close(10.0)  # again, where the test has done so
        await self.offspring.close()

    async def until(self, condition):
        while not condition():  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.001)

    def ended(self, reason):
        return series(self.registry, "servescope_front_end_restarts_total").get((reason,), 0)


def run(main):
    asyncio.run(asyncio.wait_for(main(), 60))


def test_one_that_stands_still(tmp_path):
    """Is given MOST_UNANSWERED looks, and replaced; while it answers, any number. It is soon not prompt any more."""

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            for _ in range(3 * MOST_UNANSWERED):
                front_end.watch()
                await front_end.look()
                assert front_end.prompt
            pid = front_end.pid
            os.kill(pid, signal.SIGSTOP)
            for _ in range(MOST_UNANSWERED + 2):
                assert world.ended("hung") == 0
                front_end.watch()
            assert front_end.serving
            assert not front_end.prompt
            await world.until(lambda: front_end.prompt and front_end.pid != pid)
            assert world.ended("hung") == 1

    run(main)


def test_one_that_does_not_come_up(tmp_path):
    """Has longer, and is replaced then."""

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            starting = asyncio.create_task(front_end.start())
            await world.until(lambda: front_end.pid)
            pid = front_end.pid
            os.kill(pid, signal.SIGSTOP)
            for _ in range(MOST_STARTING + 2):
                assert world.ended("hung") == 0
                front_end.watch()
            with pytest.raises(OSError, match="it ended with status -9"):
                await starting
            await world.until(lambda: front_end.serving)
            assert front_end.pid != pid
            assert world.ended("hung") == 1

    run(main)


def test_one_that_is_killed_again_and_again(tmp_path, monkeypatch):
    """Is replaced as soon as the first time: it took connections, so the next one will."""
    monkeypatch.setattr(module, "_LONGEST_PAUSE_S", 3600.0)

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            for killed in range(1, 11):
                pid = front_end.pid
                os.kill(pid, signal.SIGKILL)
                await world.until(lambda pid=pid: front_end.serving and front_end.pid != pid)
                assert world.ended("died") == killed

    run(main)


@pytest.mark.parametrize("turns", [*range(10), 100, 1000])
def test_an_end_while_another_takes_its_place(tmp_path, turns):
    """Waits for nobody, whatever has come of the other until then: nobody is connected to it."""
    others = set(psutil.Process().children())  # of a whole run's tests

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            first = front_end._process
            os.kill(front_end.pid, signal.SIGKILL)
            await world.until(lambda: front_end._process not in (None, first))
            for _ in range(turns):
                await asyncio.sleep(0)
            await front_end.close(3600.0)
            assert front_end.pid == 0
            new = set(psutil.Process().children()) - others
            assert new == {psutil.Process(world.offspring._watcher.pid)}

    run(main)


def test_an_end_before_another_is_tried(tmp_path, monkeypatch):
    """Is not held up by the pause after those that did not come."""
    monkeypatch.setattr(module, "_PAUSE_S", 3600.0)

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            os.kill(front_end.pid, signal.SIGKILL)
            await world.until(lambda: world.ended("died"))
            await front_end.close(3600.0)

    run(main)


def test_a_directory_that_is_gone(tmp_path, monkeypatch):
    """The server's own, which it was started in, is not needed."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            (tmp_path / "here").rmdir()
            pid = front_end.pid
            os.kill(pid, signal.SIGKILL)
            await world.until(lambda: front_end.serving and front_end.pid != pid)

    run(main)


def test_a_certificate_that_cannot_be_read(tmp_path, caplog):
    """Is told of in the log, and the start fails."""

    async def main():
        terms = Terms(1, 60.0, 60.0, b"none", b"none")
        async with World(tmp_path, terms) as world:
            with pytest.raises(OSError, match="it ended with status 0"):
                await world.front_end.start()

    run(main)
    assert "A front end cannot serve: TLS cannot be set up" in caplog.text


def test_what_it_takes(tmp_path):
    """Its processor time is that of all its processes."""

    async def main():
        async with World(tmp_path, Terms(1, 60.0, 60.0)) as world:
            front_end = world.front_end
            await front_end.start()
            await front_end.look()
            before = front_end.census
            assert before.cpu_s > 0
            assert before.memory_bytes > 2**20
            pid = front_end.pid
            os.kill(pid, signal.SIGKILL)
            await world.until(lambda: front_end.serving and front_end.pid != pid)
            await front_end.look()
            assert front_end.census.cpu_s > before.cpu_s

    run(main)
