"""The recorder that records nothing: `metrics_mode=off`, so that the cost of measuring can itself be measured.

Made by `server.measuring` in place of `Recorder`. Whoever is told what happened need not know.
"""

from collections.abc import Generator
from typing import Any, cast

from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.spare_time import SpareTime


class _Silent:
    """Each of its parts, and whatever a call of them returns or an await gives, is itself: nothing comes of any, and none is so."""

    def __getattr__(self, _name: str) -> "_Silent":
        return self

    def __call__(self, *_arguments: object, **_named: object) -> "_Silent":
        return self

    def __bool__(self) -> bool:
        return False

    def __await__(self) -> Generator[Any, None, "_Silent"]:
        yield from ()
        return self


def silent_recorder() -> Recorder:
    """In the place of a recorder and of all the recorders that it makes. What others do meanwhile is done."""
    silent = cast("Recorder", _Silent())
    silent.spare = SpareTime()
    return silent
