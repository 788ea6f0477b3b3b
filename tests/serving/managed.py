"""A lifecycle over scripted workers and real archives, for the tests of what the management API's calls do."""

import asyncio
import itertools
import subprocess
from pathlib import Path
from typing import Any

from fleet.scripted import Life, Script, ScriptedBackend, obliging
from integration.server import pack
from servescope.config.model.calls.scaling import ScaleOptions
from servescope.config.model.options import RegisterOptions
from servescope.config.settings import Settings
from servescope.fleet.gpus import GpuCounter
from servescope.fleet.pool import PoolContext
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.registry import Registry
from servescope.serving.catalog import Catalog
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.readiness.wanted import WantedModels
from servescope.serving.registration import Host
from servescope.serving.turns import Caller

CODE = "def handle(data, context):\n    return data\n"


class Managed:
    """`settings` are the server's; archives are packed into its store. To be made while the loop runs."""

    def __init__(self, directory: Path, script: Script = obliging, **settings: Any) -> None:
        self.store = directory / "store"
        self.store.mkdir()
        self.backend = ScriptedBackend(script)
        self.registry = Registry()
        recorder = Recorder(self.registry, "h")
        context = PoolContext(
            self.backend,
            recorder,
            PassThrough(self.registry),
            itertools.count(9000).__next__,
            lambda *_: None,
            lambda: False,
        )
        workspace = directory / "work"
        workspace.mkdir()
        self._workspace = workspace
        host = Host(
            settings=Settings(model_store=self.store, **settings),
            workspace=workspace,
            environ={},
            gpus=GpuCounter(0),
            cpus=2,
            recorder=recorder,
            pools=context,
            declarations=(),
            measuring=None,
            run=subprocess.run,
        )
        self.catalog = Catalog()
        self.lifecycle = Lifecycle(self.catalog, host, WantedModels())

    @property
    def lives(self) -> list[Life]:
        """Every process that was launched."""
        return self.backend.lives

    @property
    def unpacked(self) -> list[Path]:
        """The archives that are unpacked now."""
        return list(self._workspace.glob("models/*"))

    def pack(self, version: str = "1.0", **options: Any) -> str:
        """An archive of model m; its name in the store."""
        return pack(self.store / f"m{version}.mar", "m", CODE, version=version, **options).name

    def register(self, version: str = "1.0", caller: Caller | None = None, **options: Any) -> "asyncio.Task[Outcome]":
        """Register m, with one worker, waiting for it unless told otherwise."""
        url = self.pack(version)
        given = RegisterOptions(**({"url": url, "initial_workers": 1} | options))
        return asyncio.create_task(self.lifecycle.register(given, caller))

    def scale(self, count: int, caller: Caller | None = None, *, wait: bool = True) -> "asyncio.Task[Outcome]":
        """Have so many workers of m."""
        options = ScaleOptions(min_worker=count, max_worker=count, synchronous=wait)
        return asyncio.create_task(self.lifecycle.counts.scale("m", None, options, caller))

    def unregister(self, caller: Caller | None = None) -> "asyncio.Task[Outcome]":
        """Take m away."""
        return asyncio.create_task(self.lifecycle.unregister("m", None, caller))

    @property
    def working(self) -> int:
        """How many workers of m can take work."""
        return sum(worker.at_work and not worker.retiring for worker in self.catalog.find("m").pool)
