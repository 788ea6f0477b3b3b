"""The folder for Prometheus: promtool takes it, in both forms and with every kind of discovery."""

import subprocess

import pytest
import yaml

from operate.promtool import needs_promtool
from programs import needs
from servescope.findings.thresholds.thresholds import Thresholds
from servescope.operate.discovery import discovery_of
from servescope.operate.prometheus import prometheus_files
from servescope.operate.promql import FORMS
from servescope.operate.writer import write_files

DISCOVERIES = {
    "static": ((), None, None),
    "targets": (("models-1.example.org:8082", "[::1]:8082"), None, None),
    "files": ((), "targets/*.yml", None),
    "http": ((), None, "http://127.0.0.1:8082/sd"),
}


@needs_promtool
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", DISCOVERIES)
def test_promtool_takes_it(tmp_path, kind, form):
    """The configuration, and every file of rules that it names."""
    write_files(tmp_path, prometheus_files(discovery_of(*DISCOVERIES[kind]), Thresholds(), form), force=False)
    for command in (["config", "prometheus.yml"], ["rules", *map(str, sorted((tmp_path / "rules").iterdir()))]):
        found = subprocess.run(
            ["promtool", "check", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
        # Of 2.42 a duplicate rule is a warning, and none is wanted.
        assert "duplicate" not in found.stdout + found.stderr


@needs("amtool", "prometheus-alertmanager")
def test_amtool_takes_it(tmp_path):
    """And routes pages to one receiver and everything else to the other."""
    write_files(tmp_path, prometheus_files(discovery_of((), None, None), Thresholds(), "classic"), force=False)
    path = str(tmp_path / "alertmanager.yml")
    found = subprocess.run(["amtool", "check-config", path], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    for severity, receiver in (("page", "pages"), ("ticket", "tickets")):
        routed = subprocess.run(
            ["amtool", "config", "routes", "test", f"--config.file={path}", f"severity={severity}", "model_name=x"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert routed.stdout.split() == [receiver]


def test_what_prometheus_yml_has():
    """Block style, both intervals, the default target, the rules, and the job that alerts look for."""
    text = prometheus_files(discovery_of((), None, None), Thresholds(job="models"), "classic")["prometheus.yml"]
    assert "\nglobal:\n  scrape_interval: 15s\n  evaluation_interval: 15s\n" in text
    content = yaml.safe_load(text)
    assert content["rule_files"] == ["rules/*.yml"]
    (job,) = content["scrape_configs"]
    assert job == {"job_name": "models", "static_configs": [{"targets": ["127.0.0.1:8082"]}]}


def test_native_says_what_it_needs():
    """The option without which the rules read nothing."""
    text = prometheus_files(discovery_of((), None, None), Thresholds(), "native")["prometheus.yml"]
    assert "--enable-feature=native-histograms" in text
