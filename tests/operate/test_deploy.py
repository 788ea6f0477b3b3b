"""deploy/prometheus is what `servescope prometheus deploy/prometheus` writes."""

from pathlib import Path

from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files

FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"


def test_the_copy_is_fresh():
    """Neither a file nor a byte more or less; `make generated` writes it anew."""
    wanted = prometheus_files(discovery_of((), None, None), Thresholds(), "classic")
    there = {str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in FOLDER.rglob("*") if path.is_file()}
    assert there == wanted, "deploy/prometheus is stale: make generated"
