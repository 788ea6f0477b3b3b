"""The file given with `--log-config` in, Python's loggers configured. Called by the runtime after `open_logs`.

What the file does not name keeps the server's own handlers. TorchServe's log4j2.xml means nothing here; it is taken
with a warning, so that a start script need not change.
"""

import json
import logging
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from servescope.errors import ConfigurationError

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


def reopen_configured() -> None:
    """Have the files of Python's own handlers opened anew at their next line."""
    named = list(logging.Logger.manager.loggerDict.values())
    loggers = [logging.getLogger(), *(each for each in named if isinstance(each, logging.Logger))]
    for handler in {handler for each in loggers for handler in each.handlers}:
        if isinstance(handler, logging.FileHandler) and handler.stream is not None:
            with handler.lock or nullcontext():
                handler.stream.close()
                handler.mode = "a"  # with another one a file that has not been moved would be emptied
                handler.stream = None  # its own sign for a file that is yet to be opened


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
