"""`servescope top` against a live server: once, as JSON, and under a pseudo-terminal."""

import json
import os
import pty
import re
import select
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from integration.console.test_overview import FAILING, document
from integration.server import COMMAND, pack, wait_until

pytestmark = pytest.mark.integration


def top(server, *words):
    return subprocess.run(
        [*COMMAND, "top", "--url", server.url("metrics", ""), *words],
        capture_output=True, text=True, timeout=60, cwd=server.directory,
    )  # fmt: skip


def test_once(server, deploy):
    """A screen's worth: the server, what is wrong, and a line for the model."""
    model = deploy(FAILING)
    model.predict("a")
    shown = top(server, "--once")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("Servescope ")
    assert f"{model.name} 1.0" in shown.stdout
    assert "ready" in shown.stdout


def documented(row):
    """The keys that docs/console.md names in the row of its table that begins so."""
    lines = (Path(__file__).parents[3] / "docs" / "console.md").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith(f"| {row} |")]
    return set(re.findall(r"`(\w+)`", line.removeprefix(f"| {row} |")))


def test_json(server, deploy):
    """The overview as it is, with the keys that are documented."""
    model = deploy(FAILING)
    for _ in range(30):
        model.predict("boom")
    wait_until(lambda: document(server)["findings"], "something to be wrong")
    shown = top(server, "--json")
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    assert model.name in [card["name"] for card in told["models"]]
    page = document(server, f"models/{model.name}")
    assert documented("`overview`") == told.keys()
    assert documented("each of `models`") == told["models"][0].keys()
    assert documented("each of `findings`") == told["findings"][0].keys()
    more = {"at", "step_s", "window_s"}  # as the overview has them
    assert documented("`models/NAME?version=V`") - {"models"} == page.keys() - told["models"][0].keys() - more


def test_no_console(launch):
    """Where there is none, or nobody, it is said so in a sentence."""
    server = launch(enable_console="false")
    shown = top(server, "--once")
    assert shown.returncode == 1
    assert "enable_console" in shown.stderr
    assert "Traceback" not in shown.stderr
    server.end()
    shown = top(server, "--once")
    assert shown.returncode == 1
    assert "no answer" in shown.stderr


def test_without_a_terminal(server):
    """It says so, and does not wait for keys that nobody can press."""
    shown = top(server)
    assert shown.returncode == 1
    assert "--once" in shown.stderr


def test_a_terminal_of_few_signs(server, deploy):
    """What its encoding has not is a question mark."""
    model = deploy(FAILING)
    model.predict("a")
    words = [*COMMAND, "top", "--url", server.url("metrics", ""), "--once"]
    shown = subprocess.run(words, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=True)
    assert model.name.encode() in shown.stdout
    assert b"?" in shown.stdout


def test_in_a_terminal(launch):
    """Under a pseudo-terminal it shows the model, opens it, its failures with their traceback, and ends with q."""
    pytest.importorskip("textual")
    server = launch()
    assert server.register(pack(server.store / "shown.mar", "shown", FAILING)).status_code == 200
    server.http.post(server.url("inference", "/predictions/shown"), content=b"boom")
    leader, follower = pty.openpty()
    environ = os.environ | {"TERM": "xterm-256color", "COLUMNS": "160", "LINES": "48"}
    process = subprocess.Popen(
        [*COMMAND, "top", "--url", server.url("metrics", "")],
        stdin=follower, stdout=follower, stderr=follower, env=environ, cwd=server.directory, start_new_session=True,
    )  # fmt: skip
    os.close(follower)
    seen = bytearray()

    def shows(text):
        with suppress(OSError):  # whoever wrote has ended
            while select.select([leader], [], [], 0.05)[0]:
                seen.extend(os.read(leader, 65536))
        return text in seen.decode("utf-8", "replace")

    try:
        wait_until(lambda: shows("shown 1.0"))
        seen.clear()
        press(leader, b"\r", lambda: shows("W-9"))
        seen.clear()
        press(leader, b"f", lambda: shows("ValueError"))
        seen.clear()
        press(leader, b"q", lambda: shows("Search"))
        # Until the screen has changed a key may still be the other's: it is pressed until the terminal is as it was.
        wait_until(lambda: os.write(leader, b"q") and shows("\x1b[?1049l"))
    finally:
        process.kill()
        process.wait()
        os.close(leader)


def press(leader, key, seen):
    os.write(leader, key)
    wait_until(seen)
