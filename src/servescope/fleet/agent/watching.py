"""What the agent tells of its machine, once it is asked to: in, `Watch`; out, `Watched`, again and again. Held by `agent`."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence

from servescope.metrics.collectors.reading import Collector, PartlyFailed, Reading
from servescope.wire.agent import Watch, Watched


class Watching:
    """Of one agent. `send` sends to the front end."""

    def __init__(self, send: Callable[[Watched], None]) -> None:
        self._send = send
        self._task: asyncio.Task[None] | None = None

    def begin(self, watch: Watch) -> None:
        """Look from now on, at once the first time."""
        self.end()
        self._task = asyncio.create_task(self._keep(watch))

    def end(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def _keep(self, watch: Watch) -> None:
        collectors = await asyncio.to_thread(_make, watch.collectors)
        while True:
            self._send(Watched({one.name: await asyncio.to_thread(_look, one) for one in collectors}))
            await asyncio.sleep(watch.interval_s)


def _make(names: Sequence[str]) -> list[Collector]:
    from servescope.metrics.collectors.host import host_collectors  # of all agents on a machine, one needs it

    return host_collectors(socket.gethostname(), names)


def _look(collector: Collector) -> tuple[list[tuple[str, tuple[str, ...], float]], str]:
    """What it finds, and why something is lacking."""
    try:
        return _plain(collector.update()), ""
    except PartlyFailed as error:
        return _plain(error.readings), str(error)
    except Exception as error:
        return [], str(error) or repr(error)


def _plain(readings: Iterable[Reading]) -> list[tuple[str, tuple[str, ...], float]]:
    return [(one.family, one.labels, float(one.value)) for one in readings]
