"""Configuration that is the operator's once it is there: in, a folder; out, the files in it that --force leaves alone.

Receivers, addresses and targets are filled in by hand, or by options of an earlier call, and no later one knows them.
Called by `servescope prometheus`.
"""

from pathlib import Path
from typing import Any

import yaml


def kept_files(folder: Path, *, finds_servers: bool) -> frozenset[str]:
    """Paths in the folder. `finds_servers`: this call says where the servers are, so that prometheus.yml is to follow it.

    A file that is no configuration of its program, whatever else it may be, is not among them.
    """
    wanted = {"alertmanager.yml": "route", **({} if finds_servers else {"prometheus.yml": "scrape_configs"})}
    return frozenset(name for name, section in wanted.items() if _has(folder / name, section))


def kept_target(folder: Path) -> str | None:
    """The first server that the folder's prometheus.yml names; None where it names none."""
    content = _content(folder / "prometheus.yml")
    try:
        target = content["scrape_configs"][0]["static_configs"][0]["targets"][0]
    except (LookupError, TypeError):
        return None
    return target if isinstance(target, str) else None


def _has(path: Path, section: str) -> bool:
    content = _content(path)
    return isinstance(content, dict) and section in content


def _content(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
