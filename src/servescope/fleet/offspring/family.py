"""The processes that this server has started: who they are, and that they end with it.

`backends.process` launches workers and `serving.registration` runs pip; each tells of the group that it has made. A watcher
(`offspring.watcher`) is told so too, through a pipe whose other end nobody else has: when the server ends, be it by SIGKILL, the
pipe does, and the watcher kills every group that is left. Made by `server.processes`.
"""

import asyncio
import logging
import os
import signal
import subprocess
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from servescope.fleet.offspring.handle import Handle, started_at

# In the environment of all that a server starts: its process id and its workspace, by which they are known to be its own.
MARKER: Final = "SERVESCOPE_SERVER"
LEDGER: Final = ".offspring"
WATCHER: Final = Path(__file__).with_name("watcher.sh")

_RESTART_S = 1.0
_END_S = 5.0

logger = logging.getLogger("servescope.fleet")


class Offspring:
    """Process groups by their leaders' ids. `workspace`: the server's own directory, where the watcher keeps its ledger.

    `marker`: what the environment of each process must have. `shell`: what runs the watcher. May be told of groups from any thread.
    """

    def __init__(self, workspace: Path, shell: str = "/bin/sh") -> None:
        self._shell = shell
        self.marker = {MARKER: f"{os.getpid()} {workspace}"}
        self._ledger = workspace / LEDGER
        self._groups: set[int] = set()
        self._watcher: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._lock = threading.Lock()
        self._closing = False
        self._over = asyncio.Event()

    def __contains__(self, pid: int) -> bool:
        """Whether a process is the server's own child, for whose end somebody waits."""
        return pid in self._groups or (self._watcher is not None and pid == self._watcher.pid)

    def start(self) -> None:
        """Have a watcher, and another one when it is gone. On the loop's thread."""
        if self._closing:
            return
        far, near = os.pipe()
        try:
            self._watcher, held = self._launch(far)
        except OSError as error:
            os.close(near)
            logger.error("Workers could outlive a killed server: their watcher cannot be started: %s", error)
            if not isinstance(error, FileNotFoundError):  # an image without a shell stays so
                asyncio.get_running_loop().call_later(_RESTART_S, self.start)
            return
        finally:
            os.close(far)
        os.set_blocking(near, False)
        with self._lock:
            self._pipe = near
            for pid in self._groups:
                self._tell(_begun(pid))
        self._observe(self._watcher, held)

    def _launch(self, stdin: int) -> "tuple[subprocess.Popen[bytes], Handle]":
        """A watcher, and a hold on it."""
        program = [self._shell, str(WATCHER), str(self._ledger)]
        process = subprocess.Popen(
            program,
            stdin=stdin,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,  # so that nobody who ends the server's group or session ends it as well
        )
        try:
            return process, Handle(process.pid)
        except BaseException:  # nobody would learn of its end
            process.kill()
            process.wait()
            raise

    def _observe(self, process: "subprocess.Popen[bytes]", held: Handle) -> None:
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(held.descriptor)
            held.close()
            process.wait()
            self._hang_up()
            self._over.set()
            if not self._closing:
                logger.warning("The workers' watcher, process %d, is gone; another takes its place", process.pid)
                self._over.clear()
                loop.call_later(_RESTART_S, self.start)

        loop.add_reader(held.descriptor, ended)

    def began(self, pid: int) -> None:
        """There is a process that leads a group, or is about to."""
        with self._lock:
            self._groups.add(pid)
            self._tell(_begun(pid))

    def ended(self, pid: int) -> None:
        """It is over, and its group is empty."""
        with self._lock:
            if pid in self._groups:
                self._groups.discard(pid)
                self._tell(f"- {pid}\n")

    def _tell(self, line: str) -> None:
        if self._pipe is None:
            return
        try:
            os.write(self._pipe, line.encode())
        except BlockingIOError:  # it has not listened for thousands of lines: the next one is told everything
            if self._watcher is not None:
                self._watcher.kill()
        except OSError:
            pass  # it is gone, and the next one is told everything

    def run(self, command: Sequence[str], *, timeout: float, errors: str) -> "subprocess.CompletedProcess[str]":
        """As `subprocess.run` with its output captured as text, in a group that ends with the command or the server.

        Raises:
            OSError: it cannot be started, or the server is about to end.
            TimeoutExpired: it took more than `timeout` seconds.
        """
        if self._closing:
            raise OSError("the server is about to end")
        with subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **self.marker},
            text=True,
            errors=errors,
            process_group=0,
        ) as process:
            self.began(process.pid)
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                end_group(process.pid)
                raise
            finally:
                process.wait()
                self.ended(process.pid)
        return subprocess.CompletedProcess(list(command), process.returncode, out, err)

    def _hang_up(self) -> None:
        with self._lock:
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            os.close(pipe)

    async def close(self) -> None:
        """The server ends: so does what is left of them, and the watcher."""
        self._closing = True
        self._hang_up()
        if self._watcher is None or self._watcher.returncode is not None:
            return
        try:
            await asyncio.wait_for(self._over.wait(), _END_S)
        except TimeoutError:
            self._watcher.kill()
            await self._over.wait()


def _begun(pid: int) -> str:
    """What the watcher is told of a group that is there."""
    return f"+ {pid} {started_at(pid)}\n"


def end_group(leader: int) -> bool:
    """Kill a process group; whether there was anybody."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
        return True
    return False
