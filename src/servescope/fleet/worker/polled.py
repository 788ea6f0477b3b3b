"""How long a worker has polled for batches, over all the processes that it has had. In: what their memory says. Out: seconds."""

from typing import Protocol

_LONGEST_S = 1e9  # thirty years: more is no time, and the processes' sum would not stay finite


class Polling(Protocol):
    """One process's memory, as `wire.measured` reads it. The process may write there what it likes."""

    @property
    def polled_s(self) -> float:
        """Seconds that it has polled."""


class Polled:
    """A worker's seconds. They never fall: another number than a larger one is not believed, nor one that is no time."""

    def __init__(self) -> None:
        self._before = 0.0
        self._now = 0.0
        self._process: Polling | None = None

    def began(self, process: Polling) -> None:
        """It has a process."""
        self._process = process

    def ended(self) -> None:
        """That process is gone."""
        self._before, self._now, self._process = self.seconds, 0.0, None

    @property
    def seconds(self) -> float:
        """All until now."""
        if self._process is not None and self._now < (told := self._process.polled_s) <= _LONGEST_S:
            self._now = told
        return self._before + self._now
