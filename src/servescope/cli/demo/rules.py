"""The demo's configuration of Prometheus and Alertmanager: what `servescope prometheus` writes, in quick motion.

In: two addresses. Out: the files' texts. Pure; written by `demo_alerts`. Rules that look back over hours and alerts that
wait for minutes would show nothing within a demo, so each minute of the rules is a second here. Thresholds stay.
"""

import re
from collections.abc import Mapping

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files

SPEED = 60
_SHORTEST_MS = 1000  # of an interval: Prometheus need not look more often to show a demo
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = r"(?:\d+(?:ms|[smhd]))+"
_PART = re.compile(r"(\d+)(ms|[smhd])")
# How far an expression looks back; how long an alert has to be so; how often a group is evaluated.
_RANGE = re.compile(rf"(?<=\[){_DURATION}(?=[\]:])|(?<=:){_DURATION}(?=\])|(?<= offset ){_DURATION}")
_FOR = re.compile(rf"(?m)(?<=^    for: ){_DURATION}$")
_INTERVAL = re.compile(rf"(?m)(?<=interval: ){_DURATION}$")
_ALERTMANAGER = "127.0.0.1:9093"


def demo_files(target: str, alertmanager: str) -> dict[str, str]:
    """Every file by its path in the folder; both addresses are HOST:PORT."""
    return hastened(prometheus_files(discovery_of((target,), None, None), Thresholds(), "classic"), alertmanager)


def hastened(files: Mapping[str, str], alertmanager: str) -> dict[str, str]:
    """The files with each minute made a second, and with another address of Alertmanager's."""
    return {path: _hastened(path, text, alertmanager) for path, text in files.items()}


def _hastened(path: str, text: str, alertmanager: str) -> str:
    if path == "prometheus.yml":
        return _INTERVAL.sub(_interval, text).replace(f'"{_ALERTMANAGER}"', f'"{alertmanager}"')
    if not path.startswith("rules/"):
        return text
    head = f"# In quick motion for `servescope demo`: a minute of the rules is {60 // SPEED} s here.\n"
    return head + _INTERVAL.sub(_interval, _FOR.sub(_shorter, _RANGE.sub(_shorter, text)))


def _shorter(match: re.Match[str]) -> str:
    return f"{_milliseconds(match[0]) // SPEED}ms"


def _interval(match: re.Match[str]) -> str:
    return f"{max(_milliseconds(match[0]) // SPEED, _SHORTEST_MS)}ms"


def _milliseconds(duration: str) -> int:
    return sum(int(number) * _UNITS_MS[unit] for number, unit in _PART.findall(duration))
