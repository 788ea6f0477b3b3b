"""A file of thresholds: in, YAML; out, `Thresholds`, and the documented file. Called by `servescope prometheus`."""

import dataclasses
import difflib
from pathlib import Path
from typing import Any, Final

import yaml

from servescope.config.model.yaml_values import load_yaml, shown
from servescope.errors import ConfigurationError
from servescope.findings.thresholds.thresholds import Thresholds

_HEADER: Final = """\
# The thresholds of Servescope's alerts. Change what you like, delete what you leave as it is, then:
#   servescope prometheus DIR --force --thresholds THIS-FILE
# Ratios are from 0 to 1. Durations are Prometheus' (30s, 5m, 1h). What a model promises is in its own slo: section.
"""


def read_thresholds(path: Path) -> Thresholds:
    """The thresholds of a file; what it leaves out is the default.

    Raises ConfigurationError, which names the file, the key and its value: unknown keys, values out of range, no YAML.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"--thresholds {path} cannot be read: {error}") from None
    try:
        content = load_yaml(text)
    except ValueError as error:
        why = " ".join(str(error).split())
        raise ConfigurationError(f"--thresholds {path} is no YAML: {why}") from None
    return thresholds_of(content, f"--thresholds {path}")


def thresholds_of(content: Any, where: str) -> Thresholds:
    """The thresholds of what YAML made of a file; `where` begins the messages. Raises ConfigurationError."""
    if content is None:
        return Thresholds()
    if not isinstance(content, dict):
        raise ConfigurationError(f"{where}: {shown(content)} is no mapping of thresholds to values")
    fields = {field.name: field for field in dataclasses.fields(Thresholds)}
    values = {}
    for key, value in content.items():
        if key not in fields:
            raise ConfigurationError(f"{where}: {_unknown(key, value, tuple(fields))}")
        try:
            values[key] = fields[key].metadata["read"](value)
        except ValueError as error:
            raise ConfigurationError(f"{where}: {key}={shown(value)} {error}") from None
    return _consistent(Thresholds(**values), where)


def render_thresholds(thresholds: Thresholds) -> str:
    """The documented file: every key with what it means and its value."""
    lines = [_HEADER]
    for field in dataclasses.fields(Thresholds):
        value = (
            yaml.safe_dump(getattr(thresholds, field.name), allow_unicode=True, width=1000)
            .removesuffix("...\n")
            .strip()
        )
        lines += [f"\n# {field.metadata['help']}\n{field.name}: {value}\n"]
    return "".join(lines)


def _consistent(thresholds: Thresholds, where: str) -> Thresholds:
    low, high = thresholds.error_ratio_ticket, thresholds.error_ratio_page
    if low > high:
        raise ConfigurationError(
            f"{where}: error_ratio_ticket={low} is above error_ratio_page={high}: no ticket would come first"
        )
    return thresholds


def _unknown(key: Any, value: Any, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(key, known, n=1) if isinstance(key, str) else []
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    name = key if isinstance(key, str) and len(key) <= 100 else shown(key)
    return f"{name}={shown(value)} is no known threshold; {hint}"
