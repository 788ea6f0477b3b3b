"""The demo's model: trained, packed, and asked.

In: the example's folder and the demo's. Out: an archive, held-out images, answers with their timing. Called by
`demo`, which shows them. Training and packing run as programs of their own, the very ones that a user would run by
hand.
"""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from servescope.errors import ConfigurationError, ServescopeError

NAME = "digits"
CLIENTS = 8


class DemoError(ServescopeError):
    """A step of the demo failed; the text says which and shows its output."""


@dataclass(frozen=True)
class HeldOut:
    """A PNG that training never saw, and the digit that it shows."""

    path: Path
    digit: int


@dataclass(frozen=True)
class Answers:
    """What came back: how many images were sent, answered (HTTP 200) and read rightly, and in how many seconds."""

    sent: int
    answered: int
    right: int
    elapsed_s: float


def example_folder() -> Path:
    """`examples/digits` of the checkout that this package runs from. ConfigurationError if there is no checkout."""
    folder = Path(__file__).resolve().parents[4] / "examples" / NAME
    if not (folder / "train.py").is_file():
        raise ConfigurationError(f"the demo's sources are not at {folder}: run it from a checkout, with `make demo`")
    return folder


def train(example: Path, out: Path) -> str:
    """Train the model; the trainer's last word."""
    return run_step("training", [sys.executable, str(example / "train.py"), str(out)]).strip()


def pack(example: Path, trained: Path, store: Path) -> Path:
    """Pack the trained model; the archive's path."""
    return pack_example(NAME, example, store, "--serialized-file", str(trained / "model.pt"))


def pack_example(name: str, example: Path, store: Path, *more: str) -> Path:
    """Pack an example's folder with `servescope archive`, `more` of its words; the archive's path."""
    store.mkdir(parents=True, exist_ok=True)
    parts = {
        "--model-name": name,
        "--version": "1.0",
        "--handler": example / "handler.py",
        "--config-file": example / "model-config.yaml",
        "--export-path": store,
    }
    words = [str(word) for option in parts.items() for word in option]
    run_step("packing", [sys.executable, "-m", "servescope.cli.main", "archive", *words, *more, "--force"])
    return store / f"{name}.mar"


def run_step(name: str, command: Sequence[str]) -> str:
    """Run a program; its standard output. DemoError with everything it said if it fails."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ)
    if result.returncode != 0:
        said = (result.stderr + result.stdout).strip()
        hint = _install() if "No module named" in said else ""
        raise DemoError(f"{name} failed with status {result.returncode}.{hint}\n{said}")
    return result.stdout


def _install() -> str:
    """How to get what the demo imports, into the environment that it runs in; `--editable`, as it needs the checkout."""
    wanted = shlex.quote(f"{example_folder().parents[1]}[demo]")
    return f" Install what the demo needs with `{shlex.quote(sys.executable)} -m pip install --editable {wanted}`."


def held_out(folder: Path) -> list[HeldOut]:
    """The images that the trainer left aside, by number."""
    return [HeldOut(path, int(path.stem.rsplit("-", 1)[1])) for path in sorted(folder.glob("*-is-*.png"))]


def ask(url: str, images: Sequence[HeldOut], clients: int, advance: Callable[[], None]) -> Answers:
    """Send every image to the predict API, from `clients` connections at once; `advance` is called after each
    answer.
    """
    waiting: SimpleQueue[HeldOut] = SimpleQueue()
    for image in images:
        waiting.put(image)
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        try:
            results = list(pool.map(lambda _: _client(url, waiting, advance), range(clients)))
        except BaseException:
            with suppress(Empty):  # Ctrl-C: each client ends with the image that it has in hand
                while True:
                    waiting.get_nowait()
            raise
    elapsed_s = time.perf_counter() - started
    answered, right = (sum(column) for column in zip(*results, strict=True))
    return Answers(len(images), answered, right, elapsed_s)


def _client(url: str, waiting: "SimpleQueue[HeldOut]", advance: Callable[[], None]) -> tuple[int, int]:
    """One connection's share: (answered, right)."""
    import httpx

    answered = right = 0
    with httpx.Client(timeout=60, trust_env=False) as client:
        while True:
            try:
                image = waiting.get_nowait()
            except Empty:
                return answered, right
            response = client.put(url, content=image.path.read_bytes(), headers={"Content-Type": "image/png"})
            answered += response.status_code == httpx.codes.OK
            right += response.status_code == httpx.codes.OK and response.json()["digit"] == image.digit
            advance()
