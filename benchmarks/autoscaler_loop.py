"""What the autoscaler's loop costs: milliseconds of the front end's time for each model and second.

In: how many models, workers each, and requests a second each. Out: a line of figures, and status 1 where a model costs more than
the limit. Catalog, queues, pools, recorder and loop are the server's own; workers are none, but answer the front end as if they
were processes. Time stands still between ticks, so what is measured is the loop alone, by the processor time of its thread: the
mean, and the slowest second.
"""

import argparse
import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from servescope.config.model.options import RegisterOptions
from servescope.config.settings import Settings
from servescope.fleet.gpus import GpuCounter
from servescope.fleet.launch import LaunchPlan, WorkerEvents
from servescope.fleet.pool import PoolContext
from servescope.metrics.foreign.passthrough import PassThrough
from servescope.metrics.recording.recorder import Recorder
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.metrics.registry import Registry
from servescope.scaling.host import Host, collectors
from servescope.scaling.loop import ScalingLoop
from servescope.scaling.room import Rooms
from servescope.serving.catalog import Catalog
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.model import Model
from servescope.serving.readiness.wanted import WantedModels
from servescope.serving.registration import Host as ModelHost
from servescope.wire.frames import Attachments, Buffer
from servescope.wire.messages import Load, Loaded, Stop, ToWorker

LIMIT_MS = 0.1
SERVICE_S = 0.1
WAY = ("POST", "/predictions/{model_name}")
YAML = "minWorkers: {workers}\nmaxWorkers: {most}\nslo: {{latency_ms: 500}}\nautoscale: {{mode: act}}\n"


class Answering:
    """A worker's process, as far as loading and stopping go."""

    elsewhere = None

    def __init__(self, pid: int, events: WorkerEvents) -> None:
        self.pid = pid
        self._events = events

    def send(self, message: ToWorker, attachments: Sequence[Buffer] = ()) -> None:  # noqa: ARG002
        loop = asyncio.get_running_loop()
        if isinstance(message, Load):
            loop.call_soon(self._events.message_received, Loaded(200, "", False), Attachments(memoryview(b"")))
        elif isinstance(message, Stop):
            self.kill()

    def kill(self) -> None:
        asyncio.get_running_loop().call_soon(self._events.ended, 0)


class Nowhere:
    """Launches nothing."""

    def __init__(self) -> None:
        self._pids = itertools.count(10**6)

    async def launch(self, plan: LaunchPlan, directory: Path, events: WorkerEvents) -> Answering:  # noqa: ARG002
        return Answering(next(self._pids), events)


class Bench:
    """A server's models and the loop over them; time passes when it is told to."""

    def __init__(self, directory: Path) -> None:
        self.now = time.monotonic()
        self.registry = Registry()
        self.recorder = recorder = Recorder(self.registry, "bench")
        self.store = directory / "store"
        self.store.mkdir()
        pools = PoolContext(
            Nowhere(),
            recorder,
            PassThrough(self.registry),
            itertools.count(9000).__next__,
            lambda *_: None,
            lambda: False,
        )
        host = ModelHost(
            settings=Settings(model_store=self.store, max_workers_per_model=64),
            workspace=directory,
            environ={},
            gpus=GpuCounter(0),
            cpus=2,
            recorder=recorder,
            pools=pools,
            declarations=(),
            measuring=None,
            run=subprocess.run,
        )
        self.catalog = Catalog()
        self.lifecycle = Lifecycle(self.catalog, host, WantedModels())
        machine = Host(collectors("bench", recorder.workers.processes.snapshot, gpus=False), self._clock)
        rooms = Rooms(self.registry, machine, self._clock)
        self.loop = ScalingLoop(self.catalog, self.lifecycle.counts, rooms, self._clock)

    def _clock(self) -> float:
        return self.now

    async def register(self, count: int, workers: int) -> None:
        """So many models of so many workers."""
        path = self.store / "m.mar"
        model = {"modelName": "m", "modelVersion": "1.0", "handler": "h.py", "configFile": "model-config.yaml"}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("MAR-INF/MANIFEST.json", json.dumps({"runtime": "python", "model": model}))
            archive.writestr("h.py", "def handle(data, context):\n    return data\n")
            archive.writestr("model-config.yaml", YAML.format(workers=workers, most=workers + 4))
        for number in range(count):
            await self.lifecycle.register(RegisterOptions(url="m.mar", model_name=f"m{number}"))

    def ask(self, model: Model, requests: int) -> None:
        """So many requests are answered."""
        recorder = model.recorder
        for _ in range(requests):
            recorder.request_arrived("default")
            times = BatchTimes(0.0, 0.0, 1, "w", received=SERVICE_S, prediction=SERVICE_S, plain=True, handled=True)
            recorder.requests.finished_plainly((0.0, SERVICE_S, times, 100, 100, "id", "default", WAY))
        recorder.requests.settle()  # which costs the same without an autoscaler, and is not counted

    async def second(self, requests: int) -> float:
        """One second: what is asked, and how many seconds the loop then takes."""
        for model in self.catalog:
            self.ask(model, requests)
        self.now += 1.0
        before = time.thread_time()
        for _ in self.loop.tick():
            pass
        took = time.thread_time() - before
        await asyncio.sleep(0.001)
        return took


async def measure(models: int, workers: int, requests: int, seconds: int) -> list[float]:
    """Milliseconds a model, for each second."""
    with tempfile.TemporaryDirectory(prefix="autoscaler-") as directory:
        bench = Bench(Path(directory))
        await bench.register(models, workers)
        for _ in range(90):  # until the windows are full
            await bench.second(requests)
        return [1000.0 * await bench.second(requests) / models for _ in range(seconds)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2, help="workers a model (2)")
    parser.add_argument("--requests", type=int, default=10, help="requests a second and model (10)")
    parser.add_argument("--seconds", type=int, default=30, help="seconds that are measured (30)")
    asked = parser.parse_args()
    took = asyncio.run(measure(asked.models, asked.workers, asked.requests, asked.seconds))
    mean = statistics.fmean(took)
    print(
        f"{asked.models} models of {asked.workers} workers, {asked.requests} requests/s each: {mean:.4f} ms a model a second"
        f" (median {statistics.median(took):.4f}, slowest second {max(took):.4f}; limit {LIMIT_MS})"
    )
    return int(mean > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
