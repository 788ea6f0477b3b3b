"""What loggers in a worker say, handed over to the front end as records: level, logger, message, traceback, requests.

`worker.__main__` gives the root logger its handler, and sessions say which requests are in hand. Out: lines of `wire.records` on
this process's standard output, and for failures on standard error.
"""

import logging
import sys
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import TextIO

from servescope.wire.records import HandedRecord, encode_record
from servescope.worker.replies.texts import shorten, traceback_of

NAME = "servescope.worker"
_MOST_IDS = 100

# The requests that whoever logs works on: those of the batch, or of an asynchronous handler's task.
REQUESTS: ContextVar[Sequence[str]] = ContextVar("REQUESTS", default=())


class RecordHandler(logging.Handler):
    """Writes records to a stream. Never raises; what cannot be formatted is said on standard error, as logging does."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        try:
            exception = record.exc_text or ""
            if record.exc_info and record.exc_info[1] is not None:
                exception = traceback_of(record.exc_info[1])
            if record.stack_info:
                exception = f"{exception}\n{record.stack_info}".lstrip("\n")
            write_record(self._stream, record.levelno, record.name, self.format_message(record), exception)
        except Exception:
            self.handleError(record)

    def format_message(self, record: logging.LogRecord) -> str:
        """The message, as a formatter that somebody has set shapes it."""
        return record.getMessage() if self.formatter is None else self.formatter.format(record)


def write_record(
    stream: TextIO,
    level: int,
    name: str,
    message: str,
    exception: str = "",
    request_ids: Sequence[str] | None = None,
) -> None:
    """Hand one over. `request_ids` None: those in hand."""
    ids = REQUESTS.get() if request_ids is None else request_ids
    kept = tuple(shorten(each, 256) for each in ids[:_MOST_IDS])
    stream.write(encode_record(HandedRecord(level, name, shorten(message), kept, shorten(exception.rstrip("\n")))))
    stream.flush()


def hand_over(stream: TextIO) -> None:
    """Have the root logger, and exceptions that nobody catches, go to the front end as records."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(RecordHandler(stream))
        root.setLevel(logging.INFO)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _uncaught(_kind: type[BaseException], error: BaseException, _where: TracebackType | None) -> None:
    write_record(sys.stderr, logging.ERROR, NAME, "The worker ends with an exception", traceback_of(error))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is None or isinstance(args.exc_value, SystemExit):
        return
    name = args.thread.name if args.thread is not None else "of no name"
    write_record(sys.stderr, logging.ERROR, NAME, f"Exception in thread {name}", traceback_of(args.exc_value))
