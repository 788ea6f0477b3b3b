"""A directory to serve from with the commands themselves: started detached, looked at, stopped. For the tests of `servescope …`."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from integration.server import COMMAND, addresses, own_ports, pack, properties, wait_until
from servescope.cli import runfile

NOOP = "def handle(data, context):\n    return data and [b'answer'] * len(data)\n"
# Loads once the file `go` is there.
GATED_LOAD = """
import pathlib, time

def handle(data, context):
    while data is None and not pathlib.Path({go!r}).exists():
        time.sleep(0.01)
    return data and ["up"] * len(data)
"""


@dataclass(frozen=True)
class Site:
    """A directory with a configuration, an environment and three ports of its own; URLs by API."""

    directory: Path
    environ: dict[str, str]
    urls: dict[str, str]

    @property
    def inference(self) -> str:
        return self.urls["inference"]

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """A command, under way."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([*COMMAND, *words], cwd=self.directory, env=self.environ, **pipes)

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """The command, to its end."""
        with self.begin(*words) as process:
            out, err = process.communicate()
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def good(self, *words: str) -> str:
        """The output of a command that must succeed."""
        result = self.run(*words)
        assert result.returncode == 0, result.stderr + result.stdout
        return result.stdout

    def pid(self) -> int:
        return int((self.directory / ".servescope.pid").read_text().splitlines()[0])

    def end(self) -> None:
        """Stop the server, if one runs, and with no regard for what it has in hand."""
        running = runfile.read(self.directory / runfile.NAME)
        if running is not None:
            os.kill(running.pid, signal.SIGINT)
            wait_until(lambda: not running.alive() or self._drains())
            with suppress(ProcessLookupError):
                os.kill(running.pid, signal.SIGINT)
            self.run("stop")

    def _drains(self) -> bool:
        try:
            return self.get("management", "/readyz?verbose").text.startswith("not ready: the server is stopping")
        except httpx.TransportError:
            return True

    def get(self, api: str, path: str) -> httpx.Response:
        """Ask one of the three ports."""
        return httpx.get(self.urls[api] + path)


def make_site(directory: Path, models: Mapping[str, str], load_models: str, **settings: str) -> Site:
    """`models`: file names of the store, without their ending, and handlers."""
    ports = own_ports()
    urls = {api: f"http://127.0.0.1:{port}" for api, port in ports.items()}
    store = directory / "store"
    store.mkdir()
    for name, code in models.items():
        model, _, version = name.partition("_")
        pack(store / f"{name}.mar", model, code, version=version or "1.0")
    lines = addresses(ports) | {"model_store": "store", "load_models": load_models, "default_workers_per_model": "1"}
    lines |= {"disable_system_metrics": "true", **settings}
    (directory / "config.properties").write_text(properties(lines))
    return Site(directory, os.environ | {"TEMP": str(directory), "COLUMNS": "160"}, urls)
