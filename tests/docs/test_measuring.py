"""docs/measuring.md names only families, labels, label values and options that exist."""

import re
import subprocess
from pathlib import Path

import pytest

from docs.families import family, labels
from docs.promql import PARTS, aggregations, groupings, selectors
from programs import needs
from servescope.config.choice import StartOptions
from servescope.config.keys import keys_of, prefixes_of
from servescope.config.load import load_settings
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.model.objectives import SLO_KEYS
from servescope.config.reference import yaml_table
from servescope.config.settings import Settings
from servescope.config.values.collectors import COLLECTORS
from servescope.metrics.definitions import (
    BY_NAME,
    CLOSING_REASONS,
    CONNECTION_STATES,
    DIRECTIONS,
    DROP_REASONS,
    MISSING_REASONS,
    MODES,
    OUTCOMES,
    REJECTION_REASONS,
    RESTART_REASONS,
    SLOS,
    STAGES,
    WORKER_STATES,
)
from servescope.worker.measuring.custom_metrics import CustomMetrics

PAGE = (Path(__file__).parents[2] / "docs" / "measuring.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXPRESSIONS = [text for kind, text in BLOCKS if kind == "promql"]
SPANS = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL))

VALUES = {
    "outcome": OUTCOMES,
    "stage": STAGES,
    "slo": SLOS,
    "direction": DIRECTIONS,
    "mode": MODES,
    "state": (*WORKER_STATES, *CONNECTION_STATES),
    "reason": (*REJECTION_REASONS, *RESTART_REASONS, *CLOSING_REASONS),
    "collector": COLLECTORS,
    "job": ("servescope",),
}
# Names of Prometheus' own, and of the page's example.
THEIRS = {
    "scrape_classic_histograms", "always_scrape_classic_histograms", "scrape_native_histograms", "group_left", "rate",
    "histogram_sum", "histogram_count", "up", "instance", "global", "unknown", "exported_…", "process_…", "python_…",
    "servescope_…", "servescope_", "ts_…", "trace_id", "request_id", "cache_hits_total", "logs", "metric",
    "prometheus", "log", "legacy", "off", "other", "le", "metrics_buckets_mysize",
}  # fmt: skip


def options():
    """Every key of config.properties and of model-config.yaml."""
    yaml_keys = re.findall(r"^\| `(\w+)` \|", yaml_table(ModelConfig), re.MULTILINE)
    return {*keys_of(Settings), *yaml_keys, *SLO_KEYS}


def test_there_is_something_to_check():
    """The page has expressions, and they are read."""
    assert len(EXPRESSIONS) >= 20
    assert sum(len(selectors(text)) for text in EXPRESSIONS) >= 40


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_families_and_labels_exist(text):
    """Each name is a family's, each label in a matcher is one of that family's."""
    for selector in selectors(text):
        assert family(selector.name) is not None, selector.name
        assert {label for label, _, _ in selector.matchers} <= labels(selector.name), selector


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_groupings_exist(text):
    """Each label in `by (…)` is one of every family that is aggregated there."""
    for wanted, argument in aggregations(text):
        within = selectors(argument)
        assert within, text
        for selector in within:
            assert set(wanted) <= labels(selector.name), selector
    everywhere = set().union(*(labels(selector.name) for selector in selectors(text)))
    assert set(groupings(text)) <= everywhere


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_values_exist(text):
    """A matcher that asks for a stage, an outcome, a state or the like asks for one that there is."""
    for selector in selectors(text):
        for label, operator, value in selector.matchers:
            if label != "code":
                assert set(value.split("|") if "~" in operator else [value]) <= set(VALUES[label]), selector


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_histograms_are_asked_as_such(text):
    """Buckets need `le` to be kept, and a name without a part is a native histogram, which has no `le`."""
    for selector in selectors(text):
        if family(selector.name).kind == "histogram":
            assert ("le" in groupings(text)) == selector.name.endswith("_bucket"), text
            assert selector.name.endswith(PARTS) or "histogram_" in text


@needs("promtool", "prometheus")
def test_prometheus_reads_them(tmp_path):
    """Its own parser takes every expression."""
    rules = [f"  - record: 'r:{n}'\n    expr: |-\n" for n in range(len(EXPRESSIONS))]
    for n, text in enumerate(EXPRESSIONS):
        rules[n] += "".join(f"      {line}\n" for line in text.splitlines())
    file = tmp_path / "rules.yml"
    file.write_text("groups:\n- name: page\n  rules:\n" + "".join(rules))
    checked = subprocess.run(["promtool", "check", "rules", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(EXPRESSIONS)} rules found" in checked.stdout


def test_options_exist():
    """What stands in code and looks like an option, a family or a label is one of ours, or of those in THEIRS."""
    known = options() | BY_NAME.keys() | THEIRS | {label for one in BY_NAME.values() for label in one.labels}
    for values in (*VALUES.values(), DROP_REASONS, REJECTION_REASONS, RESTART_REASONS, MISSING_REASONS):
        known.update(values)
    known.update(name for name in vars(CustomMetrics) if not name.startswith("_"))
    prefixes = tuple(prefixes_of(Settings))
    unknown = []
    for span in SPANS:
        word = re.match(r"([a-z][\w…]*)(?:$|=|: )", span)
        if word is None or word[1] in known:
            continue
        family_of = next((word[1].removeprefix(prefix) for prefix in prefixes if word[1].startswith(prefix)), "")
        if not family_of or family(family_of) is None:
            unknown.append(span)
    assert unknown == []


@pytest.mark.parametrize("text", [text for kind, text in BLOCKS if kind == "properties"])
def test_configurations_load(tmp_path, text):
    """Each excerpt of a config.properties loads, and nothing in it is unknown."""
    (tmp_path / "config.properties").write_text(text)
    assert load_settings(StartOptions(no_config_snapshots=True), {}, tmp_path).warnings == ()


def test_modes_load(tmp_path):
    """The modes of the table are modes."""
    modes = re.findall(r"^\| `([a-z,]+)`[^|]*\| [^|]*\| [^|]*\|$", PAGE.partition("## Logs instead")[2], re.MULTILINE)
    assert len(modes) == 5
    for mode in modes:
        (tmp_path / "config.properties").write_text(f"metrics_mode={mode}\n")
        settings = load_settings(StartOptions(no_config_snapshots=True), {}, tmp_path)
        assert settings.metrics_mode == mode


def test_the_objectives_are_taken():
    """The excerpt of a model-config.yaml is one."""
    (text,) = (text for kind, text in BLOCKS if kind == "yaml" and text.startswith("slo:"))
    config, warnings = parse_model_config(text, "page")
    assert warnings == []
    assert {one.slo for one in config.objectives.thresholds} == {"availability", "latency"}


def test_the_tables_are_complete():
    """Every stage and every reason for a drop, a refusal, a restart or a missing model has its row."""
    for word in (*STAGES, *DROP_REASONS, *REJECTION_REASONS, *RESTART_REASONS, *MISSING_REASONS):
        assert re.search(rf"^\| [^|]*`{word}`", PAGE, re.MULTILINE), word
