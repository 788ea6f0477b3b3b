"""What a worker is started with, and the two faces between a backend and the worker it runs.

Built by `fleet.pool` from a model; read by a backend (`fleet.backends`), which runs it anywhere it likes.
"""

import asyncio
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from servescope.config.model.placement.ranks import Ranks
from servescope.config.model.placement.ray import RayOptions
from servescope.fleet.gpus import Devices
from servescope.metrics.foreign.passthrough import MetricsSource
from servescope.metrics.recording.processes import Elsewhere
from servescope.wire.frames import Attachments
from servescope.wire.measured.reading import MeasuredReader
from servescope.wire.messages import FromWorker, Load, ToWorker
from servescope.wire.spooled.body import Attachment

WORKER: Final = "servescope.worker"
RANKS: Final = "servescope.worker.ranks"
# What a handler's own metrics can be had from: those that it registers with prometheus_client, or writes to `context.metrics`.
HandlerMetrics = MetricsSource | MeasuredReader


class LaunchPlan(Struct, frozen=True):
    """A model as its workers need it. `load.gpu_id` and the visible devices are filled in for each worker.

    `python`: the interpreter, the server's own or the model's virtual environment's.
    `environment`: the whole environment of the process. `reply_limit`: the largest frame taken from it, in bytes; workers keep
    to less, and one that does not is ended. `max_concurrency`: batches that one has in hand where its handler is asynchronous.
    `ray`: what a worker takes of a Ray cluster; None: it is a process here. `ranks`: it is several, which torchrun starts.
    """

    load: Load
    python: str
    environment: Mapping[str, str]
    reply_limit: int
    max_concurrency: int = sys.maxsize
    ray: RayOptions | None = None
    ranks: Ranks | None = None

    @property
    def program(self) -> tuple[str, Sequence[str]]:
        """The module that is run, and what it is told after its descriptors."""
        if (ranks := self.ranks) is None:
            return WORKER, ()
        return RANKS, (str(ranks.count), "spread" if ranks.spread else "first", *ranks.arguments)

    def on(self, devices: Devices) -> "LaunchPlan":
        """The plan of a worker on these devices."""
        load = msgspec.structs.replace(self.load, gpu_id=devices.gpu_id)
        environment = self.environment
        if self.ranks is not None:
            environment = {**environment, "OMP_NUM_THREADS": str(self.ranks.threads)}
        if devices.visible:
            environment = {**environment, "CUDA_VISIBLE_DEVICES": devices.visible}
        return replace(self, load=load, environment=environment)


class WorkerEvents(Protocol):
    """What a backend tells the worker's owner. All calls come on the loop's thread."""

    def message_received(self, message: FromWorker, attachments: Attachments) -> None:
        """A whole message came in."""

    def line_received(self, stream: str, line: str) -> None:
        """The worker wrote a line; `stream` is stdout or stderr."""

    def metrics_offered(self, source: HandlerMetrics) -> None:
        """Its handler's own metrics can be had from this until `ended`: what it writes to `context.metrics`, from the beginning, or
        what it registers with prometheus_client, once it uses that. At most once each.
        """

    def ending(self) -> None:
        """It has ended, but what it said last may not all have come in. Followed by `ended`."""

    def placing(self, why: str) -> None:
        """During its launch: it waits for a place to run at, for want of this, or "" for nothing any more."""

    def ended(self, status: int, why: str | None = None, reason: "asyncio.Future[str] | None" = None) -> None:
        """The worker is gone. `status`: its exit status, or minus the signal that killed it.

        `why`: what was wrong with it, where the backend ended it. `reason`: comes to that of `servescope_worker_restarts_total`,
        where it is only known later.
        """


class WorkerLink(Protocol):
    """A running worker, as its owner holds it. `elsewhere`: what is told of its process where that is on another machine."""

    pid: int
    elsewhere: Elsewhere | None

    def send(self, message: ToWorker, attachments: Sequence[Attachment] = ()) -> None:
        """Send a message; nothing happens when the worker is gone already."""

    def kill(self) -> None:
        """End it now, with everything it started."""


class NodeLost(OSError):
    """The machine has gone on which a worker was being started."""


class Backend(Protocol):
    """Starts workers."""

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> WorkerLink:
        """Start a worker in `directory`. Raises OSError when it cannot be started, NodeLost for its machine."""


def worker_command(python: str, module: str = WORKER) -> list[str]:
    """What starts a worker; the descriptors of the channel, the probe and the memory follow."""
    return [python, "-m", module]


def worker_environment(
    inherited: Mapping[str, str],
    blacklist: re.Pattern[str] | None,
    model_dir: str,
    handler: str,
    venv: bool,
    own: str = str(Path(__file__).parents[2]),
) -> dict[str, str]:
    """The environment of a model's workers: the server's less `blacklist_env_vars`, and PYTHONPATH as TorchServe sets it.

    PYTHONPATH is the handler's directory, what the server inherited, the model's, then the server's own package. A model's own
    virtual environment sees the server's packages behind its own (`archive.requirements`): on PYTHONPATH they would come before.
    """
    kept = {name: value for name, value in inherited.items() if blacklist is None or not blacklist.fullmatch(name)}
    handler_dir = os.path.dirname(os.path.join(model_dir, handler.partition(":")[0]))
    paths = [handler_dir, kept.get("PYTHONPATH", ""), model_dir]
    if not (venv and own.endswith(("site-packages", "dist-packages"))):
        paths.append(own)
    kept["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path for path in paths if path))
    return kept
