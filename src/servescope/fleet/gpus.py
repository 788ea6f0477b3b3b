"""Which GPU the next worker of a model gets.

As TorchServe: one counter for the whole server, advanced before it is used; a model with `deviceIds` counts through its own;
`parallelLevel` n gives a worker n devices in a row through CUDA_VISIBLE_DEVICES.
"""

from collections.abc import Sequence

from msgspec import Struct


class Devices(Struct, frozen=True):
    """A worker's share. `gpu_id`: what the handler sees, None on a CPU. `visible`: CUDA_VISIBLE_DEVICES, "" to inherit."""

    gpu_id: int | None
    visible: str = ""


CPU = Devices(None)


class GpuCounter:
    """Deals GPUs out in turn over all models of a server that has `count` of them."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._last = 0

    def next(self) -> int:
        """The next GPU's index."""
        self._last = (self._last + 1) % self.count
        return self._last


class ModelDevices:
    """Deals a model's devices out to its workers."""

    def __init__(
        self, counter: GpuCounter, device_type: str, device_ids: Sequence[int] | None, parallel_level: int
    ) -> None:
        self._counter = counter
        self._ids = tuple(device_ids or ())
        self._level = parallel_level
        self._on_gpu = device_type == "gpu" and counter.count > 0
        self._dealt = 0

    def next(self) -> Devices:
        """The share of the next worker."""
        if not self._on_gpu:
            return CPU
        if self._level > 0:
            ids = self._ids or tuple(range(self._counter.count))
            start = self._dealt * self._level % len(ids)
            self._dealt += 1
            chosen = [ids[(start + step) % len(ids)] for step in range(self._level)]
            return Devices(0, ",".join(map(str, chosen)))
        if self._ids:
            chosen_id = self._ids[self._dealt % len(self._ids)]
            self._dealt += 1
            return Devices(chosen_id)
        return Devices(self._counter.next())
