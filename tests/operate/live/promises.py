"""Models with objectives, and the books of the clients that ask them: what became of each request, by the clients' own clock.

In: a server. Out: by model, each objective's `Account`. The same mixture comes again and again, for some seconds.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from integration.deployed import Deployed
from operate.live.handlers import PLAYER
from truth.books import Books, Entry
from truth.client import Ask, drive
from truth.handlers import WORK

# One model is asked by one client at a time, and then by so many at once that some are refused.
CALM = [b""] * 16 + [b"code 404"] * 2 + [b"raise x"] * 2
CROWD = [b"sleep 0.1"] * 6
PLAIN_ROUNDS = 10
PLAIN_CONFIG = """
minWorkers: 1
maxWorkers: 1
jobQueueSize: 2
slo: {availability_target: 99.9}
"""
# The other plays a language model, for many at once. It is late with the first token, slow with the second, or neither: a
# second or nothing, so that no clock's error matters. The words are told apart by their sizes.
PROMPTS = [b"", b"late", b"slower", b"late", b"", b"slower", b"late", b"raise", b"slower", b"late", b"", b"slower"]
PLAYER_ROUNDS = 20
PLAYER_CLIENTS = 32
LIMIT_S = 0.6
PLAYER_CONFIG = """
minWorkers: 1
maxWorkers: 1
slo:
  {availability_target: 99, latency_ms: 600, latency_target: 80, ttft_ms: 600, ttft_target: 90, itl_ms: 600, itl_target: 95}
"""


@dataclass(frozen=True)
class Account:
    """One objective: requests that it is about, those that met it, and the share that may miss it."""

    requests: int
    good: int
    budget: float

    @property
    def burn(self) -> float:
        """How many times as fast as it lasts the budget burns."""
        return (self.requests - self.good) / self.requests / self.budget


def registered(register: Callable[..., Deployed]) -> tuple[Deployed, Deployed]:
    """The two models, which nobody else asks."""
    return register(WORK, PLAIN_CONFIG), register(PLAYER, PLAYER_CONFIG)


def loaded(plain: Deployed, player: Deployed) -> dict[str, dict[str, Account]]:
    """Load both at once; by model's name and objective, what the clients saw."""

    async def both() -> tuple[Books, Books]:
        asks = [Ask(player.path, word) for word in PROMPTS] * PLAYER_ROUNDS
        return await asyncio.gather(
            _ask_plain(plain), drive(Books(), player.server.ports["inference"], asks, PLAYER_CLIENTS)
        )

    said, played = asyncio.run(both())
    return {plain.name: _plain_accounts(said.entries), player.name: _player_accounts(played.entries)}


async def _ask_plain(model: Deployed) -> Books:
    port, books = model.server.ports["inference"], Books()
    for _ in range(PLAIN_ROUNDS):
        for bodies, clients in ((CALM, 1), (CROWD, len(CROWD))):
            await drive(books, port, [Ask(model.path, body) for body in bodies], clients)
    return books


def _plain_accounts(entries: list[Entry]) -> dict[str, Account]:
    """Availability is about all but 4xx."""
    codes = [entry.code for entry in entries]
    assert set(codes) == {200, 404, 503}
    assert codes.count(503) > PLAIN_ROUNDS * CALM.count(b"raise x")  # some were refused
    judged = [code for code in codes if code != 404]
    return {"availability": Account(len(judged), judged.count(200), 0.001)}


def _player_accounts(entries: list[Entry]) -> dict[str, Account]:
    """Latency and pace are about answers, the time to the first token is about those as well who got none.

    Whoever asks for a slow second token takes the first for one in time, and the time for the second token's.
    """
    said = {word: [one for one in entries if one.sent_bytes == len(word)] for word in set(PROMPTS)}
    failed = said.pop(b"raise")
    assert all(one.code == 503 for one in failed)
    assert all(one.code == 200 for word in said for one in said[word])
    overdue = {word: sum(one.seconds > LIMIT_S for one in said[word]) for word in said}
    total, answered = len(entries), len(entries) - len(failed)
    late, slow = overdue[b""] + overdue[b"late"], overdue[b"slower"]
    return {
        "availability": Account(total, answered, 0.01),
        "latency": Account(answered, answered - late - slow, 0.2),
        "ttft": Account(total, answered - late, 0.1),
        "itl": Account(answered, answered - slow, 0.05),
    }
