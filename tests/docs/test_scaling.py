"""docs/scaling.md: commands run as they are printed, keys, defaults, reasons and bounds are the code's, pictures are there."""

import re
import shlex
from pathlib import Path

import pytest

from docs.families import family, labels
from docs.promql import selectors
from servescope.autoscaler.decision import REASONS
from servescope.autoscaler.simulator.plot import MARK
from servescope.cli.main import run
from servescope.config.model.autoscale import AUTOSCALE_KEYS, Mode, default_of
from servescope.config.model.config import parse_model_config
from servescope.operate.recordings import all_recordings

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "scaling.md").read_text("utf-8")
COMMANDS = re.findall(r"^    servescope (simulate .*)$", PAGE, re.MULTILINE)
EXPRESSIONS = re.findall(r"^```promql\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
BOUNDS = {"min", "max", "step", "memory", "container_memory", "container_cpu", "gpu_memory", "failed_starts"}
LIGHT = 150_000  # bytes of a picture


def rows(title):
    """The cells of the table under a heading, row by row."""
    part = PAGE.partition(f"\n### {title}\n")[2].partition("\n##")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


@pytest.mark.parametrize("command", COMMANDS)
def test_simulations_run(tmp_path, monkeypatch, capsys, command):
    """As they are printed; arrivals.csv is the reader's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "arrivals.csv").write_text("arrival_s\n" + "".join(f"{second / 2}\n" for second in range(400)))
    assert run(shlex.split(command)) == 0
    assert "servescope" in capsys.readouterr().out
    assert ("--out" in command) == (tmp_path / "simulation" / "simulation.svg").exists()


def test_there_are_simulations():
    """One of a pattern, one of a trace."""
    assert [re.search("--(pattern|trace)", command)[1] for command in COMMANDS] == ["pattern", "trace"]


def test_the_configuration_is_taken():
    """As it is printed."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    config, warnings = parse_model_config(text, "page")
    assert warnings == []
    assert config.autoscale == {"mode": Mode.ADVISE}


def test_every_key_with_its_default():
    """In the code's order, and each says why."""
    told = {key.strip("`"): (default.strip("`"), why) for key, default, why in rows("Keys")}
    assert list(told) == list(AUTOSCALE_KEYS)
    for key, (default, why) in told.items():
        value = default_of(key)
        assert default == ("none" if value is None else f"{value:g}" if isinstance(value, float) else value), key
        assert len(why) > 20


def test_every_reason_and_bound():
    """The signals are reasons too, and have a table of their own."""
    signals = {row[0].strip("`") for row in rows("How it decides")}
    reasons = {row[0].strip("`"): row[1] for row in rows("Reasons")}
    assert signals | reasons.keys() == REASONS.keys()
    assert reasons.items() <= REASONS.items()
    assert set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows("Bounds")))) == BOUNDS
    modes = [row[0].strip("`") for row in rows("Switching it on")]
    assert modes == list(Mode)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions(text):
    """Families, recordings and labels of the page's PromQL exist."""
    recorded = all_recordings("classic")
    for selector in selectors(text):
        known = recorded[selector.name].expression.labels if ":" in selector.name else labels(selector.name)
        assert ":" in selector.name or family(selector.name), selector.name
        assert {label for label, _, _ in selector.matchers} <= known


def test_pictures():
    """Both are the simulator's, and light."""
    named = re.findall(r"!\[.+\]\((.+\.svg)\)", PAGE)
    assert named == ["scaling-step.svg", "scaling-conv.svg"]
    for name in named:
        text = (DOCS / name).read_text("utf-8")
        assert MARK in text
        assert len(text) < LIGHT
