"""Written metrics in, lines of ts_metrics.log and model_metrics.log out. Called by `metrics.log_mode.recorder`, flushed by `Logs`.

A request leaves six such lines or more, so they go past `logging` and are held, as the access log's are. The layout is
TorchServe's `2026-11-24T03:59:03,433 - Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795492743`, or one JSON
object a line.
"""

import threading
import time
from collections.abc import Callable

from servescope.logs.formats import LogFormat
from servescope.logs.sinks import Console, RollingFile
from servescope.logs.stamps import LocalStamp, utc

TS_METRICS = "TS_METRICS"
MODEL_METRICS = "MODEL_METRICS"
MAX_LINES = 512
_STAMP_LENGTH = len("2026-11-24T03:59:03,432")


class MetricLog:
    """The buffered writer of one metrics file and of its echo on the console. Any thread may call it.

    `logger` is the name that the console and JSON lines show. `clock` gives seconds since the epoch. Lines are held until
    `flush`, or until there are `MAX_LINES`.
    """

    def __init__(
        self,
        file: RollingFile,
        console: Console,
        logger: str,
        log_format: LogFormat,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.json = log_format == "json"
        self._file = file
        self._console = console
        self._logger = logger
        self._clock = clock
        self._lines: list[str] = []
        self._flushing = threading.Lock()
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
        lines.append(f"{opening}{before}{second}{after}\n")
        if len(lines) >= MAX_LINES:
            self.flush()

    def flush(self) -> None:
        """Hand the held lines to the file and the console. Never raises; the file counts what is lost."""
        if not self._lines:
            return
        with self._flushing:
            # Other threads append meanwhile: take a known number, and leave the list itself where it is.
            count = len(self._lines)
            lines = self._lines[:count]
            del self._lines[:count]
            text = "".join(lines)
            self._file.write(text.encode("utf-8", "backslashreplace"), count)
            if self._console.open:
                self._console.write(text if self.json else "".join(map(self._console_line, lines)))

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
