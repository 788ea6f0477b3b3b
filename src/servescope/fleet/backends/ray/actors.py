"""The actors of one driver: made, waited for, ended; and models' archives, in the object store as long as an actor needs them.

In: `Place` and `Release`. Out: `Waiting` and `Over`. Held by `driver`; everything is on its loop's thread.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from servescope.fleet.backends.ray.cluster import Cluster, Unusable, first_line
from servescope.fleet.backends.ray.messages import FromDriver, Over, Place, Waiting
from servescope.fleet.backends.ray.missing import missing
from servescope.fleet.backends.ray.packing import pack

# How long a released actor may take to end its worker; a bit longer than the front end waits for its agent to.
RELEASE_S = 8.0
# How often it is looked why actors still wait, and how long one has before that is worth a word.
_LOOK_S = 2.0


class _Stored:
    """A model's archive: its digest and the reference to it, once it is there. `users`: how many actors need it."""

    def __init__(self, task: "asyncio.Task[tuple[str, Any]]") -> None:
        self.task = task
        self.users = 0


class Actors:
    """By the front end's numbers."""

    def __init__(self, cluster: Cluster, tell: Callable[[FromDriver], None]) -> None:
        self._cluster = cluster
        self._tell = tell
        self._stored: dict[str, _Stored] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._released: dict[int, asyncio.Event] = {}

    def place(self, place: Place) -> None:
        """Have an actor."""
        self._released[place.id] = asyncio.Event()
        self._tasks[place.id] = asyncio.create_task(self._live(place), name=place.name)

    def release(self, number: int) -> None:
        """Need it no longer; nothing happens where it has gone."""
        if (released := self._released.get(number)) is not None:
            released.set()

    async def ended(self, patience_s: float) -> None:
        """Wait until all have gone."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), timeout=patience_s)

    async def _live(self, place: Place) -> None:
        why = ""
        try:
            digest, reference = await self._archive(place.directory)
            why = await self._serve(place, digest, reference)
        except Unusable as error:
            why = str(error)
        except Exception as error:  # ray's, of many kinds: the actor, its node or its environment
            why = first_line(error)
        finally:
            self._need_less(place.directory)
            del self._tasks[place.id], self._released[place.id]
            self._tell(Over(place.id, why))

    async def _serve(self, place: Place, digest: str, reference: Any) -> str:
        """Until it has ended by itself, or is not needed any more."""
        cluster = self._cluster
        actor = cluster.actor(place.needs, place.name)
        placed = asyncio.ensure_future(cluster.answer(cluster.ready(actor)))
        answer = actor.serve.remote(msgspec.msgpack.encode(place.errand), digest, [reference])
        serving = asyncio.ensure_future(cluster.answer(answer))
        watch = asyncio.create_task(self._watch(place, placed))
        released = asyncio.create_task(self._released[place.id].wait())
        try:
            await asyncio.wait((serving, released), return_when=asyncio.FIRST_COMPLETED)
            if not serving.done() and placed.done():
                await asyncio.wait((serving,), timeout=RELEASE_S)
            why: str = serving.result() if serving.done() else ""
            return why
        finally:
            for task in (placed, watch, released, serving):
                task.cancel()
            cluster.kill(actor)

    async def _watch(self, place: Place, placed: "asyncio.Future[Any]") -> None:
        """Say why it waits, as long as it does and whenever that changes."""
        said = ""
        while True:
            await asyncio.wait((placed,), timeout=_LOOK_S)
            if placed.done():
                placed.exception()  # which its call raises as well
                return
            why = missing(place.needs, self._cluster.nodes(), self._cluster.free())
            if why != said:
                said = why
                self._tell(Waiting(place.id, why))

    async def _archive(self, directory: str) -> tuple[str, Any]:
        stored = self._stored.get(directory)
        if stored is None:
            stored = self._stored[directory] = _Stored(asyncio.create_task(asyncio.to_thread(self._store, directory)))
        stored.users += 1
        return await asyncio.shield(stored.task)

    def _store(self, directory: str) -> tuple[str, Any]:
        try:
            digest, data = pack(Path(directory))
        except OSError as error:
            raise Unusable(f"the model's files cannot be packed: {error}") from error
        return digest, self._cluster.put(data)

    def _need_less(self, directory: str) -> None:
        stored = self._stored[directory]
        stored.users -= 1
        if not stored.users:
            del self._stored[directory]
