"""Changes of one model, one at a time and in the order in which they were asked for.

In: a model's name and a `Caller`; out: its `Turn`, while which nobody else changes that model. Taken by `serving.lifecycle` for
whatever changes one, and by `workflows.lifecycle` of workflows; whoever only reads takes none. `web.management` says when a caller
leaves.
"""

import asyncio
from collections import deque
from types import TracebackType
from typing import Final, TypeVar

from servescope.errors import ServescopeError, ServiceUnavailable

T = TypeVar("T")

MOST_WAITING: Final = 100


class CallerLeft(ServescopeError):
    """Whoever asked for a change waits for it no more: nobody reads this."""

    status = 499


class Caller:
    """Who asked for a change, and may leave while it waits. To be made while the loop runs.

    `internal`: the server itself, for which there is a place in any line.
    """

    def __init__(self, *, internal: bool = False) -> None:
        self.internal = internal
        self._left: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def leave(self) -> None:
        """It waits no more. What is being done for it is done to its end."""
        if not self._left.done():
            self._left.set_result(None)

    async def wait(self, future: "asyncio.Future[T]") -> T:
        """The future's result, once it is there.

        Raises:
            CallerLeft: the caller left before. The future is as it was.
        """
        await asyncio.wait((future, self._left), return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise CallerLeft("the caller left")
        return future.result()


class Turn:
    """Somebody's turn to change a model. It is over at the end of its `with`."""

    def __init__(self, turns: "Turns", name: str) -> None:
        self._turns = turns
        self._name = name

    def __enter__(self) -> "Turn":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._turns.pass_on(self._name)


class Turns:
    """The lines of all models, or of all of another `kind` of thing. `most_waiting`: how many may wait for one's turn."""

    def __init__(self, kind: str = "Model", most_waiting: int = MOST_WAITING) -> None:
        self._kind = kind
        self._most_waiting = most_waiting
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}  # of the models that somebody is changing
        self._closed = False

    async def take(self, name: str, caller: Caller) -> Turn:
        """Wait for a turn.

        Raises:
            CallerLeft: the caller left before it came. One that has left already gets the turn only if it is free.
            ServiceUnavailable: too many wait already, or the server is stopping.
        """
        self.refuse_if_closed()
        if (turn := self.take_now(name)) is not None:
            return turn
        line = self._lines[name]
        if len(line) >= self._most_waiting and not caller.internal:
            text = f"{self._kind} {name}: {len(line)} changes of it wait for their turn already; try later."
            raise ServiceUnavailable(text, why="turns", retry_after_s=1)
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(place)
        try:
            await caller.wait(place)
        except BaseException:
            self._give_up(name, place)
            raise
        return Turn(self, name)

    def take_now(self, name: str) -> Turn | None:
        """A turn for who cannot wait; None where somebody has one or waits for one, or the server is stopping."""
        if self._closed or name in self._lines:
            return None
        self._lines[name] = deque()
        return Turn(self, name)

    @property
    def closed(self) -> bool:
        """Whether the server is stopping."""
        return self._closed

    def refuse_if_closed(self) -> None:
        """Raises: ServiceUnavailable where the server is stopping, and nobody has a turn any more."""
        if self._closed:
            raise _stopping()

    def _give_up(self, name: str, place: "asyncio.Future[None]") -> None:
        line = self._lines.get(name, deque())
        if place in line:
            line.remove(place)
        elif place.done() and place.exception() is None:  # its turn came in that very moment
            self.pass_on(name)

    def pass_on(self, name: str) -> None:
        """A turn is over: the next has it."""
        line = self._lines[name]
        if line:
            line.popleft().set_result(None)
        else:
            del self._lines[name]

    def close(self) -> None:
        """The server is stopping: whoever waits, or comes later, is told so. Whose turn it is goes on."""
        self._closed = True
        for line in self._lines.values():
            while line:
                line.popleft().set_exception(_stopping())


def _stopping() -> ServiceUnavailable:
    text = "The server is stopping: models cannot be changed any more."
    return ServiceUnavailable(text, why="draining", retry_after_s=1)
