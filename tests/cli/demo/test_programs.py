"""Programs beside the demo's server; stand-ins for them here, the real ones in tests/integration/commands/test_demo_alerts.py."""

import os
import signal
import sys

import psutil
import pytest

from servescope.cli.demo.digits import DemoError
from servescope.cli.demo.programs import Programs, find_programs, free_ports, program

SERVE = "import http.server, sys; http.server.test(http.server.SimpleHTTPRequestHandler, port=int(sys.argv[1]), bind='127.0.0.1')"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVE


def executables(folder, *names):
    """A folder with programs of these names."""
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return str(folder)


@pytest.mark.parametrize("name", ["prometheus-alertmanager", "alertmanager"])
def test_both_are_found(tmp_path, name):
    """Alertmanager by either of its names."""
    path = executables(tmp_path, "prometheus", name)
    assert find_programs(path) == Programs(f"{path}/prometheus", f"{path}/{name}")


def test_debians_alertmanager_comes_first(tmp_path):
    """Where there are both."""
    found = find_programs(executables(tmp_path, "prometheus", "alertmanager", "prometheus-alertmanager"))
    assert isinstance(found, Programs)
    assert found.alertmanager == f"{tmp_path}/prometheus-alertmanager"


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["alertmanager"], "prometheus is not installed"),
        (["prometheus"], "prometheus-alertmanager or alertmanager is not installed"),
        ([], "prometheus and prometheus-alertmanager or alertmanager are not installed"),
    ],
)
def test_what_is_missing_is_named(tmp_path, there, said):
    """One of them, or both."""
    assert find_programs(executables(tmp_path, *there)) == said


def test_ports_differ():
    """They are taken together, and given together."""
    assert len(set(free_ports(20))) == 20


def serving(tmp_path, code, port):
    command = [sys.executable, "-c", code, str(port)]
    return program(command, tmp_path / "logs" / "log", f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("error", [None, KeyboardInterrupt, DemoError("no")])
def test_it_ends_with_its_block(tmp_path, error):
    """However the block ends."""
    (port,) = free_ports(1)
    seen = []

    def use():
        with serving(tmp_path, SERVE, port) as process:
            seen.append(process)
            assert psutil.Process(process.pid).is_running()
            if error:
                raise error

    if error is None:
        use()
    else:
        with pytest.raises(type(error) if isinstance(error, Exception) else error):
            use()
    assert seen[0].returncode == -signal.SIGTERM
    assert not psutil.pid_exists(seen[0].pid)


def test_one_that_does_not_end_is_killed(tmp_path, monkeypatch):
    """After its time."""
    monkeypatch.setattr("servescope.cli.demo.programs._END_S", 0.2)
    (port,) = free_ports(1)
    with serving(tmp_path, STUBBORN, port) as process:
        pass
    assert process.returncode == -signal.SIGKILL


def test_one_that_ends_at_once_leaves_its_last_words(tmp_path):
    """Its name, its status, its log."""
    code = "print('listen: address in use'); raise SystemExit(3)"
    with pytest.raises(DemoError, match=r"(?s)python\S* ended with status 3; .*log:\nlisten: address in use"):
        serving(tmp_path, code, free_ports(1)[0]).__enter__()


def test_one_that_never_answers_is_ended(tmp_path, monkeypatch):
    """With the URL that was asked, and the process gone."""
    monkeypatch.setattr("servescope.cli.demo.programs._START_S", 0.3)
    (port,) = free_ports(1)
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    children = set(psutil.Process(os.getpid()).children())
    with pytest.raises(DemoError, match=rf"does not answer at http://127.0.0.1:{port}/ after 0.3 s"):
        serving(tmp_path, code, port).__enter__()
    assert set(psutil.Process(os.getpid()).children()) == children
