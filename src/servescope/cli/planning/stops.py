"""What ends a plan early: in, SIGINT, SIGTERM and SIGHUP; out, one KeyboardInterrupt at most. Called by `live`.

Whoever asks twice would otherwise interrupt what puts the server back. What was ignored when the command began, as under nohup,
stays ignored.
"""

import os
import signal
import sys
from contextlib import suppress
from types import FrameType
from typing import Any, Self

_TOLD = b"The server is being put back as it was, which takes a moment\n"
_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stops:
    """A context, in the main thread."""

    def __init__(self) -> None:
        self._before: dict[signal.Signals, Any] = {}
        self._raised = False
        self._held = False

    def __enter__(self) -> Self:
        for number in _ENDINGS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def hold(self) -> None:
        """From now on a signal is only told of."""
        self._held = True

    def let_go(self) -> None:
        """From now on the first one interrupts again."""
        self._held = False

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self._held or self._raised:
            with suppress(OSError):  # not through a stream, which may be just in use
                os.write(sys.stderr.fileno(), _TOLD)
            return
        self._raised = True
        raise KeyboardInterrupt
