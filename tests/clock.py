"""A clock that a test sets by hand: in seconds, or as a time of day."""

from datetime import datetime
from typing import Generic, TypeVar

Moment = TypeVar("Moment", float, datetime)


class Clock(Generic[Moment]):
    """Stands still at `now` until it is set."""

    def __init__(self, now: Moment) -> None:
        self.now = now

    def __call__(self) -> Moment:
        return self.now
