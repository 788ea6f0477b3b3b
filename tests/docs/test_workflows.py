"""docs/workflows.md names only families, keys, options and calls that exist, and its example can be registered."""

import re
from pathlib import Path

import pytest
from msgspec.structs import fields

from docs.families import family, labels
from docs.promql import groupings, selectors
from servescope.cli.commands import WORKFLOW
from servescope.metrics.definitions import ATTEMPT_OUTCOMES, BY_NAME
from servescope.workflows.spec.options import KEYS, NodeOptions
from servescope.workflows.spec.spec import parse_spec

PAGE = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
EXPRESSIONS = [text for kind, text in BLOCKS if kind == "promql"]
VALUES = {"outcome": ATTEMPT_OUTCOMES, "transport": ("workflow",)}


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_ask_for_what_there_is(text):
    """Families, labels in matchers and groupings, and values."""
    for selector in selectors(text):
        assert family(selector.name) is not None, selector.name
        assert {label for label, _, _ in selector.matchers} <= labels(selector.name), selector
        assert set(groupings(text)) <= labels(selector.name), selector
        for label, _, value in selector.matchers:
            assert label == "model_name" or value in VALUES[label]


def test_every_family_is_asked():
    """Each of workflows' has an expression."""
    asked = {family(selector.name).name for text in EXPRESSIONS for selector in selectors(text)}
    assert asked >= {name for name in BY_NAME if name.startswith("servescope_workflow_")}


def test_the_table_has_every_key_with_its_default():
    """As the specification is read."""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", PAGE, re.MULTILINE))
    defaults = {field.name: str(field.default) for field in fields(NodeOptions)}
    found = {key: defaults.get(key.replace("-", "_"), defaults.get(f"{key.replace('-', '_')}_ms")) for key in KEYS}
    assert rows == found


def test_the_example():
    """It is a specification without a warning, and its functions are there and do what they say."""
    (spec_text,) = (text for kind, text in BLOCKS if kind == "yaml")
    (code,) = (text for _, text in BLOCKS if text.startswith("# functions.py"))
    warnings = []
    spec = parse_spec(spec_text, "breeds.yaml", "functions.py", warnings.append)
    assert warnings == []
    space = {}
    exec(code, space)
    assert {node.name for node in spec.nodes.values() if node.url is None} == {"decode", "join"}
    assert (space["decode"](None, None), space["decode"]([{"body": b"x"}], None)) == (None, [b"x"])
    assert (space["join"](None, None), space["join"]([{"a": b"1", "b": b"2"}], None)) == (None, [{"a": "1", "b": "2"}])


def test_commands_exist():
    """Those that the page names."""
    named = {word for text in re.findall(r"servescope workflow ([a-z|]+)", PAGE) for word in text.split("|")}
    assert named == set(WORKFLOW.commands)
