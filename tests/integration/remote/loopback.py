"""A backend whose workers run "elsewhere" on this machine: each has an agent of its own, which connects back over loopback."""

import asyncio
import contextlib
import os
import signal
import sys

import msgspec

from servescope import __version__
from servescope.fleet.backends.remote.listener import Listener
from servescope.fleet.backends.remote.watchers import Watchers
from servescope.fleet.backends.remote.worker import RemoteWorker
from servescope.metrics.recording.hosts import OtherHosts
from servescope.wire.agent import Errand


class LoopbackBackend:
    """`place`: a directory for its agents. `tls`: files of both ends. `agents`: their processes, in the order of the launches."""

    def __init__(self, place, tls=None):
        self.place = place
        self.listener = Listener()
        self.listener.tls = tls.listening() if tls is not None else None
        self.port = self.listener.open("127.0.0.1")
        self.agents = []
        self.hosts = OtherHosts(own="the front end", collectors=["cpu", "memory", "disk"], interval_s=0.1)
        self.watchers = Watchers(self.hosts)
        self.tls = tls
        self.changed = {}  # of the next errand

    async def launch(self, plan, directory, events):
        worker = RemoteWorker(plan, events, self.listener, self.watchers, lambda: None)
        errand = Errand(
            host="127.0.0.1",
            port=self.port,
            ticket=worker.ticket,
            version=__version__,
            model_dir=str(directory),
            handler=plan.load.handler,
            environment={"FROM_THE_FRONT_END": "yes"},
            measuring=plan.load.measuring,
            tls=self.tls,
        )
        errand = msgspec.structs.replace(errand, **self.changed)
        place = self.place / f"agent{len(self.agents)}"
        place.mkdir()
        agent = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "servescope.fleet.agent",
            str(place),
            stdin=asyncio.subprocess.PIPE,
            env=dict(os.environ),
        )
        self.agents.append(agent)
        agent.stdin.write(msgspec.msgpack.encode(errand))
        agent.stdin.close()
        try:
            await worker.joined
        except asyncio.CancelledError:
            worker.fail("called off")
            raise
        return worker

    async def close(self):
        """End the agents that are left, and take nobody any more."""
        self.listener.close()
        for agent in self.agents:
            if agent.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    agent.send_signal(signal.SIGCONT)
                    agent.kill()
            await agent.wait()
