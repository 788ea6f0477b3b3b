"""Log records in, lines for `junction` out: the handler that `setup` gives the loggers."""

import logging

from servescope.logs.junction import Junction
from servescope.logs.sinks import RollingFile


class LineHandler(logging.Handler):
    """Formats each record once. `own`: the file that has its lines, None: ts_log.log; `copied`: ts_log.log has them too.

    Closing the handler leaves the files open: they belong to `setup.Logs`.
    """

    def __init__(
        self, junction: Junction, formatter: logging.Formatter, own: RollingFile | None = None, *, copied: bool = True
    ) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._junction = junction
        self._own = own
        self._copied = copied

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, errors at once."""
        try:
            line = self.format(record) + "\n"
        except Exception:  # a record whose arguments do not fit its text: logging's own way is to say so on stderr
            self.handleError(record)
            return
        urgent = self._own is None and record.levelno >= logging.ERROR
        self._junction.record(record.created, line, self._own, copied=self._copied, urgent=urgent)
