"""The file given with `--log-config` in, Python's loggers configured. Called by the runtime after `open_logs`.

What the file does not name keeps the server's own handlers. TorchServe's log4j2.xml means nothing here; it is taken
with a warning, so that a start script need not change.
"""

import json
import logging
import os
from collections.abc import Collection
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from servescope.errors import ConfigurationError
from servescope.logs.streams.losses import Losses
from servescope.logs.streams.outlets import Outlets, may_be_waited_for
from servescope.logs.streams.stream import Stream

_log = logging.getLogger("servescope.logs")
_LOG4J_SUFFIXES = (".xml", ".properties")
_MAPPINGS = (".json", ".yaml", ".yml")
_LOG4J_KEY = "configuration"  # what log4j's JSON and YAML consist of, in any letter case


def apply_log_config(path: Path) -> None:
    """Apply a Python logging configuration: JSON or YAML (dictConfig's schema), anything else as INI (fileConfig).

    The access log and the metrics' lines do not go through `logging` and are not touched.

    Raises:
        ConfigurationError: the file cannot be read, or is no logging configuration.
    """
    import logging.config  # with sockets, queues and threads, which a start without such a file need not wait for

    if not path.is_file():
        raise ConfigurationError(f"--log-config {path}: {'is no file' if path.exists() else 'there is no such file'}")
    suffix = path.suffix.lower()
    try:
        if _is_log4js(path, suffix):
            _log.warning("--log-config %s: log4j configurations have no effect here, use Python's logging format", path)
        elif suffix in _MAPPINGS:
            logging.config.dictConfig(_read_mapping(path, suffix))
        else:
            logging.config.fileConfig(path, disable_existing_loggers=False, encoding="utf-8")
    except ConfigurationError:
        raise
    except Exception as error:  # dictConfig and fileConfig raise whatever a handler's constructor raises
        raise ConfigurationError(
            f"--log-config {path}: is no configuration of Python's logging: {_reason(error)}"
        ) from error


def unhold(outlets: Outlets, losses: Losses) -> None:
    """Have Python's own handlers whose terminal or pipe may hang write to an outlet of these. `losses` looks at their streams."""
    for handler in _handlers():
        if not isinstance(handler, logging.StreamHandler):
            continue
        if isinstance(handler, logging.FileHandler) and handler.stream is None and _is_special(handler.baseFilename):
            handler.stream = handler._open()  # noqa: SLF001 - as it would at its first line
        if handler.stream is not None and not may_be_waited_for(handler.stream):
            stream = outlets.over(handler.stream)
            if isinstance(stream, Stream) and handler.setStream(stream):
                losses.add(handler.name or type(handler).__name__, stream)


def reopen_configured() -> None:
    """Have the files of Python's own handlers opened anew at their next line, but for terminals and pipes."""
    for handler in _handlers():
        if isinstance(handler, logging.FileHandler) and not isinstance(handler.stream, Stream | None):
            with handler.lock or nullcontext():
                handler.stream.close()
                handler.mode = "a"  # with another one a file that has not been moved would be emptied
                handler.stream = None  # its own sign for a file that is yet to be opened


def _handlers() -> Collection[logging.Handler]:
    """All that loggers have, and those behind them: a MemoryHandler's, a QueueHandler's."""
    named = list(logging.Logger.manager.loggerDict.values())
    loggers = [logging.getLogger(), *(each for each in named if isinstance(each, logging.Logger))]
    found: dict[logging.Handler, None] = {}
    ahead = [handler for logger in loggers for handler in logger.handlers]
    while ahead:
        handler = ahead.pop()
        if handler not in found:
            found[handler] = None
            behind = [getattr(handler, "target", None), *getattr(getattr(handler, "listener", None), "handlers", ())]
            ahead += [each for each in behind if isinstance(each, logging.Handler)]
    return found.keys()


def _is_special(name: str) -> bool:
    """Whether it is there, and is no file on a disk: /dev/stdout, or a named pipe."""
    return os.path.exists(name) and not os.path.isfile(name)


def _is_log4js(path: Path, suffix: str) -> bool:
    """Whether it is log4j's, which knows XML, properties, JSON and YAML."""
    if suffix in _MAPPINGS:
        content = _parsed(path, suffix)
        return isinstance(content, dict) and [str(key).lower() for key in content] == [_LOG4J_KEY]
    return suffix in _LOG4J_SUFFIXES or path.read_bytes().lstrip().startswith(b"<")


def _read_mapping(path: Path, suffix: str) -> dict[str, Any]:
    content = _parsed(path, suffix)
    if not isinstance(content, dict):
        raise ConfigurationError(f"--log-config {path}: must hold a mapping, holds {type(content).__name__}")
    return {"disable_existing_loggers": False, **content}


def _parsed(path: Path, suffix: str) -> Any:
    import yaml

    text = path.read_text(encoding="utf-8")
    return json.loads(text) if suffix == ".json" else yaml.safe_load(text)


def _reason(error: Exception) -> str:
    """The error's text with its cause: dictConfig says no more than `Unable to configure handler 'x'`."""
    cause = error.__cause__
    return f"{error}: {cause}" if cause else f"{type(error).__name__}: {error}"
