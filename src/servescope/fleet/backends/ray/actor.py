"""What an actor does: has the model's files, and runs the agent of its one worker until that ends. Started on a node by `driver`.

The call lasts as long as the worker. Ray has set what the node gives to it: its interpreter, variables and CUDA_VISIBLE_DEVICES.
"""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec

from servescope.fleet.agent.run import run
from servescope.fleet.backends.ray.archives import root_of, unpacked
from servescope.fleet.backends.ray.janitor import watched
from servescope.wire.agent import Errand


class WorkerActor:
    """One worker's."""

    def serve(self, errand: bytes, digest: str, archive: Sequence[object]) -> str:
        """Do the errand, in msgpack, with the model in `archive`, a reference in a list, so that Ray does not fetch it by itself.

        Why there was no worker, or "".
        """
        import ray

        def fetch() -> bytes:
            found: bytes = ray.get(archive[0])
            return found

        try:
            root = root_of(Path(tempfile.gettempdir()))
            with (
                tempfile.TemporaryDirectory(prefix="agent-", dir=root) as place,
                watched(Path(place), root, digest),
                unpacked(root, digest, fetch) as directory,
            ):
                node: str = ray.get_runtime_context().get_node_id()[:12]
                given = msgspec.msgpack.decode(errand, type=Errand)
                given = msgspec.structs.replace(given, model_dir=str(directory), node=node)
                return asyncio.run(run(given, dict(os.environ), Path(place)))
        except OSError as error:
            return str(error)
