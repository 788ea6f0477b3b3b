"""`servescope demo --once`: a real model, trained, packed, served, asked and measured."""

import os
import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.integration


def test_the_demo_reads_digits_and_measures_itself(tmp_path):
    """It ends by itself, reads at least 95 % of the held-out images rightly, and counts as many requests as it sent."""
    result = subprocess.run(
        [sys.executable, "-m", "servescope.cli.main", "demo", "--once", "--directory", str(tmp_path / "demo")],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    accuracy = re.search(r"Accuracy: (\d+) of 450 held-out images", result.stdout)
    assert accuracy is not None, result.stdout
    assert int(accuracy[1]) >= 0.95 * 450
    row = re.search(r"^ *digits +450 +([\d,]+) +0 +([\d.]+) ms +([\d.]+) ms", result.stdout, re.MULTILINE)
    assert row is not None, result.stdout
    assert float(row[3]) <= float(row[2])
    assert not (tmp_path / "demo" / ".servescope.pid").exists()
