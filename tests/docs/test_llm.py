"""docs/llm.md names only families, labels, options and configurations that exist."""

import re
from pathlib import Path

import pytest
import yaml

from docs.families import family, labels
from docs.promql import groupings, selectors
from servescope.cli.llm.words import parser
from servescope.config.model.config import ModelConfig, parse_model_config
from servescope.config.reference import yaml_table
from servescope.metrics.definitions import BY_NAME, SLOS
from servescope.worker.llm.settings import read_settings

PAGE = (Path(__file__).parents[2] / "docs" / "llm.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXPRESSIONS = [text for kind, text in BLOCKS if kind == "promql"]
LLM = {name for name in BY_NAME if name.startswith("servescope_llm_")}
VALUES = {"kind": {"prompt", "cached_prompt", "generation"}, "slo": set(SLOS)}


def test_every_family_is_explained_and_asked():
    """Each of a language model's has a row of the table, and an expression."""
    table = PAGE.partition("## Metrics")[2].partition("\n## ")[0]
    assert set(re.findall(r"servescope_llm_\w+", table)) == LLM
    asked = {family(selector.name).name for text in EXPRESSIONS for selector in selectors(text)}
    assert asked >= LLM


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_ask_for_what_there_is(text):
    """Families, labels in matchers and groupings, and values; buckets are asked for by `le`."""
    for selector in selectors(text):
        assert family(selector.name) is not None, selector.name
        assert {label for label, _, _ in selector.matchers} <= labels(selector.name), selector
        assert set(groupings(text)) <= labels(selector.name), selector
        assert ("le" in groupings(text)) == selector.name.endswith("_bucket")
        for label, operator, value in selector.matchers:
            assert set(value.split("|") if "~" in operator else [value]) <= VALUES[label], selector


def test_the_configuration_is_taken(tmp_path):
    """The server and the worker read it, and warn of nothing."""
    (text,) = (text for kind, text in BLOCKS if kind == "yaml")
    config, warnings = parse_model_config(text, "page")
    assert warnings == []
    assert config.objectives.ttft_s == 0.5
    assert config.objectives.itl_s == 0.05
    settings = read_settings(yaml.safe_load(text), tmp_path)
    assert settings.model == "meta-llama/Llama-3.1-8B-Instruct"
    assert set(settings.adapters) == {"support"}


def test_own_options_exist():
    """Those that are named as this command's, or as `start`'s, in the page's first part."""
    known = {name for action in parser()._actions for name in action.option_strings}
    part = PAGE.partition("MODEL comes first")[2].partition("- all others")[0]
    named = set(re.findall(r"--[a-z-]+", part))
    assert {"--model-name", "--replicas", "--ts-config"} <= named
    assert named <= known


def test_keys_of_the_yaml_exist():
    """Those in camel case are this server's, and listed in the reference."""
    known = set(re.findall(r"^\| `(\w+)` \|", yaml_table(ModelConfig), re.MULTILINE))
    named = set(re.findall(r"`([a-z]+[A-Z]\w*)", re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)))
    assert named
    assert named <= known
