"""`ts.launcher`: a server for a test or a script, started, listened to, given models, and stopped.

In: what `torchserve` takes, as arguments. Out: the server's lines, as a queue. Names and arguments are TorchServe's
(ts/launcher.py). The commands are this environment's own, whatever PATH leads to.
"""

import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from queue import Full, Queue
from typing import IO, Any

from servescope.cli import runfile

_TORCHSERVE = (sys.executable, "-m", "servescope.cli.torchserve.command")
_STARTED = "Model server started"
_MANAGEMENT = "http://localhost:8081"
# What a caller may leave unread; the newest lines are left out beyond that.
_MOST_LINES = 1000


def stop(wait: bool = True) -> None:
    """Stop the server, if one runs. `wait` makes no difference: it has ended when this returns."""
    subprocess.run([*_TORCHSERVE, "--stop", *(["--foreground"] if wait else [])], check=False)


def start(
    model_store: str | None = None,
    snapshot_file: str | None = None,
    no_config_snapshots: bool = False,
    plugin_folder: str | None = None,
    disable_token: bool = False,
    models: str | Iterable[str] | None = None,
    enable_model_api: bool = False,
) -> "Queue[str | None]":
    """Stop the server that runs, start another, print what it says, and return when it answers.

    Returns the lines that it says after that, None at their end. `snapshot_file` is any configuration.

    Raises:
        RuntimeError: it does not start; it has said why.
    """
    stop()
    values = {"--model-store": model_store, "--plugins-path": plugin_folder, "--ts-config": snapshot_file}
    switches = {
        "--no-config-snapshots": no_config_snapshots,
        "--disable-token-auth": disable_token,
        "--enable-model-api": enable_model_api,
    }
    words = [f"{option}={value}" for option, value in values.items() if value]
    words += [option for option, given in switches.items() if given]
    if models:
        words += ["--models", *([models] if isinstance(models, str) else models)]
    return _started([*_TORCHSERVE, "--start", *words])


def _started(command: Sequence[str]) -> "Queue[str | None]":
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = child.stdout
    assert said is not None
    for line in said:
        print(line.strip())
        if _STARTED in line:
            child.wait()
            return _listen(said)
    raise RuntimeError(f"the server did not start: `{shlex.join(command)}` ended with status {child.wait()}")


def _listen(said: IO[str]) -> "Queue[str | None]":
    lines: Queue[str | None] = Queue(maxsize=_MOST_LINES)

    def read() -> None:
        for line in said:
            print(line.strip())
            _put(lines, line)
        while not _put(lines, None):
            lines.get()

    # A daemon, so that a script that ends does not wait for a server that it leaves running.
    threading.Thread(target=read, name="ts.launcher", daemon=True).start()
    return lines


def _put(lines: "Queue[str | None]", line: str | None) -> bool:
    try:
        lines.put_nowait(line)
    except Full:
        return False
    return True


def register_model_with_params(params: Any) -> Any:
    """Register a model in the server that runs, with these parameters of its management API; the answer, as `requests` has it."""
    import requests

    running = runfile.read(runfile.location(os.environ))
    if running is None:
        return requests.post(f"{_MANAGEMENT}/models", params=params)
    return requests.post(f"{running.management}/models", params=params, verify=running.certificate or True)


def register_model(model_name: str, url: str) -> Any:
    """Register a model, and wait for its first worker."""
    named = {"model_name": model_name, "url": url}
    return register_model_with_params({**named, "initial_workers": "1", "synchronous": "true"})
