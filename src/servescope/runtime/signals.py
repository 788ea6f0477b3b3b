"""What the process is told by signals: to end, to hurry, to look at its files again. Made and heard by `runtime`.

| signal | |
|---|---|
| SIGTERM, SIGINT | the server ends when what is in flight is finished; one that is starting, as soon as nothing is half made |
| SIGTERM meanwhile | nothing more: a supervisor may well send it twice |
| SIGINT meanwhile | what is in flight is ended: Ctrl-C twice, `servescope stop --now` |
| SIGHUP | log files are opened anew, certificates read again; also under nohup, and when the terminal is closed |
| SIGQUIT | every thread's stack is written to standard error, as a JVM's are, also while the loop is blocked |
"""

import asyncio
import faulthandler
import logging
import signal
import sys
from collections.abc import Callable

_TO_END = (signal.SIGTERM, signal.SIGINT)

logger = logging.getLogger("servescope.runtime")


class Signals:
    """`stop`: whether to end. `hurry`: whether to do so without waiting for what is in flight."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.hurry = asyncio.Event()

    def begin(self) -> None:
        """Hear of them before there is a loop. Nothing that is being made then is broken off halfway, as it would be left behind,
        but by Ctrl-C twice: who sends that may see a start that hangs. There are no files to look at again.

        Raises:
            SystemExit: at any later moment until `listen`, for a second SIGINT.
        """
        for number in _TO_END:
            signal.signal(number, self._told_early)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _told_early(self, number: int, _frame: object) -> None:
        if number == signal.SIGINT and self.stop.is_set():
            sys.exit(0)
        self.stop.set()

    def listen(self, reload: Callable[[], None]) -> None:
        """Hear of them, on the loop's thread, which must be the main one. `reload` is called at a SIGHUP."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._terminated)
        loop.add_signal_handler(signal.SIGINT, self._interrupted)
        loop.add_signal_handler(signal.SIGHUP, reload)
        if sys.__stderr__ is not None:
            faulthandler.register(signal.SIGQUIT, sys.__stderr__, all_threads=True)

    def ignore(self) -> None:
        """The server has ended: what is left to clean up is not to be broken off by one more SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (*_TO_END, signal.SIGHUP):
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)

    def _terminated(self) -> None:
        if self.stop.is_set():
            logger.info("SIGTERM: the server is stopping already, and finishes what is in flight")
        self.stop.set()

    def _interrupted(self) -> None:
        if self.stop.is_set() and not self.hurry.is_set():
            logger.warning("SIGINT: the server stops without waiting for what is in flight")
            self.hurry.set()
        self.stop.set()
