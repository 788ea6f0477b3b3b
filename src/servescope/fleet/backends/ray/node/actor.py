"""What an actor does: has the model's files, and runs the agent of its one worker until that ends. Started on a node by `driver`.

The call lasts as long as the worker. Ray has set what the node gives to it: its interpreter, variables and CUDA_VISIBLE_DEVICES.
"""

import asyncio
import os
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from servescope.fleet.agent.run import run
from servescope.fleet.backends.ray.node.archives import root_of, unpacked
from servescope.fleet.backends.ray.node.janitor import watched
from servescope.fleet.backends.ray.tls import files_of
from servescope.wire.agent import Errand

# How long an actor whose worker has ended waits for its driver to hear of it, seconds.
_LINGER_S = 5.0


class WorkerActor:
    """One worker's."""

    def node(self) -> str:
        """The id of the node that it is on, as soon as it is there."""
        import ray

        node: str = ray.get_runtime_context().get_node_id()
        return node

    def serve(self, errand: bytes, digest: str, pieces: Sequence[object]) -> str:
        """Do the errand, in msgpack, with the model's archive. `pieces`: references, in a list, so that Ray does not fetch them by
        itself.

        Why there was no worker, or "".
        """
        import ray

        def fetch() -> Iterator[bytes]:
            return (ray.get(piece) for piece in pieces)

        try:
            root = root_of(Path(tempfile.gettempdir()))
            with (
                tempfile.TemporaryDirectory(prefix="agent-", dir=root) as place,
                watched(Path(place), root, digest),
                unpacked(root, digest, fetch) as directory,
            ):
                given = msgspec.msgpack.decode(errand, type=Errand)
                tls = files_of(os.environ) if given.tls is not None else None
                given = msgspec.structs.replace(given, model_dir=str(directory), node=self.node()[:12], tls=tls)
                return asyncio.run(run(given, dict(os.environ), Path(place)))
        except OSError as error:
            return str(error)
        finally:
            _leave_anyway()


def _leave_anyway() -> None:
    """End this process in a while: its driver ends it before, unless that is gone, which Ray can take a minute to notice."""
    timer = threading.Timer(_LINGER_S, os._exit, (0,))
    timer.daemon = True
    timer.start()
