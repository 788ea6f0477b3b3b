"""GPUs are dealt out as TorchServe does: one counter a server, `deviceIds` a counter of their own, `parallelLevel` in strides."""

import pytest

from servescope.fleet.gpus import CPU, Devices, GpuCounter, ModelDevices


def dealt(devices, count):
    return [devices.next() for _ in range(count)]


@pytest.mark.parametrize(("gpus", "kind"), [(0, "gpu"), (0, "cpu"), (4, "cpu")])
def test_cpu(gpus, kind):
    """Without GPUs, or with deviceType cpu, a worker gets none and nothing is counted."""
    counter = GpuCounter(gpus)
    assert dealt(ModelDevices(counter, kind, [1], 2), 2) == [CPU, CPU]
    if gpus:
        assert counter.next() == 1


def test_the_counter_is_shared_and_advanced_first():
    """The first worker of a server gets GPU 1 where there are more; two models take turns."""
    counter = GpuCounter(3)
    one, two = ModelDevices(counter, "gpu", None, 0), ModelDevices(counter, "gpu", None, 0)
    assert [one.next().gpu_id, two.next().gpu_id, one.next().gpu_id, two.next().gpu_id] == [1, 2, 0, 1]


def test_one_gpu():
    """It is GPU 0 for all."""
    assert [one.gpu_id for one in dealt(ModelDevices(GpuCounter(1), "gpu", (), 0), 3)] == [0, 0, 0]


def test_device_ids_from_the_first():
    """A model's own list is dealt from its start and leaves the server's counter alone."""
    counter = GpuCounter(8)
    assert dealt(ModelDevices(counter, "gpu", [5, 2], 0), 3) == [Devices(5), Devices(2), Devices(5)]
    assert counter.next() == 1


def test_parallel_workers_get_strides():
    """Each sees its devices as 0 and up; the strides wrap round."""
    assert dealt(ModelDevices(GpuCounter(4), "gpu", None, 2), 3) == [
        Devices(0, "0,1"),
        Devices(0, "2,3"),
        Devices(0, "0,1"),
    ]
    assert dealt(ModelDevices(GpuCounter(4), "gpu", [3, 1, 2], 2), 2) == [Devices(0, "3,1"), Devices(0, "2,3")]
