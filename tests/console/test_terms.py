"""The pages' words for the server's terms: each term has one, and none is left of a term that is no more."""

import re
from pathlib import Path

from servescope.metrics.definitions import STAGES, WORKER_STATES
from servescope.serving.readiness.survey import Standing

WORDS = (Path(__file__).parents[2] / "console" / "src" / "text" / "words.ts").read_text()


def block(name, opening, closing):
    """What stands between the brackets of a constant."""
    found = re.search(rf"const {name}[^=]*= \{opening}(.*?)\{closing}[ ;]", WORDS, re.DOTALL)
    assert found, name
    return found[1]


def test_stages_and_workers():
    """In an order of their own."""
    assert set(re.findall(r'"(\w+)"', block("STAGES", "[", "]"))) == set(STAGES)
    assert set(re.findall(r"^ +(\w+):", block("STAGE_COLOURS", "{", "}"), re.MULTILINE)) == set(STAGES)
    assert set(re.findall(r'"(\w+)"', block("WORKER_STATES", "[", "]"))) == set(WORKER_STATES)


def test_models():
    """How a model stands."""
    assert set(re.findall(r"^ +(\w+):", block("MODEL_STATES", "{", "}"), re.MULTILINE)) == set(Standing)
