"""One process of a worker, from its launch to its end: its link, what it said when it had loaded, and why it ended.

Made by `fleet.worker.worker` for each start, which passes on what the backend tells it. A life that was refused is on its way out.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from servescope.fleet.launch import Backend, LaunchPlan, WorkerEvents, WorkerLink
from servescope.fleet.worker.work import Ending
from servescope.metrics.recording.processes import Elsewhere
from servescope.wire.messages import Load, Loaded, Stop, ToWorker
from servescope.wire.spooled.body import Attachment

STOP_GRACE_S = 5.0


def _nowhere(_message: ToWorker, _attachments: Sequence[Attachment] = ()) -> None:
    """There is no process to send to."""


def _unexplained(_status: int) -> Ending:
    return Ending("stopped", "its worker has gone")


class Life:
    """`explain`: why a process ended that nobody here had ended, by its exit status.

    `send`: sends a message with its attachments; nothing happens where there is no process. `verdict`: why it was ended from
    here. `leaving`: it has ended, and what it said last is still coming in. `waits_for`: what there is no place to run at for
    want of, "" where there is one, or will be.
    """

    def __init__(self, explain: Callable[[int], Ending]) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self.verdict: Ending | None = None
        self.leaving = False
        self.waits_for = ""
        self._waited_s, self._waits_since = 0.0, 0.0
        self._explain = explain
        self.send: Callable[[ToWorker, Sequence[Attachment]], None] = _nowhere
        self._link: WorkerLink | None = None
        self._launching: asyncio.Future[WorkerLink] | None = None
        self._called_off = False
        self._loaded: asyncio.Future[Loaded] = loop.create_future()
        self._ended: asyncio.Future[int] = loop.create_future()
        self._grace: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 while there is no process."""
        return self._link.pid if self._link is not None else 0

    @property
    def elsewhere(self) -> Elsewhere | None:
        """What is told of its process, where that is on another machine."""
        return self._link.elsewhere if self._link is not None else None

    @property
    def doomed(self) -> bool:
        """Whether it ends, so that whoever is given work now would lose it."""
        return self.verdict is not None or self.leaving

    @property
    def waited_s(self) -> float:
        """For how many seconds there was no place to run at."""
        return self._waited_s + (self._loop.time() - self._waits_since if self.waits_for else 0.0)

    def placing(self, why: str) -> None:
        """See `WorkerEvents`."""
        self._waited_s, self._waits_since = self.waited_s, self._loop.time()
        self.waits_for = why

    async def launch(self, backend: Backend, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> None:
        """Start the process.

        Raises:
            OSError: it cannot be started, or was ended before.
        """
        self._launching = asyncio.ensure_future(backend.launch(plan, directory, events))
        try:
            link = self._link = await self._launching
            self.send = link.send
        except OSError:
            self._ended.set_result(1)
            raise
        except asyncio.CancelledError:
            self._ended.set_result(1)
            if self._called_off:
                raise OSError("it was ended before it had begun") from None
            raise
        finally:
            self._launching = None
            self.placing("")

    async def load(self, timeout_s: float) -> Loaded:
        """Wait until it has loaded the model, as it was told to."""
        await asyncio.wait((self._loaded, self._ended), timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if self._loaded.done():
            loaded = self._loaded.result()
            if loaded.code != 200:
                reason = "oom" if loaded.code == 507 else "load_error"
                self.refused(Ending(reason, loaded.message, loaded.code))
                return loaded
            if not self._ended.done():
                return loaded
        if self._ended.done():
            return self.refused(self._explain(self._ended.result()))
        return self.refused(Ending("timeout", f"did not load within {timeout_s:g} s"))

    def refused(self, ending: Ending) -> Loaded:
        """End it, as it does not get to work; what to say of its load."""
        self.verdict = ending
        self.kill()
        return Loaded(ending.code, ending.text, False)

    def tell_to_load(self, load: Load) -> float:
        """Have it load the model; how many seconds that took of the front end's time."""
        before = time.monotonic()
        self.send(load, ())
        return time.monotonic() - before

    def condemn(self, ending: Ending) -> None:
        """End it for this reason, unless it is being ended for another."""
        self.verdict = self.verdict or ending
        self.kill()

    def stop(self) -> None:
        """Tell it to stop, and end it where it does not."""
        if self._link is not None:
            self._link.send(Stop())
            self._grace = self._loop.call_later(STOP_GRACE_S, self.kill)

    def kill(self) -> None:
        """End the process now; where it has yet to begin, as it waits for a place elsewhere perhaps, it will not."""
        if self._link is not None:
            self._link.kill()
        elif self._launching is not None:
            self._called_off = True
            self._launching.cancel()

    def loaded(self, message: Loaded) -> None:
        """It says how its load went."""
        if not self._loaded.done():
            self._loaded.set_result(message)

    def ended(self, status: int, why: str | None, reason: "asyncio.Future[str] | None") -> bool:
        """It is gone; arguments as in `WorkerEvents`. False: that was known."""
        if why is not None and self.verdict is None:
            self.verdict = Ending("exit", why, later=reason)
        if self._ended.done():
            return False
        self._ended.set_result(status)
        return True

    async def end(self) -> Ending:
        """Wait for its end."""
        status = await self._ended
        self._link, self.send = None, _nowhere
        if self._grace is not None:
            self._grace.cancel()
        return self.verdict or self._explain(status)

    def part(self) -> None:
        """Its worker has gone for good: hold it no longer, so that it goes at once and not when the garbage is next collected."""
        self._explain = _unexplained
