"""Says in the logs where a stream begins to lose lines, and how many it has lost once it takes them again.

In: streams, by the names under which servescope_log_lost_lines_total counts their lines. Out: two lines an outage, both of them in
ts_log.log. Made by `setup`, which has it look at each flush.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from servescope.logs.streams.stream import Stream

logger = logging.getLogger("servescope.logs")


class Losses:
    """For one thread."""

    def __init__(self) -> None:
        self._watched: dict[str, list[_Watched]] = {}

    def add(self, name: str, stream: Stream) -> None:
        """Look at this one too."""
        self._watched.setdefault(name, []).append(_Watched(name, stream))

    @property
    def counts(self) -> Mapping[str, Callable[[], int]]:
        """By name, what says how many lines streams of that name have lost."""
        return {name: partial(_lost, streams) for name, streams in self._watched.items()}

    def look(self) -> None:
        """Tell of what has changed."""
        for streams in self._watched.values():
            for each in streams:
                each.look()


class _Watched:
    def __init__(self, name: str, stream: Stream) -> None:
        self.stream = stream
        self._name = name
        self._told = 0
        self._losing = False

    def look(self) -> None:
        trouble = self.stream.descriptor.trouble
        if trouble:
            if not self._losing:
                self._losing = True
                logger.warning("%s loses lines from now on: %s", self._name, trouble)
            return
        self._losing = False
        if lost := self.stream.descriptor.lost - self._told:
            self._told += lost
            logger.warning("%s has lost %d lines, and takes lines again", self._name, lost)


def _lost(streams: Sequence[_Watched]) -> int:
    return sum(each.stream.descriptor.lost for each in streams)
