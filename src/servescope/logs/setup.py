"""The log locations in, open files and configured loggers out. Called once by the runtime, before anything is logged.

`servescope` and every library go to ts_log.log, `MODEL_LOG` to model_log.log; past `logging`, the lines of `TS_METRICS`
and `MODEL_METRICS` go to ts_metrics.log and model_metrics.log, and access lines to access_log.log. All of it is echoed
to the console. Names and layouts are TorchServe's (its log4j2.xml).
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from servescope.errors import ConfigurationError
from servescope.logs.access import AccessLog
from servescope.logs.configuration import reopen_configured
from servescope.logs.formats import JsonFormatter, LogFormat, TextFormatter
from servescope.logs.metric import MODEL_METRICS, TS_METRICS, MetricLog
from servescope.logs.model import MODEL_LOG
from servescope.logs.redirected import Redirected
from servescope.logs.sinks import Console, ConsoleHandler, FileHandler, RollingFile

SERVER_LOG = "servescope"
HTTP_CLIENT = "httpx"  # tells each URL that it asks, with its password and its query
LOG_FORMATS = ("text", "json")


class Logs:
    """The open logs: `access` for `web`, `server_metrics` and `model_metrics` for `metrics`, the loggers for everyone.

    Made by `open_logs`, closed by `close`.
    """

    def __init__(self, files: list[RollingFile], console: Console, log_format: LogFormat) -> None:
        access, server, model = files[0], *files[3:]
        self.access = AccessLog(access, console, log_format)
        self.server_metrics = MetricLog(server, console, TS_METRICS, log_format)
        self.model_metrics = MetricLog(model, console, MODEL_METRICS, log_format)
        self._files = files
        self._console = console
        self._redirected = Redirected()
        self._undo: list[Callable[[], None]] = []

    @property
    def lost_lines(self) -> int:
        """How many lines could not be written to the files since the start."""
        return sum(file.lost for file in self._files)

    def flush(self) -> None:
        """Write out the lines that are held, of access and metrics; all else is written as it comes. Twice a second is right."""
        self.server_metrics.flush()
        self.model_metrics.flush()
        self.access.flush()

    def reopen(self) -> None:
        """Open every file anew by its name, those of `--log-config` and of the console too: what was moved away is left alone."""
        self.flush()
        for file in self._files:
            file.reopen()
        reopen_configured()
        self._redirected.reopen()

    def close(self) -> None:
        """Write out what is held, give the loggers back as they were found, close the files. May be called twice."""
        self.flush()
        while self._undo:
            self._undo.pop()()
        for file in self._files:
            file.close()

    def install(self, name: str, level: int, handlers: list[logging.Handler]) -> None:
        """Let the logger `name` ("" for the root) write to `handlers` alone, from `level` up, until `close`."""
        logger = logging.getLogger(name or None)
        self._undo.append(_restorer(logger))
        logger.handlers = handlers
        logger.setLevel(level)
        logger.propagate = False
        logger.disabled = False

    def quieten(self, name: str) -> None:
        """Take warnings and worse alone from the logger `name`, until `close`."""
        logger = logging.getLogger(name)
        self._undo.append(_restorer(logger))
        logger.setLevel(logging.WARNING)


def open_logs(
    log_location: Path, metrics_location: Path, log_format: LogFormat, console: TextIO | None, level: int | str
) -> Logs:
    """Create the five files and configure the loggers.

    `level` is a name ("INFO") or logging's number, and holds for the server's own lines. A location that cannot be
    written is reported on the console and costs its lines, not the start.

    Raises:
        ConfigurationError: `log_format` or `level` is none that there is.
    """
    if log_format not in LOG_FORMATS:
        raise ConfigurationError(f'log_format={log_format}: must be "text" or "json"')
    number = _level_number(level)
    terminal = Console(console)
    text = JsonFormatter() if log_format == "json" else TextFormatter()
    report = _reporter(terminal, text)
    files = [RollingFile(log_location / f"{name}.log", report) for name in ("access_log", "ts_log", "model_log")]
    files += [RollingFile(metrics_location / f"{name}.log", report) for name in ("ts_metrics", "model_metrics")]
    logs = Logs(files, terminal, log_format)
    echo = ConsoleHandler(terminal, text)
    server_lines, model_lines = (FileHandler(file, text) for file in files[1:3])
    logs.install("", max(number, logging.INFO), [server_lines, echo])
    logs.install(SERVER_LOG, number, [server_lines, echo])
    logs.install(MODEL_LOG, logging.DEBUG, [model_lines, echo])
    logs.quieten(HTTP_CLIENT)
    return logs


def _level_number(level: int | str) -> int:
    names = {**logging.getLevelNamesMapping(), "FATAL": logging.CRITICAL, "TRACE": logging.DEBUG, "ALL": logging.DEBUG}
    number = names.get(level.upper()) if isinstance(level, str) else level
    if number is None:
        raise ConfigurationError(f"log level={level}: must be one of DEBUG, INFO, WARN, ERROR, FATAL")
    return number


def _reporter(console: Console, formatter: logging.Formatter) -> Callable[[str], None]:
    """Says on the console what is wrong with a file: through `logging` it would go to the very files that fail."""

    def report(text: str) -> None:
        record = logging.LogRecord("servescope.logs", logging.WARNING, "", 0, text, None, None)
        console.write(formatter.format(record) + "\n")

    return report


def _restorer(logger: logging.Logger) -> Callable[[], None]:
    handlers, level, propagate, disabled = list(logger.handlers), logger.level, logger.propagate, logger.disabled

    def restore() -> None:
        logger.handlers = handlers
        logger.setLevel(level)
        logger.propagate = propagate
        logger.disabled = disabled

    return restore
