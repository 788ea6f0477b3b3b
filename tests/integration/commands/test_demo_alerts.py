"""`servescope demo` with real Prometheus and Alertmanager: alerts that come and go, and nothing that stays behind."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx
import psutil
import pytest

from integration.prometheus_server import needs_prometheus
from integration.server import PATIENCE_S, alive, wait_until
from servescope.cli.demo.alerts import watchers
from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.programs import Programs

ALERTMANAGER = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")

pytestmark = [
    pytest.mark.integration,
    needs_prometheus,
    pytest.mark.skipif(ALERTMANAGER is None, reason="prometheus-alertmanager is not installed"),
]


@contextmanager
def demo(folder, *options):
    """A demo in a folder of its own, killed at the end if need be with all that it started."""
    command = [sys.executable, "-u", "-m", "servescope.cli.main", "demo", "--directory", str(folder), *options]
    with subprocess.Popen(
        command, env=os.environ | {"COLUMNS": "80"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        started = []
        try:
            yield process, started
        finally:
            for each in alive([*started, *([psutil.Process(process.pid)] if process.poll() is None else [])]):
                each.kill()


def read_until(process, pattern, text=""):
    """The output up to a line that matches."""
    for line in process.stdout:
        text += line
        if re.search(pattern, line):
            return text
    raise AssertionError(f"no {pattern!r} in:\n{text}")


def nothing_is_left(folder, started):
    """No process, no stored series, no switch; what may be looked at afterwards is there."""
    psutil.wait_procs(started, timeout=PATIENCE_S)
    assert alive(started) == []
    assert list(folder.glob("watchers-*")) == []
    assert not (folder / "drowsy").exists()
    assert not (folder / ".servescope.pid").exists()
    assert (folder / "prometheus" / "prometheus.yml").is_file()


def way(text, alert):
    """Its states in their order, and at which second each was seen first."""
    found = re.findall(rf"^ +(\d+) s  {re.escape(alert)}: (\w+)$", text, re.MULTILINE)
    return " ".join(state for _, state in found), {state: int(second) for second, state in reversed(found)}


def test_alerts_come_and_go(tmp_path):
    """The one that waits is pending first, the one that does not fires at once; both are resolved in both programs. The
    picture has both tables, as they were at the end, and nothing of this machine.
    """
    picture = tmp_path / "demo.svg"
    with demo(tmp_path / "demo", "--once", "--svg", str(picture)) as (process, started):
        text = read_until(process, "ServescopeSlow: pending")
        started += psutil.Process(process.pid).children(recursive=True)
        names = {each.name() for each in started}
        assert "prometheus" in names
        text += process.stdout.read()
        assert process.wait(PATIENCE_S) == 0, text
    slow, slow_at = way(text, "ServescopeSlow")
    burns, _ = way(text, "ServescopeLatencyBudgetBurns (1h)")
    # It may be pending more than once: the demo's five minutes are five seconds, and a scrape that comes late leaves a gap.
    assert re.match(r"inactive (pending inactive )*pending firing resolved", slow), text
    assert burns == "inactive firing resolved", text
    phases = re.findall(r"^ +(\d+) s  The model (.+)$", text, re.MULTILINE)
    assert [said for _, said in phases] == ["answers in time", "is slow now", "answers in time again"]
    _, slowed, recovered = (int(second) for second, _ in phases)
    assert slowed <= slow_at["pending"] <= slow_at["firing"] <= recovered <= slow_at["resolved"]
    assert re.search(r"^ *ServescopeSlow +(resolved|inactive) +resolved +0 s inactive *$", text, re.MULTILINE), text
    assert "ServescopeSlow: The slowest hundredth of drowsy 1.0 takes longer than its latency_ms." in text
    drawn = picture.read_text("utf-8").replace("&#160;", " ")
    for part in ("held-out images read rightly", "digits", ">450", "ServescopeSlow", ">resolved<"):
        assert part in drawn, part
    assert str(tmp_path) not in drawn
    assert socket.gethostname() not in re.findall(r"[\w.-]+", drawn)
    nothing_is_left(tmp_path / "demo", started)


def test_the_console_says_it_in_words_before_the_alert_fires(tmp_path):
    """The demo begins with the console's address. There the slow model is named as long as its alert waits to be sure."""

    def said():
        found = httpx.get(f"{console}/api/overview").json()["findings"]
        return [one for one in found if (one["model"], one["name"]) == ("drowsy", "ServescopeSlow")]

    with demo(tmp_path / "demo") as (process, started):
        text = read_until(process, "The model is slow now")
        (console,) = re.findall(r"^3\. Server: .*; look at (http://\S+/console)$", text, re.MULTILINE)
        (finding,) = wait_until(said, "the finding")
        assert finding["standing"] == "pending"
        assert finding["summary"] == "The slowest hundredth of drowsy 1.0 takes longer than its latency_ms"
        assert finding["place"] == "#/model/drowsy/1.0"
        started += psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        process.wait(PATIENCE_S)
    nothing_is_left(tmp_path / "demo", started)


def test_ctrl_c_in_the_middle_leaves_nothing(tmp_path):
    """While the model is slow: server, workers, Prometheus and Alertmanager end, and what they stored is gone."""
    with demo(tmp_path / "demo") as (process, started):
        read_until(process, "The model is slow now")
        started += psutil.Process(process.pid).children(recursive=True)
        assert len(started) >= 5, started
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(PATIENCE_S) != 0
    nothing_is_left(tmp_path / "demo", started)


def test_a_prometheus_that_fails_leaves_no_alertmanager(tmp_path):
    """Alertmanager has started by then; it ends, and its folder goes."""
    before = psutil.Process().children()
    failing = Programs(shutil.which("false"), ALERTMANAGER)
    with pytest.raises(DemoError, match=r"false ended with status 1; the end of .*prometheus\.log"):
        watchers(failing, tmp_path, "http://127.0.0.1:8082").__enter__()
    assert psutil.Process().children() == before
    assert (tmp_path / "logs" / "alertmanager.log").stat().st_size > 0
    assert list(tmp_path.glob("watchers-*")) == []
