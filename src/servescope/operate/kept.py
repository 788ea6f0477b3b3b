"""Configuration that is the operator's once it is there: in, a folder; out, the files in it that --force leaves alone.

Receivers, addresses and targets are filled in by hand, or by options of an earlier call, and no later one knows them.
Called by `servescope prometheus`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from servescope.operate.discovery import address_in, is_target


def kept_files(folder: Path, *, finds_servers: bool) -> frozenset[str]:
    """Paths in the folder. `finds_servers`: this call says where the servers are, so that prometheus.yml is to follow it.

    A file that is no configuration of its program, whatever else it may be, is not among them.
    """
    wanted = {"alertmanager.yml": "route", **({} if finds_servers else {"prometheus.yml": "scrape_configs"})}
    return frozenset(name for name, section in wanted.items() if _has(folder / name, section))


def kept_target(folder: Path, job: str) -> str | None:
    """A server that the folder's prometheus.yml names under this job, else under its first one: the first target, or whom it
    asks for them. None where it names none.
    """
    content = _content(folder / "prometheus.yml")
    try:
        scraped = sorted(content["scrape_configs"], key=lambda one: one["job_name"] != job)[0]
    except (LookupError, TypeError):
        return None
    texts = [*_texts(scraped, "static_configs", "targets"), *_texts(scraped, "http_sd_configs", "url")]
    return next(filter(None, map(_address, texts)), None)


def _address(text: str) -> str:
    """Of a target, or of a URL; "" where it has none."""
    return text if is_target(text) or is_target(f"{text}:80") else address_in(text)


def _texts(scraped: Mapping[str, Any], kind: str, key: str) -> list[str]:
    """All texts under this key of a kind of discovery, whatever else stands there."""
    kinds = scraped.get(kind)
    found = [one.get(key) for one in kinds if isinstance(one, dict)] if isinstance(kinds, list) else []
    return [text for one in found for text in (one if isinstance(one, list) else [one]) if isinstance(text, str)]


def _has(path: Path, section: str) -> bool:
    content = _content(path)
    return isinstance(content, dict) and section in content


def _content(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
