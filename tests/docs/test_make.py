"""`make help` says which targets need a network, and the documentation names only targets that there are."""

import re
import subprocess
from pathlib import Path

import pytest

from docs.test_links import PAGES

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
RULES = dict(re.findall(r"^([a-z-]+):(?!=)(.*)$", MAKEFILE, re.MULTILINE))
# What pip fills. `programs` and the other plain targets need none of it.
ENVIRONMENTS = {
    "$(STAMPS)": ".venv",
    "$(TORCHSERVE_ENV)": "TorchServe",
    "$(LLM_ENV)": "vLLM",
    "$(KSERVE_ENV)": "KServe",
    "$(FAST_ENV)": "packages",
    "$(DATADOG_ENV)": "Datadog",
    "$(MOSEC_ENV)": "Mosec",
    "$(GRPC_ENV)": "grpcio",
    "$(RAY_ENV)": "Ray",
    "$(BROWSER_ENV)": "Playwright",
    "$(COMPAT_ENV)": "packages",
}


def needs(target):
    """The environments that a target needs, by its prerequisites and theirs."""
    words = RULES[target].partition("##")[0].split()
    own = {name for variable, name in ENVIRONMENTS.items() if any(word.startswith(variable) for word in words)}
    return own.union(*(needs(word) for word in words if word in RULES))


def test_help_says_who_needs_a_network():
    """Each target that pip runs for, and no other; what it needs beside .venv is named."""
    shown = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    lines = dict(re.findall(r"^  make ([a-z-]+) +(.*)$", shown, re.MULTILINE))
    assert {"demo", "picture", "test", "test-llm", "bench", "clean"} <= lines.keys()
    for target, text in lines.items():
        mark = re.search(r"\[network(?:: (\w+(?: and \w+)*)[^\]]*)?\]$", text)
        wanted = needs(target)
        assert (mark is not None) == bool(wanted), text
        assert mark is None or set((mark[1] or ".venv").split(" and ")) == (wanted - {".venv"} or wanted), text
    assert re.search(r"^\[network\] .*\d+ MB", shown, re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_targets_that_are_named_exist(page):
    """In code: `make demo`, or a line of a block."""
    named = re.findall(r"(?:`|^    )make ([a-z][a-z-]*)(?=[ `\n])", page.read_text("utf-8"), re.MULTILINE)
    assert set(named) <= RULES.keys()
