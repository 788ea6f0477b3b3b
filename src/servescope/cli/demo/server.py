"""The demo's server: a folder and three free ports in; a server that runs there as long as the demo, and what it says, out.

Called by `command`.
"""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from servescope.cli.demo import digits, drowsy

if TYPE_CHECKING:
    from servescope.cli.client.scrape import Sample

FIRST_PORT = 8080
_LAST_PORT = 65535
_SERVERS = ("inference", "management", "metrics")
_ASK_S = 10.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Place:
    """The demo's folder, absolute, and its three URLs."""

    folder: Path
    inference: str
    management: str
    metrics: str


def place_in(folder: Path, first_port: int) -> Place:
    """The demo's place, with the folder made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Place(folder, *(f"http://127.0.0.1:{first_port + step}" for step in range(len(_SERVERS))))


def first_port(asked: int | None) -> int:
    """The first of three free ports. DemoError if those asked for are taken."""
    if asked is not None:
        if not _free(asked):
            raise digits.DemoError(f"--port-base {asked}: ports {asked} to {asked + 2} are not all free")
        return asked
    return next(port for port in range(FIRST_PORT, _LAST_PORT, len(_SERVERS)) if _free(port))


def _free(first_port: int) -> bool:
    for port in range(first_port, first_port + len(_SERVERS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


@contextmanager
def running(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    """The server for as long as the demo lasts; it ends with it, on SIGTERM too. DemoError if it does not end well."""
    from servescope.cli.start.detach import launch

    _end_as_with_ctrl_c()
    drowsy.switch(place.folder).unlink(missing_ok=True)  # of a demo that was killed
    config = place.folder / "config.properties"
    config.write_text("".join(f"{name}_address={getattr(place, name)}\n" for name in _SERVERS), encoding="utf-8")
    files = ["--ts-config", str(config), "--model-store", str(place.folder / "store")]
    models = ["--models", *(f"{name}={name}.mar" for name in (digits.NAME, drowsy.NAME))]
    folders = {"TEMP": str(place.folder), "LOG_LOCATION": str(place.folder / "logs")}
    environ = {**os.environ, **folders, drowsy.SWITCH_VARIABLE: str(drowsy.switch(place.folder))}
    server = launch([*files, *models, "--ncs", "--disable-token-auth"], environ, place.folder)
    try:
        yield server
    finally:
        if server.poll() is None:
            server.terminate()
            server.wait()
    if server.returncode != 0:
        raise digits.DemoError(f"the server ended with status {server.returncode}; see {place.folder}/logs")


def _end_as_with_ctrl_c() -> None:
    """Let a terminated demo, and one whose terminal is closed, end through `finally`: it leaves no process behind."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup's wish
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def wait_until_ready(server: subprocess.Popen[bytes], place: Place) -> None:
    """Until the workers have loaded the models. Looked for in turns, so that Ctrl-C is heard. DemoError if they do not."""
    from servescope.cli.client.endpoints import open_client
    from servescope.cli.client.readiness import read_survey, what_lacks
    from servescope.cli.start.progress import hopeless

    with open_client(place.management, None, _ASK_S) as client:
        while not (survey := read_survey(client))["ready"]:
            if server.poll() is not None or hopeless(survey):
                raise digits.DemoError(f"the models do not load: {what_lacks(survey)}; see {place.folder}/logs")
            time.sleep(_LOOK_S)


def samples(place: Place) -> "list[Sample]":
    """What /metrics says now."""
    import httpx

    from servescope.cli.client.scrape import parse

    response = httpx.get(f"{place.metrics}/metrics", trust_env=False)
    response.raise_for_status()
    return parse(response.text)
