"""A process that samples the GPUs whenever it is told to, for tests: the library is found by a variable that only a new
process heeds.

In: lines of JSON on stdin, each the running workers. Out: for each a line of JSON: every series by family, whether
PyTorch was imported, and what was logged.
"""

import json
import logging
import sys

from servescope.metrics.collectors.gpus.gpu import GpuCollector, count_gpus
from servescope.metrics.collectors.sampler import Sampler
from servescope.metrics.recording.processes import WorkerProcess
from servescope.metrics.registry import Registry


class Notes(logging.Handler):
    """Keeps the messages."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def main() -> None:
    notes = Notes()
    logging.getLogger().addHandler(notes)
    workers: list[WorkerProcess] = []
    registry = Registry()
    sampler = Sampler([GpuCollector("h", lambda: workers)], 5.0, registry)
    counted = count_gpus()
    for line in sys.stdin:
        workers[:] = [WorkerProcess(*worker) for worker in json.loads(line)]
        sampler.sample_once()
        series = {
            family.definition.name: [[list(labels), one.value] for labels, one in family.series.items()]
            for family in registry.collect()
            if family.series and family.definition.kind in ("gauge", "counter")
        }
        answer = {"gpus": counted, "series": series, "torch": "torch" in sys.modules, "logged": notes.messages}
        print(json.dumps(answer), flush=True)
        notes.messages.clear()


if __name__ == "__main__":
    main()
