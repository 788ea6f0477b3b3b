"""The demo's rules against those that `servescope prometheus` writes."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from servescope.cli.demo.rules import SPEED, demo_files, hastened
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
RANGE = re.compile(r"(?:(?<=\[)|(?<= offset ))\w+|(?<=:)\w+(?=\])")
TARGET, ALERTMANAGER = "127.0.0.1:18082", "127.0.0.1:19093"


def seconds(duration):
    """Of a duration such as 1h30m."""
    parts = re.findall(r"(\d+)(ms|[smhd])", duration)
    assert "".join(number + unit for number, unit in parts) == duration
    return sum(int(number) * UNITS[unit] for number, unit in parts)


@pytest.fixture(scope="module")
def both():
    """The files as they are written, and the demo's."""
    written = prometheus_files(discovery_of((TARGET,), None, None), Thresholds(), "classic")
    return written, demo_files(TARGET, ALERTMANAGER)


def groups(files):
    """Every group of every file of rules."""
    texts = [text for path, text in sorted(files.items()) if path.startswith("rules/")]
    return [group for text in texts for group in yaml.safe_load(text)["groups"]]


def test_every_duration_of_the_rules_is_shorter(both):
    """Ranges, offsets and `for` by the same factor, intervals too but for a second at least; nothing else differs."""
    ranges = waits = 0
    for old, new in zip(*map(groups, both), strict=True):
        assert seconds(new["interval"]) == max(seconds(old["interval"]) / SPEED, 1)
        assert (new["name"], len(new["rules"])) == (old["name"], len(old["rules"]))
        for was, rule in zip(old["rules"], new["rules"], strict=True):
            assert RANGE.sub("[]", rule["expr"]) == RANGE.sub("[]", was["expr"])
            pairs = list(zip(RANGE.findall(was["expr"]), RANGE.findall(rule["expr"]), strict=True))
            if "for" in was:
                pairs.append((was["for"], rule["for"]))
                waits += 1
            ranges += len(pairs)
            # Prometheus has no parts of milliseconds.
            assert all(0 <= seconds(long) / SPEED - seconds(short) < 0.001 for long, short in pairs)
            assert {**rule, "expr": "", "for": ""} == {**was, "expr": "", "for": ""}
    assert ranges > 0
    assert waits > 0


def test_the_configuration(both):
    """It scrapes the server each second, and tells the demo's own Alertmanager."""
    written, files = both
    config = yaml.safe_load(files["prometheus.yml"])
    assert {key: seconds(value) for key, value in config["global"].items()} == {
        "scrape_interval": 1.0,
        "evaluation_interval": 1.0,
    }
    (manager,) = config["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": [ALERTMANAGER]}]
    assert config["scrape_configs"][0]["static_configs"] == [{"targets": [TARGET]}]
    assert files["alertmanager.yml"] == written["alertmanager.yml"]


@given(st.integers(1, 10**6), st.sampled_from(["m", "h", "d"]))
def test_any_duration(number, unit):
    """Of a range, to the millisecond."""
    (text,) = hastened({"rules/a.yml": f"expr: rate(x[{number}{unit}])"}, ALERTMANAGER).values()
    assert seconds(RANGE.findall(text)[0]) == pytest.approx(number * UNITS[unit] / SPEED)
