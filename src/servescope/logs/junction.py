"""Where the lines of all logs meet in order of their time: the console, and ts_log.log.

In: logs that hold their lines, and records one by one. Out: each line in its own file, and here. Made by `setup`; flushed by
`runtime.flusher`, many times a second, and before each record that is not held itself.
"""

import math
import threading
import time
from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple, Protocol

from servescope.logs.sinks import Console, RollingFile

_TIME = itemgetter(0)


class HeldLog(Protocol):
    """A log that holds its lines. `echoed`: whether they are wanted here too. `when_full`: to be called when it holds too many."""

    echoed: bool
    when_full: Callable[[], None]

    def take(self, until: float) -> tuple[list[float], list[str]]:
        """Write what is held, up to this time, to its own file: the lines as they are shown here with their times, in order of
        these; none where it is not `echoed`.
        """


class _Row(NamedTuple):
    """A line with its time. `copied`: ts_log.log has it. `own`: another file that it is yet to be written to."""

    at: float
    line: str
    copied: bool
    own: RollingFile | None = None


class Junction:
    """For any thread. `server`: ts_log.log. `clock`: seconds since the epoch.

    `settle_s`: seconds for which lines may come later than others that are younger (a handler's metrics are read where it has put
    them); nothing is written before, but what is urgent, and all that waits with it.
    """

    def __init__(
        self, console: Console, server: RollingFile, settle_s: float = 0.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._console = console
        self._server = server
        self._settle_s = settle_s
        self._clock = clock
        self._logs: list[tuple[HeldLog, bool]] = []
        self._records: list[_Row] = []
        self._lock = threading.RLock()  # what the garbage collector ends in between may have something to say

    def join(self, log: HeldLog, *, copied: bool) -> None:
        """Flush this log from here on. `copied`: ts_log.log has its lines too."""
        log.echoed = copied or self._console.open
        log.when_full = self.flush
        self._logs.append((log, copied))

    def record(self, at: float, line: str, own: RollingFile | None, *, copied: bool, urgent: bool) -> None:
        """A record's line. `own`: its file, None: ts_log.log alone. `urgent`: it is written at once in any case."""
        at_once = urgent or not self._settle_s
        with self._lock:
            self._records.append(_Row(at, line, copied or own is None, own))
            if at_once:
                self._write(math.inf)
        if at_once and own is None:
            self._console.settle()

    def flush(self, *, everything: bool = False) -> None:
        """Write out what is held, but for what is not settled. Never raises; the files count what is lost."""
        with self._lock:
            self._write(math.inf if everything or not self._settle_s else self._clock() - self._settle_s)

    def _write(self, until: float) -> None:
        taken = [(*log.take(until), copied) for log, copied in self._logs]
        batches = [batch for batch in taken if batch[1]]
        records, self._records = self._records, []
        if len(batches) == 1 and not records:
            self._show(batches[0][1], batches[0][1] if batches[0][2] else [])
        elif batches or records:
            self._records += [row for row in records if row.at > until]
            rows = [row for row in records if row.at <= until]
            for times, lines, copied in batches:
                rows += [_Row(at, line, copied) for at, line in zip(times, lines, strict=True)]
            self._merge(rows)

    def _merge(self, rows: list[_Row]) -> None:
        rows.sort(key=_TIME)
        own: dict[RollingFile, list[str]] = {}
        for row in rows:
            if row.own is not None:
                own.setdefault(row.own, []).append(row.line)
        for file, lines in own.items():
            _append(file, lines)
        self._show([row.line for row in rows], [row.line for row in rows if row.copied])

    def _show(self, lines: list[str], copied: list[str]) -> None:
        text = "".join(lines)
        if self._console.open and text:
            self._console.write(text)
        if copied:
            shown = text if len(copied) == len(lines) else "".join(copied)
            self._server.write(shown.encode("utf-8", "backslashreplace"), len(copied))


def _append(file: RollingFile, lines: list[str]) -> None:
    file.write("".join(lines).encode("utf-8", "backslashreplace"), len(lines))
