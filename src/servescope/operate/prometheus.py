"""Prometheus' configuration: in, where the servers are, thresholds, the histograms' form; out, the folder's files.

Called by `servescope prometheus`, whose `writer` puts them on the disk, and by the test that keeps deploy/ fresh.
"""

from typing import Final

from servescope.findings.thresholds.file import render_thresholds
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.alertmanager import alertmanager_file
from servescope.operate.discovery import Discovery
from servescope.operate.promql import Form
from servescope.operate.rule_files import rule_files

THRESHOLDS_FILE: Final = "thresholds.yml"

_HEAD: Final = """\
# Written by `servescope prometheus`. Start it beside this file:
#   prometheus --config.file=prometheus.yml{feature}
global:
  scrape_interval: 15s
  evaluation_interval: 15s

rule_files:
  - "rules/*.yml"

alerting:
  alertmanagers:
    - static_configs:
        - targets:
            - "127.0.0.1:9093"

scrape_configs:
  - job_name: {job}
"""
_NATIVE: Final = """\
    # The rules read native histograms. Prometheus 2.40 to 3.8 takes them with the option above, 3.9 and later with:
    # scrape_native_histograms: true
"""
_ONE_OF: Final = "    # One kind of discovery at a time: a server that is found twice is counted twice.\n"


def prometheus_files(
    discovery: Discovery, thresholds: Thresholds, form: Form, first_target: str | None = None
) -> dict[str, str]:
    """Every file of the folder, by its path in it. `first_target`: a server to link to, if it is not the discovery's first."""
    found = rule_files(thresholds, form, first_target or discovery.first)
    rules = {f"rules/{name}": text for name, text in found.items()}
    return {
        "prometheus.yml": prometheus_file(discovery, thresholds, form),
        "alertmanager.yml": alertmanager_file(),
        THRESHOLDS_FILE: render_thresholds(thresholds),
        **rules,
    }


def prometheus_file(discovery: Discovery, thresholds: Thresholds, form: Form) -> str:
    """The text of prometheus.yml."""
    native = form == "native"
    head = _HEAD.format(feature=" --enable-feature=native-histograms" if native else "", job=thresholds.job)
    return head + (_NATIVE if native else "") + _ONE_OF + "".join(f"    {line}\n" for line in discovery.lines)
