"""What the server has started: it is known, and ends with the server."""

import asyncio
import errno
import os
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from servescope.fleet.offspring.family import LEDGER, MARKER, Offspring
from servescope.fleet.offspring.handle import started_at
from servescope.fleet.offspring.strays import read_ledger

WAITS = [sys.executable, "-c", "import subprocess, sys\nprint('here', flush=True)\nsubprocess.run(['sleep', '60'])"]


def group(tmp_path):
    """The leader of a process group."""
    return subprocess.Popen(["sleep", "60"], process_group=0, cwd=tmp_path)


def test_a_command_is_run_to_its_end(tmp_path):
    """Status and output as of subprocess.run; it carries the marker, and is the family's only while it runs."""
    offspring = Offspring(tmp_path)
    program = f"import os, sys; print(os.environ[{MARKER!r}], os.getpgrp() == os.getpid()); sys.exit(3)"
    done = offspring.run([sys.executable, "-c", program], timeout=60, errors="replace")
    assert (done.returncode, done.stdout) == (3, f"{os.getpid()} {tmp_path} True\n")
    assert not offspring._groups


def test_a_command_that_takes_too_long(tmp_path):
    """Is ended with what it has started."""
    with pytest.raises(subprocess.TimeoutExpired):
        Offspring(tmp_path).run(
            ["sh", "-c", f"sleep 60 & echo $! > {tmp_path}/child; wait"], timeout=0.5, errors="replace"
        )
    descriptor = None
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(int((tmp_path / "child").read_text()))
    if descriptor is not None:  # it was killed a moment ago
        assert select.select([descriptor], [], [], 20)[0]
        os.close(descriptor)


@pytest.mark.parametrize("shell", ["/bin/sh", "/bin/bash"])
def test_who_is_left_ends_with_the_server(tmp_path, shell):
    """The watcher kills every group that is not over, also a command that a thread still waits for. What a watcher before it
    has noted is forgotten.
    """
    (tmp_path / LEDGER).write_text("1:1\n")
    over, left = group(tmp_path), group(tmp_path)

    async def main(threads):
        offspring = Offspring(tmp_path, shell=shell)
        offspring.start()
        command = asyncio.get_running_loop().run_in_executor(
            threads, lambda: offspring.run(WAITS, timeout=60, errors="replace")
        )
        for each in (over, left):
            offspring.began(each.pid)
        assert over.pid in offspring
        offspring.ended(over.pid)
        assert over.pid not in offspring
        groups: dict[int, int] = {}
        while left.pid not in groups or len(groups) != 2:  # another process writes it
            await asyncio.sleep(0.01)
            groups = read_ledger(_text(tmp_path / LEDGER))
        assert over.pid not in groups
        assert groups[left.pid] == started_at(left.pid)
        await offspring.close()
        with pytest.raises(OSError, match="about to end"):
            offspring.run(WAITS, timeout=60, errors="replace")
        return await command

    with ThreadPoolExecutor(1) as threads:
        assert asyncio.run(main(threads)).returncode == -9
    assert left.wait() == -9
    assert over.poll() is None
    over.kill()
    over.wait()


def _text(path):
    return path.read_text() if path.exists() else ""


def test_a_watcher_that_cannot_be_started(tmp_path, caplog):
    """Is told once, as an image without a shell stays so, and costs nothing else."""

    async def main():
        offspring = Offspring(tmp_path, shell=str(tmp_path / "sh"))
        offspring.start()
        offspring.began(1)
        await asyncio.wait_for(offspring.close(), 20)

    asyncio.run(main())
    assert "Workers could outlive a killed server: their watcher cannot be started" in caplog.text


def test_a_watcher_whose_end_cannot_be_seen(tmp_path, monkeypatch, caplog):
    """Is ended and told, and the server's own end does not wait for it."""

    def refuse(_pid):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "pidfd_open", refuse)

    async def main():
        offspring = Offspring(tmp_path)
        offspring.start()
        await asyncio.wait_for(offspring.close(), 20)

    asyncio.run(main())
    assert "their watcher cannot be started: [Errno 24] Too many open files" in caplog.text
