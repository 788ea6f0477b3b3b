"""The actors of one driver: made, waited for, ended; and models' archives, in the object store as long as an actor needs them.

In: `Place` and `Release`. Out: `Waiting` and `Over`. Held by `driver`; everything is on its loop's thread.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from servescope.fleet.backends.ray.driver.cluster import Cluster, Unusable
from servescope.fleet.backends.ray.driver.missing import missing
from servescope.fleet.backends.ray.driver.packing import pack, size_of
from servescope.fleet.backends.ray.driver.words import first_line
from servescope.fleet.backends.ray.messages import FromDriver, Over, Place, Waiting

# How long a released actor may take to end its worker; a bit longer than the front end waits for its agent to.
RELEASE_S = 8.0
# How often it is looked why actors still wait, and how long one has before that is worth a word.
_LOOK_S = 2.0
# Ray takes 15 s to see that a node is dead; this is how long, since its worker was lost, it is asked, and how often.
TOLD_S = 30.0
_ASK_S = 0.5


class _Stored:
    """A model's archive: its digest and the references to its pieces, once they are there. `users`: how many actors need it."""

    def __init__(self, task: "asyncio.Task[tuple[str, list[Any]]]") -> None:
        self.task = task
        self.users = 0


class Actors:
    """By the front end's numbers."""

    def __init__(self, cluster: Cluster, tell: Callable[[FromDriver], None]) -> None:
        self._cluster = cluster
        self._tell = tell
        self._stored: dict[str, _Stored] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._released: dict[int, asyncio.Future[bool]] = {}  # with whether its worker was lost
        self._placed: dict[int, asyncio.Future[str]] = {}  # with the node's id
        self._doubtful: dict[int, str] = {}  # nodes whose workers were lost, as long as nobody knows why
        self._leaving = False

    def place(self, place: Place) -> None:
        """Have an actor."""
        self._released[place.id] = asyncio.get_running_loop().create_future()
        self._tasks[place.id] = asyncio.create_task(self._live(place), name=place.name)

    def release(self, number: int, *, lost: bool) -> None:
        """Need it no longer; nothing happens where it has gone. `lost`: nobody knows what became of its worker."""
        released = self._released.get(number)
        if released is not None and not released.done():
            released.set_result(lost)
            placed = self._placed.get(number)
            if lost and placed is not None and placed.done() and placed.exception() is None:
                self._doubtful[number] = placed.result()

    async def ended(self, patience_s: float) -> None:
        """Wait until all have gone, and no longer for what nobody hears any more."""
        self._leaving = True
        if self._tasks:
            await asyncio.wait(tuple(self._tasks.values()), timeout=patience_s)

    async def _live(self, place: Place) -> None:
        why, node_lost = "", False
        try:
            digest, pieces = await self._archive(place.directory)
            why, node_lost = await self._serve(place, digest, pieces)
        except Unusable as error:
            why = str(error)
        except Exception as error:  # ray's, of many kinds
            why = first_line(error)
        finally:
            self._need_less(place.directory)
            del self._tasks[place.id], self._released[place.id]
            self._placed.pop(place.id, None)
            self._doubtful.pop(place.id, None)
            self._tell(Over(place.id, why, node_lost))

    async def _serve(self, place: Place, digest: str, pieces: list[Any]) -> tuple[str, bool]:
        """Until it has ended by itself, or is not needed any more. What was wrong with it, and whether its node has gone."""
        cluster = self._cluster
        actor = cluster.actor(place.needs, place.name, set(self._doubtful.values()))
        placed = self._placed[place.id] = asyncio.ensure_future(cluster.answer(actor.node.remote()))
        answer = actor.serve.remote(msgspec.msgpack.encode(place.errand), digest, pieces)
        serving = asyncio.ensure_future(cluster.answer(answer))
        watch = asyncio.create_task(self._watch(place, placed))
        released = self._released[place.id]
        try:
            await asyncio.wait((serving, released), return_when=asyncio.FIRST_COMPLETED)
            if not serving.done() and placed.done():
                await asyncio.wait((serving,), timeout=RELEASE_S)
        finally:
            for task in (watch, serving):
                task.cancel()
            cluster.kill(actor)
        if not serving.done():  # its node hangs, or the way there
            return "", released.result() and await self._has_gone(placed)
        if (error := serving.exception()) is None:
            return serving.result(), False
        gone = cluster.is_unsure(error) and await self._has_gone(placed)
        return first_line(error), gone or cluster.blames_node(error)

    async def _has_gone(self, placed: "asyncio.Future[str]") -> bool:
        """Whether the node is dead that this actor was placed on, or is found to be within TOLD_S."""
        if not placed.done() or placed.exception() is not None:
            return False
        loop = asyncio.get_running_loop()
        end = loop.time() + TOLD_S
        while any(node.id == placed.result() for node in await asyncio.to_thread(self._cluster.nodes)):
            if self._leaving or loop.time() >= end:
                return False
            await asyncio.sleep(_ASK_S)
        return True

    async def _watch(self, place: Place, placed: "asyncio.Future[Any]") -> None:
        """Say why it waits, as long as it does and whenever that changes."""
        said = ""
        while True:
            await asyncio.wait((placed,), timeout=_LOOK_S)
            if placed.done():
                placed.exception()  # which its call raises as well
                return
            rooms = await asyncio.to_thread(self._cluster.rooms, place.needs)
            why, short = missing(place.needs, rooms)
            if why != said and not placed.done():  # while it was looked
                said = why
                self._tell(Waiting(place.id, why, short))

    async def _archive(self, directory: str) -> tuple[str, list[Any]]:
        stored = self._stored.get(directory)
        if stored is None:
            stored = self._stored[directory] = _Stored(asyncio.create_task(asyncio.to_thread(self._store, directory)))
        stored.users += 1
        return await asyncio.shield(stored.task)

    def _store(self, directory: str) -> tuple[str, list[Any]]:
        path = Path(directory)
        pieces: list[Any] = []
        try:
            self._cluster.require_room(size_of(path))
            digest = pack(path, lambda piece: pieces.append(self._cluster.put(piece)))
        except OSError as error:
            raise Unusable(f"the model's files cannot be packed: {error}") from error
        return digest, pieces

    def _need_less(self, directory: str) -> None:
        stored = self._stored[directory]
        stored.users -= 1
        if not stored.users:
            del self._stored[directory]
