"""A model is described in TorchServe's fields and order."""

import re
from datetime import UTC, datetime

from msgspec import structs

from fleet.clock import run, settle
from fleet.scripted import mute, silent, talking
from servescope.fleet.gpus import Devices
from servescope.serving.description import describe, describe_worker
from serving.parts import Served, model_of

FIELDS = """
    modelName modelVersion modelUrl runtime minWorkers maxWorkers batchSize maxBatchDelay responseTimeout startupTimeout
    maxRetryTimeoutInSec clientTimeoutInMills parallelType parallelLevel deviceType deviceIds continuousBatching
    useJobTicket useVenv stateful sequenceMaxIdleMSec sequenceTimeoutMSec maxNumSequence maxSequenceJobQueueSize
    loadedAtStartup workers jobQueueStatus customizedMetadata
""".split()  # noqa: SIM905  # a list of 28 strings says no more


def bytes_of(pid):
    return pid * 1024


def usage_of(gpu):
    return f"gpuId::{gpu}"


def test_fields_in_order():
    """DeviceIds and customizedMetadata only where there are any."""

    async def main():
        model = model_of(device_type="gpu", device_ids=(1, 2))
        described = describe(model, bytes_of, usage_of, {})
        assert list(described) == FIELDS
        assert (described["deviceIds"], described["customizedMetadata"]) == ([1, 2], {})
        plain = describe(model_of(), bytes_of, usage_of)
        assert list(plain) == [name for name in FIELDS if name not in ("deviceIds", "customizedMetadata")]
        assert (plain["modelName"], plain["modelUrl"], plain["loadedAtStartup"]) == ("m", "m.mar", True)

    run(main())


def test_queue():
    """What waits and what may still come."""

    async def main():
        served = Served(mute)
        served.submit("a", "b")
        described = describe(model_of(served=served, job_queue_size=10), bytes_of, usage_of)
        assert described["jobQueueStatus"] == {"remainingCapacity": 8, "pendingRequests": 2}

    run(main())


def test_batch_size_of_a_language_model():
    """One, whatever was asked for, from the moment that it says what it is."""

    async def main():
        served = Served(talking, batch_size=4)
        model = model_of(served=served, batch_size=4)
        served.model_recorder.describe("h", "python", 4, 100, "cpu")
        assert describe(model, bytes_of, usage_of)["batchSize"] == 4
        await settle()
        assert describe(model, bytes_of, usage_of)["batchSize"] == 1
        assert served.count("servescope_model_info", "m", "1.0", "h", "python", "1", "100", "cpu") == 1
        assert served.count("servescope_model_info", "m", "1.0", "h", "python", "4", "100", "cpu") == 0

    run(main())


def test_workers():
    """READY at work or not, UNLOADING while loading; without a process there is no memory."""

    async def main():
        served = Served(silent, workers=3)
        starting = [describe_worker(worker, bytes_of, usage_of) for worker in served.pool]
        await settle()
        served.submit("a")
        served.pool.shrink(2)
        ready = describe(model_of(served=served), bytes_of, usage_of)["workers"]
        assert [one["status"] for one in starting] == ["UNLOADING"] * 3
        assert (starting[0]["memoryUsage"], starting[0]["pid"]) == (0, 0)
        assert [(one["id"], one["status"]) for one in ready] == [
            ("9000", "READY"),
            ("9001", "READY"),
            ("9002", "UNLOADING"),
        ]
        assert (ready[0]["memoryUsage"], ready[0]["pid"]) == (1000 * 1024, 1000)
        assert (ready[0]["gpu"], ready[0]["gpuUsage"]) == (False, "N/A")

    run(main())


def test_start_time_and_gpu():
    """UTC with milliseconds; a GPU's line comes from whoever knows."""

    async def main():
        worker = next(iter(Served().pool))
        worker.started_at = datetime(2026, 1, 2, 3, 4, 5, 6999, UTC)
        worker.devices = Devices(3)
        described = describe_worker(worker, bytes_of, usage_of)
        assert described["startTime"] == "2026-01-02T03:04:05.006Z"
        assert (described["gpu"], described["gpuUsage"]) == (True, "gpuId::3")
        assert re.fullmatch(r"\d+", described["id"])

    run(main())


def test_a_workflows_function():
    """It has no archive of its own."""

    async def main():
        function = model_of("w__f")
        function.archive = structs.replace(function.archive, url="")
        assert "modelUrl" not in describe(function, bytes_of, usage_of)

    run(main())
