"""Log records in, lines out: TorchServe's text layouts and JSON lines. Used by the handlers that `setup` installs.

Text lines cannot be forged: control characters are shown as escapes, and a line break inside a message is followed by
an indent, so that only the server itself can begin a line with a time.
"""

import logging
import re
from typing import Any, Literal

import msgspec

from servescope.logs.layout.stamps import LocalStamp, utc

LogFormat = Literal["text", "json"]

# log4j's names, padded to five as TorchServe's `%-5p` does.
LEVEL_NAMES = {
    logging.DEBUG: "DEBUG",
    logging.INFO: "INFO ",
    logging.WARNING: "WARN ",
    logging.ERROR: "ERROR",
    logging.CRITICAL: "FATAL",
}
_FEED, _FEED_SHOWN = "\n", "\\n"  # an id may hold one
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def escape(text: str) -> str:
    r"""`text` with every control character but tab and line feed as `\x1b`; those would move a terminal's cursor."""
    return _CONTROL.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)


def thread_name(record: logging.LogRecord) -> str:
    """The record's thread, the main one under the name that Java gives it."""
    name = record.threadName or "main"
    return "main" if name == "MainThread" else name


def request_ids(record: logging.LogRecord) -> tuple[str, ...]:
    """The ids given with `extra={"request_id": id}` or `extra={"request_ids": ids}`."""
    single: str | None = getattr(record, "request_id", None)
    return (single,) if single else tuple(getattr(record, "request_ids", ()))


class TextFormatter(logging.Formatter):
    """`ISO8601 [LEVEL] thread logger - message`, as TorchServe's console, ts_log and model_log lines.

    Request ids, where the record has any, follow the message as ` request_id=a,b`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._stamp = LocalStamp()

    def format(self, record: logging.LogRecord) -> str:
        """One line, or several where there is a traceback, without the final line feed."""
        text = record.getMessage()
        if ids := request_ids(record):
            text = f"{text} request_id={','.join(ids)}"
        if trace := self.trace(record):
            text = f"{text}\n{trace}"
        body = escape(text).replace("\n", "\n    ")
        return f"{self.head(record)}{body}"

    def head(self, record: logging.LogRecord) -> str:
        """What a line begins with."""
        level = LEVEL_NAMES.get(record.levelno, record.levelname)
        return f"{self._stamp.at(int(record.created * 1000))} [{level}] {thread_name(record)} {record.name} - "

    def trace(self, record: logging.LogRecord) -> str:
        """The record's traceback and stack, "" where it has none."""
        exception = self.formatException(record.exc_info) if record.exc_info else record.exc_text
        stack = self.formatStack(record.stack_info) if record.stack_info else ""
        return "\n".join(part for part in (exception, stack) if part)


class ModelFormatter(TextFormatter):
    """The lines of MODEL_LOG: each line of a record is a line of its own, as TorchServe, which knows no others, has them.

    `with_ids`: each ends with ` request_id=a,b`, where there are any.
    """

    def __init__(self, with_ids: bool = True) -> None:
        super().__init__()
        self._with_ids = with_ids

    def format(self, record: logging.LogRecord) -> str:
        """As many lines as the record has, without the final line feed."""
        text = record.getMessage()
        if trace := self.trace(record):
            text = f"{text}\n{trace}" if text else trace
        ids = request_ids(record) if self._with_ids else ()
        head, tail = self.head(record), f" request_id={','.join(ids)}" if ids else ""
        return "\n".join([f"{head}{escape(f'{line}{tail}').replace(_FEED, _FEED_SHOWN)}" for line in text.split("\n")])


class JsonFormatter(TextFormatter):
    """A JSON object a line: time (UTC), level, thread, logger, message, and request_id(s) and exception if any.

    `logger` is the record's `origin`, where it has one: a worker's logger.
    """

    def format(self, record: logging.LogRecord) -> str:
        """One line without the final line feed."""
        entry: dict[str, Any] = {
            "time": utc(int(record.created * 1000)),
            "level": LEVEL_NAMES.get(record.levelno, record.levelname).rstrip(),
            "thread": thread_name(record),
            "logger": getattr(record, "origin", record.name),
            "message": record.getMessage(),
        }
        for name in ("request_id", "request_ids"):
            if value := getattr(record, name, None):
                entry[name] = value
        if trace := self.trace(record):
            entry["exception"] = trace
        return json_text(entry)


def json_text(value: object) -> str:
    """`value` as compact JSON; halves of surrogate pairs, which JSON cannot carry, are shown as escapes."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_without_surrogates(value)).decode()


def _without_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {key: _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(item) for item in value]
    return value
