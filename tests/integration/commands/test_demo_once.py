"""`servescope demo --once`: a real model, trained, packed, served, asked and measured; alerts are in test_demo_alerts.py."""

import os
import re
import subprocess

import pytest

from integration.server import COMMAND

pytestmark = pytest.mark.integration


def test_the_demo_reads_digits_and_measures_itself(tmp_path):
    """It ends by itself, reads at least 95 % of the held-out images rightly, and its table counts as many requests as it
    sent, without an error, with times that can be: a median, a 99th percentile that is no less, and a queue time. It says
    that it left out the alerts, since the programs that they need are not on the search path.
    """
    result = subprocess.run(
        [*COMMAND, "demo", "--once", "--directory", str(tmp_path / "demo")],
        cwd=tmp_path,
        env=os.environ | {"COLUMNS": "160", "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr + result.stdout
    accuracy = re.search(r"Accuracy: (\d+) of 450 held-out images", result.stdout)
    assert accuracy is not None, result.stdout
    assert int(accuracy[1]) >= 0.95 * 450
    heads = re.search(
        r"^ *model +requests +per second +errors \(5xx\) +p50 +p99 +in queue *$", result.stdout, re.MULTILINE
    )
    assert heads is not None, result.stdout
    row = re.search(
        r"^ *digits +450 +(?P<rate>[\d,]+) +0 +(?P<p50>[\d.]+) ms +(?P<p99>[\d.]+) ms +(?P<queue>[\d.]+) ms *$",
        result.stdout,
        re.MULTILINE,
    )
    assert row is not None, result.stdout
    assert int(row["rate"].replace(",", "")) > 0
    assert 0 < float(row["p50"]) <= float(row["p99"])
    assert (
        "\n5. Alerts: left out, since prometheus and prometheus-alertmanager or alertmanager are not" in result.stdout
    )
    assert "/alerts" not in result.stdout
    assert "://" not in result.stdout  # nothing is there any more
    assert not (tmp_path / "demo" / ".servescope.pid").exists()
