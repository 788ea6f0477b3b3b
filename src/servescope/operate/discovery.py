"""Where Prometheus finds the servers: in, options of the command; out, `Discovery`, and its lines in prometheus.yml.

Kinds of discovery are alternatives, since a server that is found twice is counted twice: one is active, the others stand
beside it commented out.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import yaml

from servescope.errors import ConfigurationError
from servescope.operate.web_address import is_web_address

DEFAULT_TARGET: Final = "127.0.0.1:8082"
_TARGET: Final = re.compile(r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|[A-Za-z0-9_.-]+):(?P<port>\d{1,5})")
_GLOB: Final = re.compile(r"[^*\[\\]*(\*[^/*\[\\]*)?\.(?:json|yml|yaml)")
_EXAMPLE_FILES: Final = "targets/*.yml"


@dataclass(frozen=True, slots=True)
class Discovery:
    """One kind of discovery: targets, or a glob of files, or a URL. Made by `discovery_of`."""

    targets: tuple[str, ...] = ()
    file_sd: str | None = None
    http_sd: str | None = None

    @property
    def first(self) -> str:
        """A server that is known by name: the first target, or the one that is asked for the others; else this machine's."""
        return self.targets[0] if self.targets else address_in(self.http_sd or "") or DEFAULT_TARGET

    @property
    def lines(self) -> list[str]:
        """The part of a scrape config, without indentation: what is active, and then what could be instead."""
        kinds = (
            ("static_configs", ["- targets:", *(f"    - {_quoted(one)}" for one in self.targets or (DEFAULT_TARGET,))]),
            ("file_sd_configs", ["- files:", f"    - {_quoted(self.file_sd or _EXAMPLE_FILES)}"]),
            ("http_sd_configs", [f"- url: {_quoted(self.http_sd or f'http://{DEFAULT_TARGET}/sd')}"]),
        )
        active = "file_sd_configs" if self.file_sd else "http_sd_configs" if self.http_sd else "static_configs"
        lines = []
        for kind, body in sorted(kinds, key=lambda one: one[0] != active):
            before = "" if kind == active else "# "
            lines += [f"{before}{kind}:", *(f"{before}  {line}" for line in body)]
        return lines


def discovery_of(targets: tuple[str, ...], file_sd: str | None, http_sd: str | None) -> Discovery:
    """The discovery that options ask for. Raises ConfigurationError, which names the option and its value."""
    given = [
        (option, value)
        for option, value in (("--target", ", ".join(targets)), ("--file-sd", file_sd), ("--http-sd", http_sd))
        if value
    ]
    if len(given) > 1:
        both = " and ".join(f"{option} {value}" for option, value in given)
        raise ConfigurationError(f"{both} exclude each other: a server that is found twice is counted twice")
    for target in targets:
        _check_target(target, targets)
    if file_sd is not None:
        _check_files(file_sd)
    if http_sd is not None:
        _check_url(http_sd)
    return Discovery(targets, file_sd, http_sd)


def is_target(text: str) -> bool:
    """Whether it is a HOST:PORT."""
    match = _TARGET.fullmatch(text)
    return match is not None and 0 < int(match["port"]) <= 65535 and _is_ipv6(match["ipv6"] or "::")


def address_in(url: str) -> str:
    """HOST or HOST:PORT of a URL, without user and password; "" where there is none, or it is not http:// or https://."""
    try:
        parts = urlsplit(url)
        host, port, scheme = parts.hostname or "", parts.port, parts.scheme
    except ValueError:
        return ""
    shown = f"[{host}]" if ":" in host else host
    known = scheme in ("http", "https") and is_target(f"{shown}:{80 if port is None else port}")
    return (shown if port is None else f"{shown}:{port}") if known else ""


def _check_target(target: str, targets: tuple[str, ...]) -> None:
    if not is_target(target):
        raise ConfigurationError(f"--target {target!r} is no HOST:PORT such as models-1.example.org:8082")
    if targets.count(target) > 1:
        raise ConfigurationError(f"--target {target} is given twice")


def _is_ipv6(address: str) -> bool:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True


def _check_files(glob: str) -> None:
    if not _GLOB.fullmatch(glob) or not glob.isprintable():
        why = (
            "Prometheus reads files whose names end in .json, .yml or .yaml, with one * in the last part of the path, and"
            " no [ or \\"
        )
        raise ConfigurationError(f"--file-sd {glob!r} cannot be used: {why}")


def _check_url(url: str) -> None:
    if not (is_web_address(url) and address_in(url)):
        raise ConfigurationError(f"--http-sd {url!r} is no http:// or https:// URL")


def _quoted(text: str) -> str:
    """A YAML scalar on one line."""
    return yaml.safe_dump(text, default_style='"', allow_unicode=True, width=1_000_000).strip()
