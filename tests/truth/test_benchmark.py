"""benchmarks/metrics.py runs; what it measures of memory, and against prometheus_client, keeps its limits on a busy machine too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from programs import needs

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "metrics.py"


def measure(tmp_path, *rows, options=()):
    """The quick form, for some rows: numbers by row, and the table."""
    found = tmp_path / "found.json"
    words = [sys.executable, str(SCRIPT), "--quick", *options, "--json", str(found), "--only", *rows]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    assert found.exists(), done.stderr
    numbers = json.loads(found.read_text())
    assert set(numbers) == set(rows)
    assert done.stdout.count("| met |") + done.stdout.count("| MISSED |") >= 1, done.stdout
    return numbers


def test_in_one_process(tmp_path):
    """Recording and rendering: a tenth of prometheus_client's time at the most, both measured in turn."""
    found = measure(tmp_path, "recording", "render", "slice", "openmetrics", "protobuf", "client")
    assert 0 < found["client"] <= 0.1
    assert all(number > 0 for number in found.values())


def test_memory(tmp_path):
    """A registered idle model's series."""
    assert 0 < measure(tmp_path, "memory")["memory"] <= 40


@needs("wrk")
def test_under_load(tmp_path):
    """All three comparisons end in a number; what they are here, with whatever else runs, says nothing."""
    found = measure(tmp_path, "on_off", "scraped", "scraped_gzip", options=("--rounds", "1", "--seconds", "1"))
    assert found["on_off"] < 100
    assert min(found["scraped"], found["scraped_gzip"]) > 0
