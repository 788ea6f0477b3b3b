"""What the clients themselves saw: one `Entry` a request, `Books` for a whole load.

Written by `truth.client`, compared by the tests with what the server's metrics say.
"""

import asyncio
import math
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["open", "answered", "hung up", "broken"]


@dataclass
class Entry:
    """One request. `sent`, `ended`: monotonic seconds just before its first byte was written, and when its fate was known.

    `first`: when the first of a stream came. `code`: the status line's, None where none came. `fate`: answered in whole; hung
    up (by the client); broken (off by the server). `body`: the answer's, without the framing; `sent_bytes`: the size of the
    request's body.
    """

    path: str
    sent_bytes: int
    sent: float = 0.0
    ended: float = 0.0
    first: float | None = None
    code: int | None = None
    fate: Fate = "open"
    body: bytes = b""

    def came(self, moment: float, piece: bytes) -> None:
        """A piece of the answer was whole at this moment, monotonic seconds: a chunk, or all of a body with its length."""
        self.body += piece

    @property
    def seconds(self) -> float:
        """The client's own latency."""
        return self.ended - self.sent

    @property
    def waited(self) -> float:
        """Seconds in which it had nothing."""
        return (self.ended if self.first is None else self.first) - self.sent


@dataclass
class Books:
    """Every request of a load, in the order in which they were begun."""

    entries: list[Entry] = field(default_factory=list)
    _turn: asyncio.Event = field(default_factory=asyncio.Event)

    def open(self, path: str, sent_bytes: int) -> Entry:
        """A new entry."""
        self.entries.append(Entry(path, sent_bytes))
        return self.entries[-1]

    def close(self, entry: Entry, fate: Fate) -> None:
        """Its fate is known."""
        entry.ended = time.monotonic()
        entry.fate = fate
        self._turn.set()

    async def ended(self, count: int) -> None:
        """Wait until so many requests have met their fate."""
        while sum(entry.fate != "open" for entry in self.entries) < count:
            self._turn.clear()
            await self._turn.wait()

    def of(self, fate: Fate, code: int | None = None) -> list[Entry]:
        """Those of one fate, and of one status if it is given."""
        return [entry for entry in self.entries if entry.fate == fate and code in (None, entry.code)]

    def codes(self) -> dict[str, int]:
        """How many whole answers there were of each status."""
        return dict(Counter(str(entry.code) for entry in self.of("answered")))

    def latencies(self, code: int = 200) -> list[float]:
        """Ascending seconds of the whole answers of this status."""
        return sorted(entry.seconds for entry in self.of("answered", code))

    def percentile(self, share: float) -> float:
        """The smallest latency of a 200 that so large a share does not exceed: the one that Prometheus looks for."""
        found = self.latencies()
        return found[max(0, math.ceil(share * len(found)) - 1)]
