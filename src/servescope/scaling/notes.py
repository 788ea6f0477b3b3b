"""What is remembered and logged of a model's decisions: in, one a second; out, those that somebody would want to read, the last
fifty of them kept. Held by `scaled`.

A change of the count is one, and what keeps the count from being what is wanted, when that begins. That it stays as it is, is none.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from servescope.autoscaler.decision import Decision

KEPT: Final = 50
# Why a count stays that somebody must know; again after so many seconds at the earliest, as such reasons come and go.
NOTABLE: Final = frozenset({"missing", "stale", "fallback", "failed_starts", "refused"})
AGAIN_S: Final = 60.0
_STEP: Final = "step"  # a bound that lasts a second


@dataclass(frozen=True, slots=True)
class Note:
    """One decision: when, in seconds since 1970, in which mode, and of how many workers it was made."""

    at: float
    mode: str
    there: int
    decision: Decision

    def described(self) -> dict[str, Any]:
        """For the management API."""
        decision = self.decision
        moment = datetime.fromtimestamp(self.at, UTC)
        return {
            "at": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z",
            "mode": self.mode,
            "direction": decision.direction,
            "from": self.there,
            "to": decision.workers,
            "desired": decision.desired,
            "reason": decision.reason,
            "bound": decision.bound,
            "targetPerWorker": decision.target_per_worker,
            "words": decision.words,
        }


class Notes:
    """The last ones, the oldest first."""

    def __init__(self) -> None:
        self._kept: deque[Note] = deque(maxlen=KEPT)
        self._last: tuple[str, int] = ("hold", -1)
        self._noted_at: dict[tuple[str, str | None], float] = {}

    def __iter__(self) -> Iterator[Note]:
        return iter(self._kept)

    def take(self, note: Note) -> bool:
        """Keep it if it is worth that; whether it is."""
        worth = self._changes(note.decision) or self._hinders(note)
        if worth:
            self._kept.append(note)
        return worth

    def _changes(self, decision: Decision) -> bool:
        """Whether it asks for another count, and the one before did not ask for the same."""
        this, before = (decision.direction, decision.workers), self._last
        self._last = this
        return decision.direction != "hold" and this != before

    def _hinders(self, note: Note) -> bool:
        decision = note.decision
        bound = decision.bound if decision.bound != _STEP else None
        if decision.direction != "hold" or (decision.reason not in NOTABLE and bound is None):
            return False
        why = (decision.reason if decision.reason in NOTABLE else "", bound)
        if note.at - self._noted_at.get(why, -AGAIN_S) < AGAIN_S:
            return False
        self._noted_at[why] = note.at
        return True
