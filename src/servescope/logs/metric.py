"""Written metrics in, lines of ts_metrics.log and model_metrics.log out. Called by `metrics.log_mode`, taken by `junction`.

A request leaves six such lines or more, so they go past `logging` and are held, as the access log's are. The layout is
TorchServe's `2026-11-24T03:59:03,433 - Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795492743`, or one JSON
object a line.
"""

import math
import time
from bisect import bisect_right
from collections.abc import Callable
from operator import itemgetter

from servescope.logs.layout.formats import LogFormat
from servescope.logs.layout.stamps import LocalStamp, utc
from servescope.logs.sinks import RollingFile

TS_METRICS = "TS_METRICS"
MODEL_METRICS = "MODEL_METRICS"
MAX_LINES = 512
_TIME = itemgetter(0)
_STAMP_LENGTH = len("2026-11-24T03:59:03,432")


class MetricLog:
    """The buffered writer of one metrics file; a `junction.HeldLog`. Any thread may `write`.

    `logger` is the name that echoed and JSON lines show. `clock` gives seconds since the epoch. Lines are held until they are
    taken, or until there are `MAX_LINES`, and written in order of their time.
    """

    def __init__(
        self,
        file: RollingFile,
        logger: str,
        log_format: LogFormat,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.json = log_format == "json"
        self.echoed = False
        self.when_full: Callable[[], None] = self.flush
        self._file = file
        self._logger = logger
        self._clock = clock
        self._lines: list[tuple[float, str]] = []
        self._stamp = LocalStamp()
        # One attribute, so that a second thread never sees one moment's beginning with another's text.
        self._moment = (0.0, 0.0, "", "")

    def write(self, before: str, after: str = "", at: float = 0.0) -> None:
        """Note one line: its time, `before`, the time again in seconds since the epoch, `after`.

        Neither may hold a line break; for JSON lines they are the members that follow `logger`. `at`: its time, 0 for now.
        """
        now = at or self._clock()
        since, until, opening, second = self._moment
        if not since <= now < until:
            opening, second = self._turn_to(now)
        lines = self._lines
        lines.append((now, f"{opening}{before}{second}{after}\n"))
        if len(lines) % MAX_LINES == 0:
            self.when_full()

    def flush(self) -> None:
        """Write what is held to the file alone. For one thread at a time."""
        self.take(math.inf)

    def take(self, until: float) -> tuple[list[float], list[str]]:
        """See `junction.HeldLog`. For one thread at a time."""
        if not self._lines:
            return [], []
        # Other threads append meanwhile: take a known number, and leave the list itself where it is.
        count = len(self._lines)
        taken = self._lines[:count]
        del self._lines[:count]
        taken.sort(key=_TIME)
        if taken[-1][0] > until:
            due = bisect_right(taken, until, key=_TIME)
            self._lines[:0] = taken[due:]
            del taken[due:]
        if not taken:
            return [], []
        lines = [line for _, line in taken]
        self._file.write("".join(lines).encode("utf-8", "backslashreplace"), len(lines))
        if not self.echoed:
            return [], []
        return [at for at, _ in taken], lines if self.json else list(map(self._console_line, lines))

    def _turn_to(self, now: float) -> tuple[str, str]:
        """Begin lines with another millisecond; under load many lines share one."""
        tick = int(now * 1000)
        opening = f"{self._stamp.at(tick)} - "
        if self.json:
            opening = f'{{"time":"{utc(tick)}","level":"INFO","logger":"{self._logger}",'
        second = str(tick // 1000)
        self._moment = (tick / 1000, (tick + 1) / 1000, opening, second)
        return opening, second

    def _console_line(self, line: str) -> str:
        return f"{line[:_STAMP_LENGTH]} [INFO ] main {self._logger}{line[_STAMP_LENGTH:]}"
