"""promtool's tests of rules from Python values: in, counters and gauges over time, and what shall fire when; out, a verdict.

One run has many scenarios, each with a model or a server of its own, and holds the complete set of what fires at a time
against the wanted one, so whatever is not wanted is shown to be silent.
"""

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from programs import needs
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.promql import Form
from servescope.operate.rule_files import rule_files

needs_promtool = needs("promtool", "prometheus")

RESET = ("reset", 1)
GONE = ("gone", 1)


def counter(*segments: tuple[float | str, int]) -> str:
    """Samples of a counter: 0, and then for each segment so many steps of so much more. `RESET` starts it anew at 0,
    `GONE` is the last that is heard of it.
    """
    parts, value = ["0"], 0.0
    for amount, steps in segments:
        if (amount, steps) == RESET:
            parts, value = [*parts, "0"], 0.0
        elif (amount, steps) == GONE:
            parts.append("stale")
        elif steps:
            parts.append(f"{value + amount:g}+{amount:g}x{steps - 1}" if amount else f"{value:g}x{steps - 1}")
            value += amount * steps
    return " ".join(parts)


def steady(amount: float, steps: int) -> str:
    """A counter that grows evenly."""
    return counter((amount, steps))


def gauge(*segments: tuple[float | str, int]) -> str:
    """Samples of a gauge: for each segment so many steps of this value; `GONE` is the last that is heard of it."""
    return " ".join("stale" if each == GONE else f"{each[0]:g}x{each[1] - 1}" for each in segments)


def series(name: str, values: Mapping[str, str]) -> str:
    """A series' name and label values, however hostile, in promtool's notation."""
    return name + "{" + ",".join(f"{label}={json.dumps(value)}" for label, value in values.items()) + "}"


def seconds(duration: str) -> int:
    """A duration such as 1h30m in seconds."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(count) * units[unit] for count, unit in re.findall(r"(\d+)([smhd])", duration))


def verdict(
    folder: Path, test: Mapping[str, object], alerts: Iterable[Mapping[str, object]], form: Form = "classic"
) -> str:
    """Run one test with these alerting rules and the recordings that they read; "" where it passes, else what promtool
    says.
    """
    groups = [*_needed(alerts, form), {"name": "alerts", "rules": list(alerts)}]
    (folder / "rules.yml").write_text(json.dumps({"groups": groups}))
    content = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": test["interval"],
        "group_eval_order": [group["name"] for group in groups],
        "tests": [test],
    }
    path = folder / "test.yml"
    path.write_text(json.dumps(content))
    found = subprocess.run(["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False)
    return "" if found.returncode == 0 else found.stdout + found.stderr


def alerting_rules(form: Form = "classic", *, bare: bool = True) -> list[dict[str, Any]]:
    """Every alerting rule as it is written to the files; `bare` without what it tells people, whose rendering takes most
    of promtool's time.
    """
    rules = [rule for rule in _rules(form) if "alert" in rule]
    return [{key: value for key, value in rule.items() if key != "annotations" or not bare} for rule in rules]


def _rules(form: Form) -> Iterator[dict[str, Any]]:
    for text in rule_files(Thresholds(), form).values():
        for group in yaml.safe_load(text)["groups"]:
            yield from group["rules"]


def _needed(alerts: Iterable[Mapping[str, object]], form: Form) -> list[dict[str, Any]]:
    """The groups of recordings, without the rules that nobody reads."""
    recorded = yaml.safe_load(rule_files(Thresholds(), form)["recordings.yml"])["groups"]
    expressions = {rule["record"]: rule["expr"] for group in recorded for rule in group["rules"]}
    needed: set[str] = set()
    waiting = [str(rule["expr"]) for rule in alerts]
    while waiting:
        new = set(re.findall(r"\w+:\w+:\w+", waiting.pop())) - needed
        needed |= new
        waiting += [expressions[name] for name in new]
    kept = [{**group, "rules": [rule for rule in group["rules"] if rule["record"] in needed]} for group in recorded]
    return [group for group in kept if group["rules"]]


def firing(at_s: float, by: Iterable[str], alerts: Iterable[tuple[str, ...]]) -> dict[str, object]:
    """An expectation: all that fires at this time; each alert is its name and the values of the labels `by`."""
    names = ("alertname", *by)
    return {
        "expr": f"count by ({', '.join(names)}) (ALERTS{{alertstate='firing'}})",
        "eval_time": f"{round(at_s)}s",
        "exp_samples": [
            {"labels": series("", dict(zip(names, alert, strict=True))), "value": 1} for alert in sorted(alerts)
        ],
    }


def given(interval: str, inputs: Mapping[str, str], expected: Iterable[Mapping[str, object]]) -> dict[str, object]:
    """A test of promtool's: series and expectations of `firing`."""
    return {
        "interval": interval,
        "input_series": [{"series": name, "values": values} for name, values in inputs.items()],
        "promql_expr_test": list(expected),
    }
