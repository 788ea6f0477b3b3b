"""What became of the requests of one load: in, what `driver` saw; out, shares, percentiles and blocks. Pure."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from servescope.planner.objective import Objective

LOST = math.inf
# What is sent first meets an empty server; it is no fair sample of the rate.
WARM_UP = 1 / 4
_TOO_LATE = 0.1
_CLIENT_FULL = 0.9


@dataclass(frozen=True)
class Sent:
    """One request. `at_s`: when it was to be sent, since the beginning. The others in seconds since then: `lag_s` until it was
    sent, `latency_s` until it was answered whole; LOST where it was not, or not with success. `ttft_s`, `itl_s`: of a stream.
    """

    at_s: float
    latency_s: float
    lag_s: float = 0.0
    ttft_s: float = LOST
    itl_s: float = 0.0

    def took(self, objective: Objective) -> float:
        """What the objective is about; LOST for a request that failed."""
        if self.latency_s == LOST:
            return LOST
        return {"latency": self.latency_s, "ttft": self.ttft_s, "itl": self.itl_s}[objective.of]


@dataclass(frozen=True)
class Block:
    """Requests of one load, and how many of them were late."""

    rate: float
    requests: int
    late: int


@dataclass(frozen=True)
class Trial:
    """Requests at `rate` a second for `seconds`, in the order of their times. `workers`: how many there were.

    `failures`: how many were answered with which status that is no success (2xx); 0 stands for no answer. `client_share`: the
    processor time of this client over the time that passed. `busy_s`: seconds that workers were busy, where that is known.
    `tokens`: made in it. `rejected`: by the server for want of room, by its own count; None: not known. `said`: how the body of
    the first failure began.
    """

    rate: float
    seconds: float
    workers: int
    sent: Sequence[Sent]
    failures: Mapping[int, int] = field(default_factory=Counter)
    client_share: float = 0.0
    busy_s: float | None = None
    tokens: int = 0
    rejected: int | None = None
    said: bytes = b""

    @cached_property
    def settled(self) -> Sequence[Sent]:
        """The requests without those of the warm-up."""
        begin = self.seconds * WARM_UP
        return [one for one in self.sent if one.at_s >= begin] or self.sent

    @cached_property
    def answered(self) -> int:
        """How many were answered with success."""
        return sum(one.latency_s < LOST for one in self.sent)

    @property
    def refused(self) -> int:
        """How many the server had no room for. It says 503 then, and where a handler raises too; its own count tells them apart."""
        said = self.failures.get(503, 0)
        return said if self.rejected is None else min(said, self.rejected)

    @property
    def spoilt(self) -> int:
        """How many the model failed, which is neither a refusal nor silence."""
        return sum(count for code, count in self.failures.items() if code) - self.refused

    @property
    def failed_share(self) -> float:
        """From 0 to 1, of all that were sent."""
        return 1.0 - self.answered / len(self.sent) if self.sent else 0.0

    def percentile(self, share: float, objective: Objective) -> float:
        """By rank, in seconds; LOST where so many failed, and where there is no request."""
        values = sorted(one.took(objective) for one in self.settled)
        return values[min(len(values) - 1, math.ceil(share * len(values)) - 1)] if values else LOST

    def late_share(self, objective: Objective) -> float:
        """From 0 to 1; those that failed are late."""
        settled = self.settled
        return sum(one.took(objective) > objective.limit_s for one in settled) / len(settled) if settled else 0.0

    def block(self, objective: Objective) -> Block | None:
        """The settled requests; None where there is none. One load is one observation: workers that are nearly full take as long as
        a load to forget what they were asked, but each load begins with idle ones.
        """
        settled = self.settled
        late = sum(one.took(objective) > objective.limit_s for one in settled)
        return Block(self.rate, len(settled), late) if settled else None

    def client_was_the_limit(self, objective: Objective) -> bool:
        """Whether this client sent so late, or was so busy, that the latencies are its own."""
        lags = sorted(one.lag_s for one in self.sent)
        most = lags[int(objective.share * len(lags))] if lags else 0.0
        return most > _TOO_LATE * objective.limit_s or self.client_share > _CLIENT_FULL


def ceiling_of(trials: Sequence[Trial]) -> float | None:
    """Requests a second that their workers could answer if they were never idle; None where that is not known."""
    known = [one for one in trials if one.busy_s]
    busy = math.fsum(one.busy_s or 0.0 for one in known)
    return math.fsum(one.workers * one.answered for one in known) / busy if busy else None
