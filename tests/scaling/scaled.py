"""An autoscaled model over scripted workers in virtual time, and clients that ask it at a rate."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

from fleet.scripted import Life, Script, silent
from servescope.config.model.calls.scaling import ScaleOptions
from servescope.config.model.options import RegisterOptions
from servescope.errors import ServescopeError
from servescope.metrics.recording.requests.times import BatchTimes
from servescope.scaling.host import Host
from servescope.scaling.loop import ScalingLoop
from servescope.scaling.room import Rooms
from servescope.serving.model import Model
from servescope.serving.outcome import Outcome
from servescope.wire.messages import Batch, Load, ToWorker
from serving.managed import Managed
from serving.parts import job

WAY = ("POST", "/predictions/{model_name}")


def sleeping(seconds: float, load_s: float = 1.0) -> Script:
    """Workers that take so long to load, and for each batch."""

    def script(life: Life, message: ToWorker) -> None:
        loop = asyncio.get_running_loop()
        if isinstance(message, Load):
            loop.call_later(load_s, life.load)
        elif isinstance(message, Batch):
            loop.call_later(seconds, life.answer, message)
        else:
            silent(life, message)

    return script


class AutoscaledModel(Managed):
    """Model m with an autoscaler over it; `yaml` is its model-config.yaml. To be made on a jumping loop."""

    def __init__(self, directory: Path, script: Script, yaml: str = "", **settings: Any) -> None:
        super().__init__(directory, script, **settings)
        self.yaml = yaml
        now = asyncio.get_running_loop().time
        self.host = Host([], now)
        self.rooms = Rooms(self.registry, self.host, now, lambda: 0.0)
        self.loop = ScalingLoop(self.catalog, self.lifecycle.counts, self.rooms, now, now)
        self.took_s: list[float] = []
        self.errors: list[ServescopeError] = []
        self._ids = itertools.count()
        self._open: set[asyncio.Task[None]] = set()

    async def begin(self) -> None:
        """Register it, and let the autoscaler look."""
        url = self.pack(config=self.yaml)
        outcome = await self.lifecycle.register(RegisterOptions(url=url, initial_workers=1))
        assert outcome.status == 200
        self.loop.start()

    async def register_other(self, version: str) -> None:
        """Another version of it."""
        await self.lifecycle.register(RegisterOptions(url=self.pack(version, config=self.yaml)))

    @property
    def model(self) -> Model:
        """The model."""
        return self.catalog.find("m")

    @property
    def count(self) -> int:
        """How many workers it shall have now."""
        return len(self.model.pool)

    @property
    def report(self) -> dict[str, Any]:
        """What the management API says of the autoscaler."""
        report = self.loop.report(self.model)
        assert report is not None
        return report

    async def put(self, **options: Any) -> Outcome:
        """PUT /models/m."""
        return await self.lifecycle.counts.scale("m", None, ScaleOptions(**options))

    async def ask(self, rate: float, seconds: float) -> None:
        """So many requests a second, evenly, for so long; answers are not waited for."""
        for _ in range(round(rate * seconds)):
            task = asyncio.create_task(self._request())
            self._open.add(task)
            task.add_done_callback(self._open.discard)
            await asyncio.sleep(1 / rate)

    async def answered(self) -> None:
        """Wait for all answers."""
        while self._open:
            await asyncio.wait(self._open)

    async def _request(self) -> None:
        now, recorder = asyncio.get_running_loop().time, self.model.recorder
        began = now()
        recorder.request_arrived("default")
        call = job(f"r{next(self._ids)}")
        try:
            self.model.dispatcher.submit(call.job)
            await call.future
        except ServescopeError as error:
            self.errors.append(error)
        self.took_s.append(now() - began)
        times = BatchTimes(began, began, 1, "w", turn=began, received=now(), prediction=0.1, plain=True, handled=True)
        recorder.requests.finished_plainly((began, now(), times, 0, 0, "id", "default", WAY))
