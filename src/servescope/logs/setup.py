"""The log locations in, open files and configured loggers out. Called once by the runtime, before anything is logged.

`servescope` and every library go to ts_log.log, `MODEL_LOG` to model_log.log; past `logging`, the lines of `TS_METRICS`
and `MODEL_METRICS` go to ts_metrics.log and model_metrics.log, and access lines to access_log.log. All of it is echoed
to the console, and copied into ts_log.log as far as the options say. Names and layouts are TorchServe's (its log4j2.xml).
"""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TextIO

from msgspec import Struct

from servescope.errors import ConfigurationError
from servescope.logs.access import AccessLog
from servescope.logs.configuration import reopen_configured
from servescope.logs.handler import LineHandler
from servescope.logs.junction import Junction
from servescope.logs.layout.formats import JsonFormatter, LogFormat, ModelFormatter, TextFormatter
from servescope.logs.metric import MODEL_METRICS, TS_METRICS, MetricLog
from servescope.logs.model import MODEL_LOG
from servescope.logs.sinks import Console, RollingFile
from servescope.logs.streams.losses import Losses
from servescope.logs.streams.redirected import Redirected
from servescope.logs.streams.stream import Stream

SERVER_LOG = "servescope"
HTTP_CLIENT = "httpx"  # tells each URL that it asks, with its password and its query
LOG_FORMATS = ("text", "json")


class LogOptions(Struct, frozen=True, kw_only=True):
    """`log_format`: text or json. `level`: a name ("INFO") or logging's number, of the server's own lines.

    `copies`: what ts_log.log has besides its own: some of access, model, metrics. `access_ids`, `model_ids`: whether text lines end
    with requests' ids. `settle_s`: see `junction`.
    """

    log_format: LogFormat = "text"
    level: int | str = "INFO"
    copies: frozenset[str] = frozenset()
    access_ids: bool = False
    model_ids: bool = True
    settle_s: float = 0.0


class Logs:
    """The open logs: `access` for `web`, `server_metrics` and `model_metrics` for `metrics`, the loggers for everyone.

    Made by `open_logs`, closed by `close`. `losses` looks at the streams that it is given.
    """

    def __init__(self, files: list[RollingFile], console: Console, options: LogOptions) -> None:
        access, ts_log, _, server, model = files
        self.access = AccessLog(access, options.log_format, with_id=options.access_ids)
        self.server_metrics = MetricLog(server, TS_METRICS, options.log_format)
        self.model_metrics = MetricLog(model, MODEL_METRICS, options.log_format)
        self.junction = Junction(console, ts_log, options.settle_s)
        self.junction.join(self.access, copied="access" in options.copies)
        for metrics in (self.server_metrics, self.model_metrics):
            self.junction.join(metrics, copied="metrics" in options.copies)
        self.losses = Losses()
        self._files = files
        self._redirected = Redirected()
        self._undo: list[Callable[[], None]] = []

    @property
    def lost(self) -> Mapping[str, Callable[[], int]]:
        """By file and by stream, what says how many lines could not be written there since the start."""
        return {file.path.stem: partial(_lost, file) for file in self._files} | dict(self.losses.counts)

    def flush(self) -> None:
        """Write out the lines that are held, but for those that others may yet come before. Tell of lines that are lost."""
        self.losses.look()
        self.junction.flush()

    def reopen(self) -> None:
        """Open every file anew by its name, those of `--log-config` and of the console too: what was moved away is left alone."""
        self.junction.flush(everything=True)
        for file in self._files:
            file.reopen()
        reopen_configured()
        self._redirected.reopen()

    def close(self) -> None:
        """Write out what is held, give the loggers back as they were found, close the files. May be called twice."""
        self.junction.flush(everything=True)
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
    log_location: Path, metrics_location: Path, console: TextIO | None, options: LogOptions | None = None
) -> Logs:
    """Create the five files and configure the loggers.

    A location that cannot be written is reported on the console and costs its lines, not the start.

    Raises:
        ConfigurationError: the format or the level is none that there is.
    """
    options = options or LogOptions()
    if options.log_format not in LOG_FORMATS:
        raise ConfigurationError(f'log_format={options.log_format}: must be "text" or "json"')
    number = _level_number(options.level)
    terminal = Console(console)
    as_json = options.log_format == "json"
    plain, model = (
        (JsonFormatter(), JsonFormatter()) if as_json else (TextFormatter(), ModelFormatter(options.model_ids))
    )
    report = _reporter(terminal, plain)
    files = [RollingFile(log_location / f"{name}.log", report) for name in ("access_log", "ts_log", "model_log")]
    files += [RollingFile(metrics_location / f"{name}.log", report) for name in ("ts_metrics", "model_metrics")]
    logs = Logs(files, terminal, options)
    if isinstance(console, Stream):
        logs.losses.add("stdout", console)
    server_lines = LineHandler(logs.junction, plain)
    model_lines = LineHandler(logs.junction, model, files[2], copied="model" in options.copies)
    logs.install("", max(number, logging.INFO), [server_lines])
    logs.install(SERVER_LOG, number, [server_lines])
    logs.install(MODEL_LOG, logging.DEBUG, [model_lines])
    logs.quieten(HTTP_CLIENT)
    return logs


def _lost(file: RollingFile) -> int:
    return file.lost


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
