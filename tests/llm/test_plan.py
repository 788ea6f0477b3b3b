"""`servescope plan` of a language model: requests of lengths in tokens, and what the engine made of them."""

import json
import os
import subprocess

import pytest

from integration.server import COMMAND

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]


def tokens(server, model, kind):
    """By the server's own count."""
    return server.metrics("servescope_llm_tokens_total", model_name=model.name, kind=kind)


def test_a_plan_by_lengths_in_tokens(llm_server, llm):
    """Every request is answered, with as many tokens as were asked for; the engine finds none in its cache of prefixes."""
    cached = tokens(llm_server, llm, "cached_prompt")
    words = ["--slo", "ttft_p90=5s", "--rps", "1", "--input-tokens", "fixed:64", "--output-tokens", "fixed:8", "--yes"]
    ran = subprocess.run(
        [*COMMAND, "plan", llm.name, *words, "--budget", "30s", "--json"],
        cwd=llm_server.directory,
        env=os.environ | {"TEMP": str(llm_server.directory)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    plan = json.loads(ran.stdout)
    assert plan["tokens_per_second"] == pytest.approx(8 * plan["edge"]["rate"], rel=0.01)
    assert tokens(llm_server, llm, "cached_prompt") == cached
